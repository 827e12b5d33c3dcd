"""Elastic capacity (requirements SCH-4): in an emergency a slot takes more people until it ends."""

from enum import StrEnum


class Severity(StrEnum):
    """How bad an emergency is, as whoever asks for a place says."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


class Stretch(StrEnum):
    """How far a slot is stretched."""

    CRITICAL = "critical"
    HIGH = "high"


OVERBOOKED = "overbook"
"""A slot with more places because some who are booked will probably not come. No emergency's level, and nobody can ask
for it as one."""

NORMAL = "normal"
"""What ends a stretch before its time."""

_QUARTERS: dict[Stretch, int] = {Stretch.CRITICAL: 6, Stretch.HIGH: 5}
"""Of the usual capacity, in quarters: ×1.5 and ×1.25."""


def stretched(capacity: int, level: Stretch) -> int:
    """How many places a slot has at a level, rounded up."""
    return -(-capacity * _QUARTERS[level] // 4)
