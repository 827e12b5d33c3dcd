"""The waiting list's order (requirements SCH-5): by score, then by time; moved by hand between two neighbours."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

WAITS_FOR = timedelta(days=7)
"""How long somebody stays on the list."""

_CLASS_WIDTH = Decimal(10) ** 11
"""More than any moment in seconds: a higher score always comes first."""


class WaitingState(StrEnum):
    """What became of somebody who waits for a place."""

    WAITING = "WAITING"
    ALLOCATED = "ALLOCATED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


def waiting_key(score: int, since: datetime) -> Decimal:
    """Where somebody stands on the list: the smallest key is promoted first."""
    return -score * _CLASS_WIDTH + Decimal(str(since.timestamp()))


def key_at(position: int, keys: list[Decimal]) -> Decimal:
    """A key that puts somebody at a position, counted from 1, among the others' keys in order."""
    position = max(1, min(position, len(keys) + 1))
    before = keys[position - 2] if position > 1 else None
    after = keys[position - 1] if position <= len(keys) else None
    if before is not None and after is not None:
        return (before + after) / 2
    if before is not None:
        return before + 1
    return after - 1 if after is not None else Decimal(0)
