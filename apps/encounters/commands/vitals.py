"""Taking vital signs: at triage or by the doctor."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import collect, command
from apps.core.errors import Conflict, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.encounters import events
from apps.encounters.models import Vitals
from apps.encounters.rules.vitals import abnormal, checked_vitals
from apps.patients.rules.people import age_on
from apps.queue.queries.visits import open_under, visit_of
from apps.queue.rules.states import OPEN


class VisitOver(Conflict):
    code = "visit_over"
    detail = sentence("This visit is over. Vital signs belong to a visit that goes on.")


@command
def take_vitals(*, actor: Actor, now: datetime, visit_id: UUID, **signs: Decimal | None) -> Vitals:
    """Keep what was measured of somebody on a visit. What is not usual is told to the screens of every station at
    which they wait, by the visit's id alone. Raises `Invalid`, `VisitOver`."""
    visit = visit_of(visit_id)
    actor.require(Permission.HEALTH_NOTE, Scope(visit.facility_id, visit.department_id))
    if visit.state not in OPEN:
        raise VisitOver
    values = checked_vitals(signs)
    age = age_on(visit.patient.birth_date, facility_facts(visit.facility_id).day_of(now))
    flags = abnormal(values, age)
    assert actor.id, "who may note this is of the staff"
    taken = Vitals(
        facility_id=visit.facility_id,
        visit_id=visit.id,
        patient_id=visit.patient_id,
        values=values,
        age=age,
        dangerous=any(flag.dangerous for flag in flags),
        taken_at=now,
        taken_by_id=actor.id,
    )
    if flags:
        places = {place.department_id: place.id for place in open_under(visit.token_id)}
        lock_streams(*(department_stream(place) for place in places))
        for department_id, there in places.items():
            emit(events.vitals_abnormal(department_id, there, taken.id, dangerous=taken.dangerous))
    collect(taken)
    record(action="vitals.taken", entity_type="visit", entity_id=visit.id, after={"vitalsId": str(taken.id)})
    return taken
