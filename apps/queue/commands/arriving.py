"""Somebody arrives: at the desk, or by themselves with the hall's QR code."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.commands import carry_tracking, issue_restore, use_checkin_link
from apps.accounts.queries import facility_facts
from apps.accounts.rules.links import SignedLink
from apps.core.commands import collect, command, step, unit
from apps.core.errors import Forbidden, Invalid, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.patients.commands import register_in
from apps.patients.queries import get_active
from apps.queue import events
from apps.queue.commands.admitting import NoNewcomers, missed_today, require_doctor, require_room
from apps.queue.commands.entering import Arrival, Arrived, new_visit, with_links
from apps.queue.commands.moving import expect, locked_visit, move, tell_transition
from apps.queue.commands.onward import begin_journey, enter_station, rejoin, stations_of
from apps.queue.models import JourneyLeg, JourneyTemplate, Visit
from apps.queue.queries.journeys import template_of
from apps.queue.queries.rules import policy_of
from apps.queue.rules.order import Source, booked_for
from apps.queue.rules.states import State, Verb
from apps.scheduling.commands import issue_token
from apps.scheduling.queries import department_of, journey_of_type


class OtherDepartment(Forbidden):
    code = "other_department"
    detail = sentence("This code is for another department. Please scan the one in your hall, or ask at the desk.")


@command
def check_in(
    *,
    actor: Actor,
    now: datetime,
    department_id: UUID,
    patient_id: UUID,
    doctor_id: UUID | None = None,
    source: str = Source.WALK_IN,
    symptoms: list[str] | None = None,
    needs: str | None = None,
    journey_id: UUID | None = None,
    alone: bool = False,
) -> Arrived:
    """Give somebody at the desk a number and a place in the queue; with a journey (`journey_id`) at its first
    station, and at the others as each one ends. Without one, the department's usual journey is theirs, if it has one;
    `alone`: this department only, whatever is usual.

    Raises `DepartmentClosed`, `NoNewcomers`, `PatientNotActive`, `AlreadyHere`, `QueueFull`.
    """
    actor.require(Permission.VISIT_CHECK_IN, Scope(actor.facility_id, department_id))
    template = template_to_begin(journey_id) if journey_id else None
    stations = stations_of(template, department_id) if template else []
    lock_streams(*(department_stream(place) for place in {department_id, *_first_places(stations)}))
    patient = get_active(patient_id)
    if source == Source.EMERGENCY:
        actor.require(Permission.VISIT_EMERGENCY, Scope(actor.facility_id, department_id))
    arrival = Arrival(Source(source), symptoms or [], doctor_id, needs, usual=template is None and not alone)
    if template and _first_places(stations) != {department_id}:
        return with_links(_enter_elsewhere(department_id, patient, arrival, template.name, stations))
    visit = enter(department_id, patient, arrival)
    if template and visit.journey_id is None:
        set_out(visit, template.name, stations)
    return with_links(visit)


@command
def self_check_in(
    *,
    actor: Actor,
    now: datetime,
    link: SignedLink,
    department_id: UUID,
    name: str,
    age: int,
    symptoms: list[str],
    device_fingerprint: str = "",
) -> Arrived:
    """Let the holder of a check-in link into the queue it was made for; the link works once.

    A link from a rotating screen leads straight to the queue; a printed one leaves the visit SCANNED until
    the desk confirms it, unless what the person says is urgent. Raises `OtherDepartment` for another
    department's link, and what `check_in` raises.
    """
    if link.credential_id != actor.credential_id or link.subject_id != department_id:
        raise OtherDepartment(permission=Permission.VISIT_SELF_CHECK_IN)
    actor.require(Permission.VISIT_SELF_CHECK_IN, Scope(actor.facility_id, department_id))
    lock_arrival(department_id)
    assert actor.facility_id is not None  # where the link's department is
    credential = use_checkin_link(link, actor.facility_id, now)
    patient = register_in(name=name, age=age)
    printed = bool(credential.scope.get("printed"))
    visit = enter(department_id, patient, Arrival(Source.WALK_IN, symptoms, self_reported=True, printed=printed))
    restore, session = issue_restore(
        visit_id=visit.id, patient_id=visit.patient_id, device_fingerprint=device_fingerprint, now=now
    )
    return with_links(visit, restore, session.expires_at)


@command
def confirm(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    expected_version: int | None = None,
    doctor_id: UUID | None = None,
) -> Visit:
    """Let somebody who scanned a printed code into the queue, after a look at the desk."""
    visit = locked_visit(visit_id, Permission.VISIT_CHECK_IN)
    expect(visit, expected_version)
    changes: dict[str, Any] = {"triage_confirmed": True}
    if doctor_id:
        require_doctor(doctor_id, visit.department_id)
        changes |= {"doctor_id": doctor_id, "pooled": False}
    return move(visit, Verb.CONFIRM, State.WAITING, **changes)


@step
def enter_booked(booking: Any, patient: Any, *, emergency: bool = False, unproven: bool = False) -> Arrived:
    """Let somebody with a booking into the queue under the number they have: the booking's time is their place in
    the order (D4), unless they are an emergency now; `unproven`: the desk still has to see that they are here.

    Raises `DepartmentClosed`, `QueueFull`, `AlreadyHere`."""
    department = department_of(booking.department_id)
    require_room(department, emergency=emergency)
    missed_today(patient, department.id, booking.day)
    source = Source.EMERGENCY if emergency else Source(booking.source)
    grace = policy_of(department.policy).grace
    stands_by = booked_for(booking.at, booking.late_until, unit().now, grace)
    arrival = Arrival(source, [], booking.doctor_id, printed=unproven, booked_for=stands_by)
    usual = None if emergency else usual_journey(department, booking.visit_type_id)
    visit = _enter_by(usual, department, patient, arrival, booking.token) if usual else None
    if visit is None:
        visit = new_visit(department, patient, arrival, booking.token)
        collect(visit)
        tell_transition(visit, None, "check_in", visit.urgent_by)
        if usual:
            _set_out_as_usual(visit, usual)
    carried = carry_tracking(booking_id=booking.id, visit_id=visit.id, facility_id=visit.facility_id, day=visit.day)
    return Arrived(visit, *carried) if carried else with_links(visit)


@step
def enter(department_id: UUID, patient: Any, arrival: Arrival) -> Visit:
    """Put a person into a department's queue of today, under the lock of its stream."""
    department = department_of(department_id)
    require_room(department, emergency=arrival.source is Source.EMERGENCY)
    if arrival.doctor_id:
        require_doctor(arrival.doctor_id, department_id)
    day = facility_facts(department.facility_id).day_of(unit().now)
    if department.closed_to_newcomers_on == day and arrival.source is not Source.EMERGENCY:
        raise NoNewcomers
    missed = None if arrival.self_reported else missed_today(patient, department_id, day)
    is_usual = arrival.usual and missed is None and arrival.source is not Source.EMERGENCY
    usual = usual_journey(department) if is_usual else None
    if usual and (begun := _enter_by(usual, department, patient, arrival)):
        return begun
    token = missed.token if missed else issue_token(department=department, patient_id=patient.id, day=day)
    visit = new_visit(department, patient, arrival, token)
    visit.previous = missed
    if missed and missed.journey_id:
        rejoin(visit, missed)
    collect(visit)
    if not missed:
        about = {"tokenId": str(token.id), "tokenNumber": token.token_number}
        emit(events.visit_event(events.TOKEN_CREATED, department_id, visit.id, visit.version, **about))
    tell_transition(visit, None, "check_in", visit.urgent_by)
    if usual:
        _set_out_as_usual(visit, usual)
    return visit


@step
def lock_arrival(department_id: UUID, visit_type_id: UUID | None = None) -> None:
    """Lock the queue that somebody comes to together with those in which their usual journey begins: at once, since
    later ones would be locked out of order."""
    usual = usual_journey(department_of(department_id), visit_type_id)
    first = _first_places(stations_of(usual, department_id)) if usual else set()
    lock_streams(*(department_stream(place) for place in {department_id, *first}))


def usual_journey(department: Any, visit_type_id: UUID | None = None) -> JourneyTemplate | None:
    """The journey that somebody begins by themselves who comes for this: that of the type of visit they booked, else
    the department's, as long as it is offered; costs nothing where there is none."""
    own = journey_of_type(visit_type_id) if visit_type_id else None
    wanted = (template_of(one) for one in (own, department.usual_journey_id) if one)
    return next((template for template in wanted if template), None)


@step
def _enter_by(
    usual: JourneyTemplate, department: Any, patient: Any, arrival: Arrival, token: Any = None
) -> Visit | None:
    """Enter at the first stations of a usual journey; None where it begins in the very department somebody came to."""
    stations = stations_of(usual, department.id)
    first = _first_places(stations)
    if first == {department.id}:
        return None
    lock_streams(*(department_stream(place) for place in first))
    return _enter_elsewhere(department.id, patient, arrival, usual.name, stations, token)


@step
def _set_out_as_usual(visit: Visit, usual: JourneyTemplate) -> None:
    set_out(visit, usual.name, stations_of(usual, visit.department_id))


def template_to_begin(template_id: UUID) -> JourneyTemplate:
    """A journey that the desk offers. Raises `Invalid`."""
    template = template_of(template_id)
    if template is None:
        raise Invalid({"journeyId": [sentence("There is no such journey any more. Choose another one.")]})
    return template


def _first_places(stations: list[tuple[int, UUID]]) -> set[UUID]:
    return {place for at, place in stations if at == 1}


@step
def set_out(visit: Visit, name: str, stations: list[tuple[int, UUID]]) -> Visit:
    """Begin a journey at the station where somebody already is; what would have come before is behind them."""
    own = visit.department_id
    here = next(at for at, place in stations if place == own)
    ahead = [(at, place) for at, place in stations if at > here or place == own]
    journey = begin_journey(visit.token, name, ahead, own, None if visit.pooled else visit.doctor_id)
    visit.journey_id = journey.id
    leg = JourneyLeg.objects.filter(journey=journey, department_id=own).order_by("step")[0]
    enter_station(leg, visit)
    return visit


@step
def _enter_elsewhere(
    department_id: UUID,
    patient: Any,
    arrival: Arrival,
    name: str,
    stations: list[tuple[int, UUID]],
    booked: Any = None,
) -> Visit:
    """Give a number of the department somebody came for (who has `booked` has one), and a place at the first stations
    of their journey."""
    department, emergency = department_of(department_id), arrival.source is Source.EMERGENCY
    require_room(department, emergency=emergency)
    if arrival.doctor_id:
        require_doctor(arrival.doctor_id, department_id)
    day = facility_facts(department.facility_id).day_of(unit().now)
    places = sorted((place for at, place in stations if at == 1), key=lambda place: place != department_id)
    for place in {department_id, *places}:
        missed_today(patient, place, day)
    queues = {place: department_of(place) for place in places}
    for queue in queues.values():
        require_room(queue, emergency=emergency)
    token = booked or issue_token(department=department, patient_id=patient.id, day=day)
    journey = begin_journey(token, name, stations, department_id, arrival.doctor_id)
    legs = {leg.department_id: leg for leg in JourneyLeg.objects.filter(journey=journey, step=1)}
    about = {"tokenId": str(token.id), "tokenNumber": token.token_number}
    entered = []
    for place in places:
        visit = new_visit(queues[place], patient, replace(arrival, doctor_id=None), token)
        visit.journey_id = journey.id
        visit.save(force_insert=True)
        enter_station(legs[place], visit)
        tell_transition(visit, None, "check_in", visit.urgent_by)
        entered.append(visit)
    if booked is None:
        emit(events.visit_event(events.TOKEN_CREATED, places[0], entered[0].id, entered[0].version, **about))
    return entered[0]


__all__ = ["Arrived", "check_in", "confirm", "enter", "enter_booked", "self_check_in", "with_links"]
