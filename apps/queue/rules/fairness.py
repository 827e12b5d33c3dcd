"""Why somebody goes before others who came earlier (requirements QUE-13)."""

from enum import StrEnum

from apps.queue.rules.order import Tier


class Cause(StrEnum):
    """What put somebody before others."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    OUT_OF_TURN = "out_of_turn"
    MOVED = "moved"
    DISPLACED = "displaced"
    PINNED = "pinned"
    HEAD_START = "head_start"
    BOOKING = "booking"
    LATE = "late"


BY_PEOPLE = frozenset({Cause.EMERGENCY, Cause.URGENT, Cause.OUT_OF_TURN, Cause.MOVED, Cause.DISPLACED})
"""Somebody decided it or booked it; the others follow from the rules of the department."""


def cause_of(*, tier: int, first: bool, moved: bool, needs: bool, booked: bool) -> Cause:
    """The one cause of an overtaking: what is strictest or was decided by somebody, before what the rules say.

    `first`: the person was the first in line, so that nobody reached past others to call them.
    """
    if tier == Tier.EMERGENCY:
        return Cause.EMERGENCY
    if tier == Tier.URGENT:
        return Cause.URGENT
    if not first:
        return Cause.OUT_OF_TURN
    if moved:
        return Cause.MOVED
    if tier == Tier.PINNED:
        return Cause.PINNED
    if needs:
        return Cause.HEAD_START
    return Cause.BOOKING if booked else Cause.LATE
