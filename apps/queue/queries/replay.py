"""A past day of a department as `rules.replay` takes it, and what other rules would have made of it."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import groupby
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.queue.models import Visit, VisitTransition
from apps.queue.queries.rules import policy_of
from apps.queue.rules.order import NeedsClass, Tier
from apps.queue.rules.replay import CLASSES, Call, Turn, Waits, replay, summary
from apps.queue.rules.states import QUEUED, TERMINAL, Verb
from apps.scheduling.queries import department_of, policy_values


def compare(department_id: UUID, day: date, changes: Mapping[str, Any]) -> list[tuple[str, Waits, Waits]]:
    """Waits by class of a day: (class, under the rules as they are now, under the changed ones); classes without
    anybody left out. Two statements, whatever happened that day."""
    policy = department_of(department_id).policy
    now = policy_values(policy) | {"version": policy.version}
    turns, calls = day_of(department_id, day)
    before, after = (
        summary(replay(policy_of(SimpleNamespace(**rules)), turns, calls)) for rules in (now, now | dict(changes))
    )
    return [(name, before[name], after[name]) for name in CLASSES if before[name].people or after[name].people]


def day_of(department_id: UUID, day: date) -> tuple[list[Turn], list[Call]]:
    """Everybody's stretches of waiting on a day, and the calls."""
    visits = {visit.id: visit for visit in Visit.objects.filter(department_id=department_id, day=day)}
    if not visits:
        return [], []
    facility = facility_facts(next(iter(visits.values())).facility_id)
    moves = VisitTransition.objects.filter(
        department_id=department_id,
        at__range=(facility.end_of(day - timedelta(days=1)), facility.end_of(day)),
        visit_id__in=list(visits),
    ).order_by("visit_id", "version")
    turns: list[Turn] = []
    calls: list[Call] = []
    for visit_id, path in groupby(moves, key=lambda move: move.visit_id):
        _follow(visits[visit_id], list(path), turns, calls)
    return turns, calls


def _follow(visit: Visit, path: Iterable[VisitTransition], turns: list[Turn], calls: list[Call]) -> None:
    """One visit's way: each time it comes into line a turn begins, which a call or a leaving ends."""
    since, first = None, True
    for move in path:
        if move.to_state in QUEUED and since is None:
            since = move.at
        elif since is not None and move.to_state not in QUEUED:
            called = move.verb == Verb.CALL
            turns.append(_turn(visit, since, None if called else move.at, first=first))
            if called:
                calls.append(Call(move.at, move.doctor_id))
            since, first = None, False
    if since is not None and visit.state not in TERMINAL:
        turns.append(_turn(visit, since, None, first=first))


def _turn(visit: Visit, since: Any, left_at: Any, *, first: bool) -> Turn:
    return Turn(
        number=visit.number,
        since=since,
        arrived_at=visit.scanned_at,
        needs=NeedsClass(visit.needs),
        booked_for=visit.booked_for,
        tier=Tier.REST if visit.tier == Tier.PINNED else Tier(visit.tier),
        doctor=None if visit.pooled else visit.doctor_id,
        left_at=left_at,
        moved_to=visit.arrival_key if visit.moved or visit.journey_id else None,
        first=first,
    )
