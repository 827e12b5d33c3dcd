"""The wrong button was pressed: the last move of a visit is taken back, exactly (requirements D2)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.core.commands import step, unit
from apps.core.errors import Conflict, Forbidden, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.queue.commands.moving import ActiveVisit, expect, locked_visit, stand, taken, tell_transition
from apps.queue.commands.passing import take_back
from apps.queue.models import JourneyLeg, Visit, VisitTransition
from apps.queue.queries.money import MONEY
from apps.queue.rules.states import ACTIVE, OPEN, TERMINAL, VERB_PERMISSIONS, State, Verb
from apps.queue.rules.undoing import UNDO, Obstacle, obstacle
from apps.scheduling.queries import department_of
from apps.scheduling.rules import DepartmentStatus


class UndoRefused(Conflict):
    code = "undo_refused"


class ActedSince(UndoRefused):
    detail = sentence("This cannot be taken back: somebody has acted on it since.")


class TooLateToUndo(UndoRefused):
    detail = sentence("This can be taken back within a minute only.")


class NotYoursToUndo(UndoRefused):
    detail = sentence("Only whoever did this can take it back.")


_REFUSALS = {
    Obstacle.ACTED_SINCE: ActedSince,
    Obstacle.TOO_LATE: TooLateToUndo,
    Obstacle.NOT_YOURS: NotYoursToUndo,
}


@step
def undo_in(*, actor: Actor, visit_id: UUID, expected_version: int | None = None) -> tuple[Visit, VisitTransition]:
    """Take back the last move of a visit, and what followed from it for others: (the visit, the move).

    Within a minute, by whoever made it, if nothing rests on it. A step of the command in `encounters`, which knows
    whether anything was signed. Raises `UndoRefused`, and what money objects.
    """
    visit = locked_visit(visit_id, Permission.VISIT_HOLD)
    expect(visit, expected_version)
    last = VisitTransition.objects.filter(visit_id=visit.id, version=visit.version).order_by("-at").first()
    if last is None or last.was is None:
        raise ActedSince(extra=stand(visit))
    found = obstacle(verb=last.verb, moved_at=last.at, mover=last.actor_id, by=actor.id, now=unit().now)
    if found:
        raise _REFUSALS[found](extra=stand(visit))
    if not actor.may(VERB_PERMISSIONS[Verb(last.verb)], Scope(visit.facility_id, visit.department_id)):
        raise Forbidden(permission=str(VERB_PERMISSIONS[Verb(last.verb)]))
    _require_nothing_rests_on(visit, last.was, last.at)
    MONEY.objects_to_undoing(visit.id, last.at)
    origin = State(visit.state)
    _restore(visit, last.was)
    if last.verb == Verb.CALL:
        take_back(visit, last.version)
    tell_transition(visit, origin, UNDO, f"{last.verb} taken back")
    return visit, last


def _require_nothing_rests_on(visit: Visit, was: dict[str, Any], moved_at: datetime) -> None:
    """The room is still free, and nobody began anything anew: no other visit, no next station, no test."""
    if was["state"] in ACTIVE and visit.state not in ACTIVE:
        doctor_id: Any = was.get("doctor_id", visit.doctor_id)
        for active in Visit.objects.filter(doctor_id=doctor_id, state__in=sorted(ACTIVE)):
            raise ActiveVisit(extra={"visitId": str(active.id)} | stand(active))
        called = VisitTransition.objects.filter(doctor_id=doctor_id, verb=Verb.CALL, at__gt=moved_at)
        if called.exists():
            raise ActedSince(extra=stand(visit))
    if visit.state in TERMINAL and (visit.journey_id or _came_again(visit) or _closed(visit)):
        raise ActedSince(extra=stand(visit))
    if visit.state == State.ON_HOLD and JourneyLeg.objects.filter(returns_to_id=visit.id).exists():
        raise ActedSince(extra=stand(visit))


def _came_again(visit: Visit) -> bool:
    again = Visit.objects.filter(patient_id=visit.patient_id, department_id=visit.department_id)
    return again.filter(state__in=sorted(OPEN)).exists() or Visit.objects.filter(previous_id=visit.id).exists()


def _closed(visit: Visit) -> bool:
    """The department was closed since this was the last visit there."""
    return department_of(visit.department_id).status != DepartmentStatus.ACTIVE


@step
def _restore(visit: Visit, was: dict[str, Any]) -> None:
    """Every value that the move changed is what it was; the version goes on."""
    fields = {field.attname: field for field in Visit._meta.concrete_fields}
    changes = {name: fields[name].to_python(value) for name, value in was.items()}
    changes["version"] = visit.version + 1
    for name, value in changes.items():
        setattr(visit, name, value)
    try:
        Visit.objects.filter(id=visit.id).update(**changes)
    except IntegrityError as error:
        raise taken(error) from error
