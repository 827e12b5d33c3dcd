"""Whether the last move of a visit may be taken back, and what it is then (requirements D2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.queue.rules.states import Verb

UNDO = "undo"
"""The verb of the transition that takes another one back. It is no edge of the machine."""

WITHIN = timedelta(seconds=60)

FINAL = frozenset({"check_in", UNDO, str(Verb.TRANSFER), str(Verb.CLOSE_DAY)})
"""What is not taken back: an arrival is cancelled, a transfer has begun a visit elsewhere, a day is over."""


class Obstacle(StrEnum):
    """Why a move cannot be taken back."""

    ACTED_SINCE = "acted_since"
    TOO_LATE = "too_late"
    NOT_YOURS = "not_yours"


def obstacle(*, verb: str, moved_at: datetime, mover: UUID | None, by: UUID | None, now: datetime) -> Obstacle | None:
    """Why `by` may not take back a visit's last move; None when they may. A clock that was set back gives nobody
    more than the minute: what seems to lie ahead counts as just done."""
    if verb in FINAL:
        return Obstacle.ACTED_SINCE
    if mover is None or mover != by:
        return Obstacle.NOT_YOURS
    return Obstacle.TOO_LATE if now - moved_at > WITHIN else None


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row as JSON keeps them exactly: moments to the microsecond, ids as text."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | StrEnum) else value
