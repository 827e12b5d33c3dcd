"""What somebody may take back now, for the buttons that offer it; the command asks again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.policy import Actor
from apps.core.statements import prepared
from apps.queue.models import Visit, VisitTransition
from apps.queue.rules.undoing import WITHIN, obstacle


def undoable(actor: Actor, visit_ids: Iterable[UUID], now: datetime) -> dict[UUID, VisitTransition]:
    """The last moves of these visits that somebody may take back, by visit. One statement."""
    moves = VisitTransition.objects.filter(visit_id__in=list(visit_ids), at__gt=now - WITHIN, was__isnull=False)
    last = {move.visit_id: move for move in moves.order_by("version")}
    return {id_: move for id_, move in last.items() if _mine(actor, move, now)}


def last_of_doctor(actor: Actor, doctor_id: UUID, now: datetime) -> dict[str, Any] | None:
    """The last thing somebody did at a doctor's console that can be taken back: `{visit_id, version, token, verb}`."""
    last = _last_move.one(doctor_id=doctor_id, since=now - WITHIN)
    if last is None or last.was is None or not _mine(actor, last, now):
        return None
    visit = _visit_at.one(visit_id=last.visit_id, version=last.version)
    if visit is None:
        return None
    return {"visit_id": visit.id, "version": visit.version, "token": visit.token.label, "verb": last.verb}


@prepared
def _last_move(doctor_id: UUID, since: datetime) -> QuerySet[VisitTransition]:
    return VisitTransition.objects.filter(doctor_id=doctor_id, at__gt=since).order_by("-at", "-version")[:1]


@prepared
def _visit_at(visit_id: UUID, version: int) -> QuerySet[Visit]:
    return Visit.objects.select_related("token").filter(id=visit_id, version=version)


def _mine(actor: Actor, move: VisitTransition, now: datetime) -> bool:
    return not obstacle(verb=move.verb, moved_at=move.at, mover=move.actor_id, by=actor.id, now=now)
