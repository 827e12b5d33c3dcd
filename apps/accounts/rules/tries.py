"""How often somebody may fail to sign in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class TriesKind(StrEnum):
    """What is being tried; failures of each are counted apart."""

    STAFF_SIGN_IN = "staff_sign_in"
    SCREEN_PAIRING = "screen_pairing"


MOST_FAILURES = 5
WINDOW = timedelta(minutes=15)
"""Failures further apart than this do not add up."""

LOCK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Tries:
    """Failures since a moment, and until when nothing more is tried."""

    failures: int
    since: datetime
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Whether even the right answer is refused at present."""
        return self.locked_until is not None and now < self.locked_until

    def after_failure(self, now: datetime) -> "Tries":
        """The same after one more failure. While locked nothing counts: a lock cannot be drawn out."""
        if self.is_locked(now):
            return self
        if self.locked_until is not None or now - self.since >= WINDOW:
            return Tries(1, now)
        failures = self.failures + 1
        return replace(self, failures=failures, locked_until=now + LOCK if failures >= MOST_FAILURES else None)
