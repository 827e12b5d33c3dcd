"""People are sent on: to another department, for tests and back, along a journey, past a station."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F

from apps.core.commands import command, step
from apps.core.errors import Conflict, Invalid, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission
from apps.queue import events
from apps.queue.commands.admitting import AlreadyHere, DepartmentClosed
from apps.queue.commands.arriving import set_out, template_to_begin
from apps.queue.commands.moving import (
    NotAllowed,
    amend,
    expect,
    locked_visit,
    move,
    require_own_hands,
    stand,
    tell_transition,
)
from apps.queue.commands.onward import (
    begin_journey,
    follow,
    open_station,
    station_visit,
    stations_of,
)
from apps.queue.models import Journey, JourneyLeg, Visit
from apps.queue.queries.sending import unserved
from apps.queue.queries.visits import open_visit_of
from apps.queue.rules.journeys import TESTS, Outcome
from apps.queue.rules.states import OPEN, QUEUED, State, Verb
from apps.scheduling.queries import department_of, departments, departments_of_doctor
from apps.scheduling.rules import DepartmentStatus


class OnTheWay(Conflict):
    code = "journey_begun"
    detail = sentence("This person already goes through several stations. Send them on from there.")


class CountersClosed(Conflict):
    code = "counters_closed"
    detail = sentence("All counters there are closed at present. Have one opened, or send the person somewhere else.")


class StationOver(Conflict):
    code = "station_over"
    detail = sentence("This station is over or somebody is with the person there. Look again.")


@command
def transfer(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    department_id: UUID,
    reason: str,
    doctor_id: UUID | None = None,
    expected_version: int | None = None,
) -> tuple[Visit, Visit]:
    """Send somebody to another department or doctor, under the same number and with the time they have waited.

    Returns the visit that ended and the one that goes on. Raises `NotAllowed`, `AlreadyHere`, `DepartmentClosed`,
    `CountersClosed`, `Invalid`.
    """
    visit = locked_visit(visit_id, Permission.VISIT_CALL, also=(department_id,))
    expect(visit, expected_version)
    _require_target(visit, department_id, doctor_id, reason)
    _require_served(visit, [department_id])
    leads_on = station_visit(visit, department_id, doctor_id)
    move(visit, Verb.TRANSFER, State.TRANSFERRED, reason=reason)
    if open_visit_of(visit.patient_id, department_id):
        raise AlreadyHere
    leads_on.save(force_insert=True)
    JourneyLeg.objects.filter(visit_id=visit.id).update(visit_id=leads_on.id, department_id=department_id)
    JourneyLeg.objects.filter(returns_to_id=visit.id, outcome="").update(returns_to_id=leads_on.id)
    tell_transition(leads_on, None, "check_in", reason)
    return visit, leads_on


@step
def _require_target(visit: Visit, department_id: UUID, doctor_id: UUID | None, reason: str) -> None:
    """Where somebody is sent takes people, is somewhere else, and the doctor sees people there."""
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    if visit.state not in OPEN - {State.SCANNED}:
        raise NotAllowed(extra=stand(visit))
    if department_of(department_id).status != DepartmentStatus.ACTIVE:
        raise DepartmentClosed
    if doctor_id and department_id not in departments_of_doctor(doctor_id):
        raise Invalid({"doctorId": [sentence("This doctor does not see people in this department.")]})
    if department_id == visit.department_id and doctor_id in (None, visit.doctor_id):
        raise Invalid(
            {"departmentId": [sentence("This person is there already. Choose another department or doctor.")]}
        )


@step
def _require_served(visit: Visit, department_ids: Iterable[UUID]) -> None:
    """Nobody is sent where nobody would call them; for an emergency a counter is opened."""
    if not visit.emergency and unserved(department_ids):
        raise CountersClosed


@command
def send_for_tests(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    department_ids: list[UUID],
    reason: str,
    expected_version: int | None = None,
) -> Visit:
    """Send the person in the room for tests, to all places at once; with the last result they come back by
    themselves, to the same doctor and the same place. Raises `NotAllowed`, `CountersClosed`, `Invalid`."""
    visit = locked_visit(visit_id, Permission.VISIT_CONSULT, also=tuple(department_ids))
    require_own_hands(actor, visit.doctor)
    expect(visit, expected_version)
    return order_tests(visit, department_ids, reason)


@step
def order_tests(visit: Visit, department_ids: Iterable[UUID], reason: str) -> Visit:
    """Put a consultation on hold until the tests are done: what an order for the laboratory or for pictures means to
    the queue. The visit is locked, and so are the queues of the departments.

    Raises `Invalid` unless each is a laboratory or an imaging department that is open, `CountersClosed`, `NotAllowed`.
    """
    places = list(dict.fromkeys(department_ids))
    found = departments().filter(id__in=places, kind__in=sorted(TESTS), status=DepartmentStatus.ACTIVE).count()
    if not places or found != len(places):
        raise Invalid({"departmentIds": [sentence("Choose laboratories or imaging departments that are open.")]})
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    if visit.state != State.IN_CONSULTATION:
        raise NotAllowed(extra=stand(visit))
    lock_streams(*(department_stream(place) for place in places))
    _require_served(visit, places)
    leg = _leg_of(visit)
    move(visit, Verb.HOLD, State.ON_HOLD, reason=reason, hold_reason=reason, room_id=None, pooled=False)
    for place in places:
        errand = JourneyLeg.objects.create(
            journey_id=leg.journey_id, step=leg.step, department_id=place, returns_to=visit
        )
        open_station(errand, visit)
    return visit


@step
def go_next_to(visit: Visit, department_id: UUID) -> None:
    """Plan a station right after a consultation, before those that were planned. The visit is locked, and so is the
    queue of the department. Raises `DepartmentClosed`, `CountersClosed`, `Invalid`."""
    place = department_of(department_id)
    if department_id == visit.department_id or place.kind in TESTS:
        raise Invalid({"departmentId": [sentence("Choose another department that people are referred to.")]})
    if place.status != DepartmentStatus.ACTIVE:
        raise DepartmentClosed
    _require_served(visit, [department_id])
    leg = _leg_of(visit)
    later = JourneyLeg.objects.filter(journey_id=leg.journey_id, step__gt=leg.step, visit__isnull=True, outcome="")
    later.update(step=F("step") + 1)
    JourneyLeg.objects.create(journey_id=leg.journey_id, step=leg.step + 1, department_id=department_id)
    emit(events.queue_updated(visit.department_id, "journey", visitId=str(visit.id)))


@step
def go_not_to(visit: Visit, department_id: UUID) -> None:
    """A station that was planned right after a consultation is not planned any more."""
    if visit.journey_id is None:
        return
    planned = JourneyLeg.objects.filter(journey_id=visit.journey_id, visit__isnull=True, outcome="")
    first = planned.filter(department_id=department_id).order_by("step").first()
    if first:
        first.delete()
    emit(events.queue_updated(visit.department_id, "journey", visitId=str(visit.id)))


@step
def _leg_of(visit: Visit) -> JourneyLeg:
    """The station of a visit; whoever came for one department alone sets out from here."""
    if visit.journey_id is None:
        there = Journey.objects.filter(token_id=visit.token_id).first()
        journey = there or begin_journey(visit.token, "", [], visit.department_id)
        amend(visit, journey_id=journey.id)
    assert visit.journey_id, "it has one by now"
    found, _made = JourneyLeg.objects.get_or_create(
        visit=visit, defaults={"journey_id": visit.journey_id, "step": 1, "department_id": visit.department_id}
    )
    return found


@command
def start_journey(
    *, actor: Actor, now: datetime, visit_id: UUID, journey_id: UUID, expected_version: int | None = None
) -> Visit:
    """Send somebody who waits already along a journey, from the station where they are.

    Raises `OnTheWay` for who is under way by another one, `NotAllowed`.
    """
    visit = locked_visit(visit_id, Permission.VISIT_CHECK_IN)
    template = template_to_begin(journey_id)
    expect(visit, expected_version)
    if visit.state not in QUEUED | {State.SCANNED}:
        raise NotAllowed(extra=stand(visit))
    if visit.journey_id or Journey.objects.filter(token_id=visit.token_id).exists():
        raise OnTheWay
    stations = stations_of(template, visit.department_id)
    set_out(visit, template.name, stations)
    amend(visit, journey_id=visit.journey_id)
    emit(events.queue_updated(visit.department_id, "journey", visitId=str(visit.id)))
    return visit


@command
def skip_station(
    *, actor: Actor, now: datetime, visit_id: UUID, reason: str, expected_version: int | None = None
) -> Visit:
    """Somebody does not need the station at which they wait: they go on to the next one.

    Raises `StationOver` unless the visit is a waiting one of a journey.
    """
    visit = locked_visit(visit_id, Permission.VISIT_CANCEL)
    expect(visit, expected_version)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    leg = JourneyLeg.objects.filter(visit_id=visit.id, outcome="").first()
    if leg is None or visit.state not in QUEUED | {State.ON_HOLD}:
        raise StationOver(extra=stand(visit))
    return _skip(visit, leg, reason)


@step
def _skip(visit: Visit, leg: JourneyLeg, reason: str) -> Visit:
    JourneyLeg.objects.filter(id=leg.id).update(outcome=Outcome.SKIPPED)
    move(visit, Verb.CANCEL, State.CANCELLED, reason=reason)
    leg.outcome = Outcome.SKIPPED
    Journey.objects.select_for_update().get(id=leg.journey_id)
    follow(visit, leg, list(JourneyLeg.objects.filter(journey_id=leg.journey_id)))
    return visit


@step
def spare_station(sent: Visit, department_id: UUID, reason: str) -> None:
    """Somebody who was sent to a department for tests and still waits there is not needed there any more: they go on,
    or come back. Nothing for who is called or was never sent. The queues of both departments are locked."""
    leg = JourneyLeg.objects.filter(returns_to_id=sent.id, department_id=department_id, outcome="").first()
    if leg is None or leg.visit_id is None:
        return
    there = Visit.objects.select_related("token", "doctor").get(id=leg.visit_id)
    if there.state in QUEUED | {State.ON_HOLD}:
        _skip(there, leg, reason)


__all__ = [
    "go_next_to",
    "go_not_to",
    "order_tests",
    "send_for_tests",
    "skip_station",
    "spare_station",
    "start_journey",
    "transfer",
]
