"""Somebody is brought in who cannot say who they are: in the queue at once, with a name when there is one."""

from datetime import datetime
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Invalid, sentence
from apps.core.events import department_stream, facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.patients.commands import give_up_provisional, register_in
from apps.patients.queries import get_active
from apps.patients.rules.people import Sex
from apps.queue import events
from apps.queue.commands.admitting import AlreadyHere
from apps.queue.commands.arriving import enter
from apps.queue.commands.entering import Arrival, Arrived, with_links
from apps.queue.commands.moving import amend, require_locked
from apps.queue.models import Visit
from apps.queue.queries.visits import open_visit_of
from apps.queue.rules.order import Source
from apps.queue.rules.states import OPEN
from apps.scheduling.commands import hand_all
from apps.scheduling.queries import department_of, places_held_by

AGE_OF_NOBODY = 40
"""Years; of a person of whom nobody has said how old they look. It gives nobody a head start."""


@command
def take_in_unknown(
    *,
    actor: Actor,
    now: datetime,
    department_id: UUID,
    reason: str,
    age: int | None = None,
    sex: str = Sex.UNKNOWN,
) -> Arrived:
    """Let somebody in before everybody else of whom nobody knows who they are, with a provisional record.

    `age`: how old they look, in years. Raises `DepartmentClosed`, `Invalid`.
    """
    scope = Scope(actor.facility_id, department_id)
    for permission in (Permission.VISIT_EMERGENCY, Permission.VISIT_CHECK_IN):
        actor.require(permission, scope)
    actor.require(Permission.PATIENT_REGISTER, Scope(actor.facility_id))
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    assert actor.facility_id is not None  # who may register belongs to a hospital
    lock_streams(department_stream(department_of(department_id).id))
    patient = register_in(
        name=f"Unknown {facility_facts(actor.facility_id).clock(now)}",
        age=AGE_OF_NOBODY if age is None else age,
        sex=Sex(sex),
        provisional=True,
    )
    visit = enter(department_id, patient, Arrival(Source.EMERGENCY, []))
    visit.ahead_reason = reason
    record(action="visit.taken_in_unknown", entity_type="visit", entity_id=visit.id, reason=reason)
    return with_links(visit)


@command
def recognise(*, actor: Actor, now: datetime, patient_id: UUID, known_id: UUID) -> list[Visit]:
    """It turns out that somebody with a provisional record has had one all along: their visits, numbers and bookings
    go there.

    Raises `NotProvisional`, `PatientNotActive`, `AlreadyHere` while the known person waits in the same department,
    and `AlreadyBooked`, `AlreadyWaiting` where both have a booking or a wait with the same doctor on the same day.
    """
    actor.require(Permission.PATIENT_REGISTER, Scope(actor.facility_id))
    assert actor.facility_id is not None  # who may register belongs to a hospital
    lock_streams(facility_stream(actor.facility_id), *(department_stream(place) for place in _places_of(patient_id)))
    known = get_active(known_id)
    give_up_provisional(patient_id, known.id)
    require_locked(_places_of(patient_id))
    visits = list(Visit.objects.filter(patient_id=patient_id))
    for visit in visits:
        if visit.state in OPEN and open_visit_of(known.id, visit.department_id):
            raise AlreadyHere
        amend(visit, patient_id=known.id)
        record(
            action="visit.recognised",
            entity_type="visit",
            entity_id=visit.id,
            before={"patientId": str(patient_id), "version": visit.version - 1},
            after={"patientId": str(known.id), "version": visit.version},
        )
        emit(events.queue_updated(visit.department_id, "recognised", visitId=str(visit.id)))
    hand_all(patient_id, known.id)
    return visits


def _places_of(patient_id: UUID) -> set[UUID]:
    """The departments whose queues and bookings name a record."""
    visits = Visit.objects.filter(patient_id=patient_id).values_list("department_id", flat=True)
    return set(visits) | places_held_by(patient_id)
