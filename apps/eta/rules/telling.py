"""What people are told: a window rounded to five minutes, and a new one only when it matters (`eta.md` 5.1)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.errors import sentence

STEP = timedelta(minutes=5)
SOON = timedelta(minutes=5)
"""Whoever is likely to be called within this time is told that it is very soon."""
FEW = 2
"""With more people than these ahead nobody believes that it is very soon, however quick it goes: they get a window."""

SHARE = 0.2
"""Of the time that is left: a likely time that moves by less than this, or by five minutes, is not told anew."""


class Kind(StrEnum):
    """What is said of somebody's time."""

    WINDOW = "window"
    SOON = "soon"
    NOT_STARTED = "not_started"
    BREAK = "break"


class Stage(StrEnum):
    """When a prediction is kept to be judged."""

    BOOKING = "booking"
    CHECK_IN = "check_in"
    FIVE = "five_ahead"
    TWO = "two_ahead"
    NEXT = "next"


REASONS: dict[str, str] = {
    "urgent": sentence("Somebody who needs a doctor at once was placed before you."),
    "paused": sentence("The doctor is on a break."),
    "back": sentence("The doctor is back."),
    "delay": sentence("The doctor is late."),
    "moved": sentence("The order of the queue was changed."),
    "fewer": sentence("Somebody before you is not coming."),
    "slower": sentence("Consultations take longer than expected."),
    "faster": sentence("It goes faster than expected."),
}
"""Why a time changed, by a word that is kept; one sentence each that a patient understands."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody is told."""

    kind: Kind
    earliest: datetime
    latest: datetime
    likely: datetime
    reason: str = ""


def rounded(moment: datetime, *, up: bool | None = None) -> datetime:
    """A moment on the five-minute grid: the nearest, or the one not earlier (`up`) or not later."""
    past = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    if not past:
        return moment
    forward = past * 2 >= STEP if up is None else up
    return moment - past + (STEP if forward else timedelta(0))


def to_tell(kind: Kind, p10: datetime, p50: datetime, p90: datetime) -> Told:
    """What would be said of a prediction: rounded outwards."""
    return Told(kind, rounded(p10, up=False), rounded(p90, up=True), rounded(p50))


def kind_of(p50: datetime, now: datetime, ahead: int, *, started: bool, on_break: bool) -> Kind:
    """What kind of thing is said."""
    if on_break:
        return Kind.BREAK
    if not started:
        return Kind.NOT_STARTED
    near = p50 - now <= (SOON if ahead else 2 * SOON)
    return Kind.SOON if near and ahead <= FEW else Kind.WINDOW


def told_anew(before: Told | None, after: Told, p50: datetime, now: datetime, cause: str) -> Told:
    """What is told now: what was told before, unless the change matters; then with its reason.

    It matters when another kind of thing is to be said, when the likely time left the window, or when it moved by more
    than five minutes and a fifth of what is left. Whoever is very soon stays so.
    """
    if before is None:
        return after
    if before.kind is after.kind is Kind.SOON:
        return before
    moved = p50 - before.likely
    least = max(STEP, SHARE * max(p50 - now, timedelta(0)))
    if before.kind is after.kind and abs(moved) <= least and before.earliest <= p50 <= before.latest:
        return before
    usual = "" if abs(moved) <= STEP else "slower" if moved > timedelta(0) else "faster"
    return replace(after, reason=cause if _fits(cause, moved) else usual)


def _fits(cause: str, moved: timedelta) -> bool:
    """Whether a cause explains a move in this direction."""
    if not cause:
        return False
    return moved < timedelta(0) if cause in ("fewer", "back") else moved > timedelta(0) or cause == "moved"


def stage_of(*, booked: bool, ahead: int) -> Stage:
    """The stage at which a prediction of somebody with so many ahead belongs."""
    if booked:
        return Stage.BOOKING
    return Stage.NEXT if ahead == 0 else Stage.TWO if ahead <= 2 else Stage.FIVE if ahead <= 5 else Stage.CHECK_IN
