"""A person's way through several stations: begun, gone on with when one has ended, and left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.audit.commands import record
from apps.core.commands import step, unit
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.queue import events
from apps.queue.commands.moving import amend, back_in_line, move, tell_transition
from apps.queue.models import Journey, JourneyLeg, JourneyTemplate, Visit
from apps.queue.queries.rules import policy_of
from apps.queue.queries.visits import open_visit_of
from apps.queue.rules.journeys import OUTCOMES, Leg, Next, Outcome, next_step, planned, what_next
from apps.queue.rules.order import NeedsClass, Tier, standing, tier
from apps.queue.rules.states import State, Verb
from apps.scheduling.queries import department_of, doctor_to_call_for
from apps.scheduling.rules import Availability, DepartmentKind, DepartmentStatus

CLOSED = "the station has closed"


def stations_of(template: JourneyTemplate, own: UUID) -> list[tuple[int, UUID]]:
    """The steps and departments of a journey for somebody who came to a department. Stations that take nobody at
    present are passed over: nobody is sent to a closed door."""
    taking = Q(department=None) | Q(department__status=DepartmentStatus.ACTIVE)
    return planned(template.stations.filter(taking).values_list("step", "department_id"), own)


@step
def begin_journey(
    token: Any, name: str, stations: list[tuple[int, UUID]], own: UUID, doctor_id: UUID | None = None
) -> Journey:
    """Plan the stations of a number. `doctor_id` is who was asked for in the department that the person came for."""
    journey = Journey(facility_id=token.facility_id, token=token, day=token.day, name=name, started_at=unit().now)
    journey.save(force_insert=True)
    JourneyLeg.objects.bulk_create(
        JourneyLeg(journey=journey, step=at, department_id=place, doctor_id=doctor_id if place == own else None)
        for at, place in stations
    )
    record(
        action="journey.begun",
        entity_type="journey",
        entity_id=journey.id,
        after={"tokenId": str(token.id), "name": name, "stations": [[at, str(place)] for at, place in stations]},
    )
    return journey


@step
def enter_station(leg: JourneyLeg, visit: Visit) -> None:
    """A visit is that of a planned station from now on."""
    leg.visit = visit
    JourneyLeg.objects.filter(id=leg.id).update(visit_id=visit.id)


@step
def rejoin(visit: Visit, missed: Visit) -> None:
    """Somebody missed at a station has come after all: their journey goes on from there."""
    assert missed.journey_id, "who was on no journey has none to go on with"
    visit.journey_id = missed.journey_id
    legs = JourneyLeg.objects.filter(journey_id=missed.journey_id)
    legs.filter(visit_id=missed.id).update(visit_id=visit.id, outcome=Outcome.OPEN)
    legs.filter(visit__isnull=True, outcome=Outcome.LEFT).update(outcome=Outcome.OPEN)
    Journey.objects.filter(id=missed.journey_id).update(ended_at=None)


@step
def go_on(visit: Visit) -> None:
    """A visit of a journey has ended: wait for what goes on beside it, go back to whoever sent the person, or go on.

    All of it happens in the transaction that ended the visit, so that nobody is lost between two stations.
    """
    assert visit.journey_id, "only a visit of a journey leads on"
    Journey.objects.select_for_update().get(id=visit.journey_id)
    rows = list(JourneyLeg.objects.filter(journey_id=visit.journey_id))
    ended = next((row for row in rows if row.visit_id == visit.id), None)
    if ended is None or ended.outcome:
        return
    ended.outcome = OUTCOMES[State(visit.state)]
    JourneyLeg.objects.filter(id=ended.id).update(outcome=ended.outcome)
    follow(visit, ended, rows)


@step
def follow(visit: Visit, ended: JourneyLeg, rows: list[JourneyLeg]) -> None:
    """Do what the rule says comes after a station."""
    legs = [as_value(row) for row in rows]
    match what_next(as_value(ended), legs):
        case Next.RETURN:
            _back_with_the_result(ended)
        case Next.GO_ON:
            at = next_step(legs)
            for row in rows:
                if row.step == at and row.visit_id is None and not row.outcome:
                    open_station(row, visit)
        case Next.END:
            _end(visit, rows)
        case Next.WAIT:
            return


def as_value(row: JourneyLeg) -> Leg:
    """A leg's row as the rule takes it."""
    outcome = Outcome(row.outcome)
    return Leg(row.step, row.visit_id is not None and outcome is Outcome.OPEN, outcome, row.returns_to_id)


@step
def _end(visit: Visit, rows: list[JourneyLeg]) -> None:
    """The last station is passed, or the person has left: what was still planned is not done any more."""
    assert visit.journey_id, "only a visit of a journey ends one"
    left = [row.id for row in rows if not row.outcome and row.visit_id is None]
    JourneyLeg.objects.filter(id__in=left).update(outcome=Outcome.LEFT)
    Journey.objects.filter(id=visit.journey_id).update(ended_at=unit().now)
    record(
        action="journey.ended",
        entity_type="journey",
        entity_id=visit.journey_id,
        after={"visitId": str(visit.id), "notDone": len(left)},
    )


@step
def _back_with_the_result(ended: JourneyLeg) -> None:
    """All tests of an errand are done: whoever was on hold for them is in the queue again, at the old place."""
    assert ended.returns_to_id, "somebody sent for a test was sent by somebody"
    sent = Visit.objects.select_related("token", "doctor").get(id=ended.returns_to_id)
    lock_streams(department_stream(sent.department_id))
    sent.refresh_from_db(fields=["state", "version"])
    if sent.state == State.ON_HOLD:
        back_in_line(sent, "tests are done")


@step
def close_way(journey_id: UUID, visits: list[Visit], reason: str) -> None:
    """End a way whose open visits are about to be closed: first, so that no station opens another one by it."""
    legs = JourneyLeg.objects.filter(journey_id=journey_id, outcome=Outcome.OPEN)
    not_done = legs.filter(visit__isnull=True).count()
    legs.update(outcome=Outcome.LEFT)
    Journey.objects.filter(id=journey_id).update(ended_at=unit().now)
    about = {"visitIds": [str(visit.id) for visit in visits], "notDone": not_done}
    record(action="journey.closed", entity_type="journey", entity_id=journey_id, after=about, reason=reason)


@step
def open_station(leg: JourneyLeg, previous: Visit) -> Visit:
    """Put somebody into the queue of their next station, under the same number and with the same urgency.

    Whoever waits there already, by another way, is not put there twice. Before a station that has closed since the
    way was planned they stand on hold: the desk is told and sends them on, or it opens again (ADR 52).
    """
    lock_streams(department_stream(leg.department_id))
    there = open_visit_of(previous.patient_id, leg.department_id)
    if there is None:
        visit = station_visit(previous, leg.department_id, leg.doctor_id)
        visit.save(force_insert=True)
        enter_station(leg, visit)
        tell_transition(visit, None, "check_in", "next station")
        if visit.department.status != DepartmentStatus.ACTIVE:
            move(visit, Verb.HOLD, State.ON_HOLD, reason=CLOSED, hold_reason=CLOSED)
        return visit
    if there.journey_id is None:
        amend(there, journey_id=leg.journey_id)
        enter_station(leg, there)
        emit(events.queue_updated(there.department_id, "journey", visitId=str(there.id)))
    else:
        JourneyLeg.objects.filter(id=leg.id).update(outcome=Outcome.SKIPPED)
    return there


def station_visit(previous: Visit, department_id: UUID, doctor_id: UUID | None) -> Visit:
    """A visit that follows on another one: the same number, person and urgency, at another station."""
    now, department = unit().now, department_of(department_id)
    urgent = previous.tier <= Tier.URGENT
    wished = doctor_id or _seen_by(previous, department_id)
    doctor_id = wished if wished and _is_here(wished) else None
    return Visit(
        facility_id=previous.facility_id,
        department=department,
        token=previous.token,
        patient_id=previous.patient_id,
        doctor_id=doctor_id,
        pooled=doctor_id is None,
        journey_id=previous.journey_id,
        previous=previous,
        day=previous.day,
        number=previous.number,
        state=State.URGENT if urgent else State.WAITING,
        source=previous.source,
        needs=previous.needs,
        emergency=previous.emergency,
        tier=tier(emergency=previous.emergency, urgent=urgent),
        arrival_key=_key(previous, department, now),
        booked_for=previous.booked_for,
        rules_version=department.policy.version,
        ahead_by=previous.ahead_by,
        ahead_reason=previous.ahead_reason,
        symptoms=previous.symptoms,
        urgent_by=previous.urgent_by,
        triage_confirmed=previous.triage_confirmed,
        scanned_at=now,
        queued_at=now,
    )


def _key(previous: Visit, department: Any, now: datetime) -> datetime:
    """The place in the next queue. A doctor's counts from the arrival at the hospital, so that triage and tests cost
    nobody a place; every other station's from its own door."""
    policy, needs = policy_of(department.policy), NeedsClass(previous.needs)
    if department.kind != DepartmentKind.CONSULTATION:
        return standing(policy, arrived_at=now, needs=needs).key
    own = Visit.objects.filter(token_id=previous.token_id).order_by("scanned_at")
    here = own.filter(department_id=department.id).values_list("arrival_key", flat=True).first()
    if here is not None:
        return here
    first = own.values_list("scanned_at", flat=True).first() or now
    return standing(policy, arrived_at=first, appointment_at=previous.booked_for, needs=needs).key


def _seen_by(previous: Visit, department_id: UUID) -> UUID | None:
    """Who saw this number in a department before: they see it again."""
    before = Visit.objects.filter(token_id=previous.token_id, department_id=department_id, doctor__isnull=False)
    return before.order_by("-scanned_at").values_list("doctor_id", flat=True).first()


def _is_here(doctor_id: UUID) -> bool:
    return doctor_to_call_for(doctor_id).availability != Availability.OFFLINE
