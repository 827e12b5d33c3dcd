"""A past day under other rules: the same calls at the same moments, but other people may be called. Pure.

Who came when, who waited for whom and when a doctor was free stay as they were; at each call the rules choose anew
among those who were there. So pauses, slow mornings and walk-outs need no model, and the number of people seen is
the same: what differs is who waits how long.
"""

import math
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.queue.rules.order import NeedsClass, Policy, Tier, standing


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of waiting: from `since` until somebody was called, or left at `left_at` without (None: neither).

    `arrived_at` and `booked_for` are what the key is made from; `moved_to` is the key of somebody moved by hand.
    """

    number: int
    since: datetime
    arrived_at: datetime
    needs: NeedsClass = NeedsClass.NONE
    booked_for: datetime | None = None
    tier: Tier = Tier.REST
    doctor: Hashable = None
    left_at: datetime | None = None
    moved_to: datetime | None = None
    first: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A moment at which a doctor called somebody."""

    at: datetime
    doctor: Hashable


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits of one class of people, in whole minutes."""

    people: int
    p50: int
    p90: int
    most: int


CLASSES = ("emergency", "urgent", "priority", "booked", "walk_in", "all")
"""Who is looked at apart, in the order of a table."""


def replay(policy: Policy, turns: Sequence[Turn], calls: Iterable[Call]) -> list[tuple[Turn, timedelta]]:
    """Who was called under these rules, and after how long; in the order of the calls."""
    coming = deque(sorted(turns, key=lambda turn: turn.since))
    waiting: dict[Turn, datetime] = {}
    overtaken: dict[Turn, int] = dict.fromkeys(turns, 0)
    called: list[tuple[Turn, timedelta]] = []
    for call in sorted(calls, key=lambda call: call.at):
        while coming and coming[0].since <= call.at:
            turn = coming.popleft()
            waiting[turn] = _key(policy, turn)
        for gone in [turn for turn in waiting if turn.left_at is not None and turn.left_at <= call.at]:
            del waiting[gone]
        there = [turn for turn in waiting if turn.doctor in (None, call.doctor)]
        if not there:
            continue
        chosen = min(there, key=lambda turn: (_tier(policy, turn, overtaken), waiting[turn], turn.number))
        for other in there:
            overtaken[other] += other.since < chosen.since and other.tier > Tier.URGENT
        del waiting[chosen]
        called.append((chosen, call.at - chosen.since))
    return called


def _key(policy: Policy, turn: Turn) -> datetime:
    if turn.moved_to is not None:
        return turn.moved_to
    return standing(policy, arrived_at=turn.arrived_at, appointment_at=turn.booked_for, needs=turn.needs).key


def _tier(policy: Policy, turn: Turn, overtaken: dict[Turn, int]) -> Tier:
    if turn.tier is Tier.REST and overtaken[turn] >= policy.pin_after:
        return Tier.PINNED
    return turn.tier


def class_of(turn: Turn) -> str:
    """The class a turn is counted under."""
    if turn.tier <= Tier.URGENT:
        return "emergency" if turn.tier is Tier.EMERGENCY else "urgent"
    if turn.needs:
        return "priority"
    return "booked" if turn.booked_for else "walk_in"


def summary(called: Iterable[tuple[Turn, timedelta]]) -> dict[str, Waits]:
    """Waits by class, of people's first turns: median, nine out of ten, the longest."""
    by_class: dict[str, list[timedelta]] = {name: [] for name in CLASSES}
    for turn, wait in called:
        if turn.first:
            by_class[class_of(turn)].append(wait)
            by_class["all"].append(wait)
    return {name: _waits(sorted(waits)) for name, waits in by_class.items()}


def _waits(waits: list[timedelta]) -> Waits:
    if not waits:
        return Waits(0, 0, 0, 0)

    def at(share: float) -> int:
        return _minutes(waits[max(0, math.ceil(share * len(waits)) - 1)])

    return Waits(len(waits), at(0.5), at(0.9), _minutes(waits[-1]))


def _minutes(wait: timedelta) -> int:
    return round(wait / timedelta(minutes=1))
