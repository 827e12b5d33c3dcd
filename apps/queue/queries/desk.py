"""The desk's list of today: everybody's number, doctor and state, searched and filtered, in few statements."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from apps.accounts.queries import FacilityFacts, actor_of_tracking
from apps.accounts.rules.credentials import CODE_LENGTH
from apps.core.errors import NotFound
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.eta.queries import said_of
from apps.patients.queries import brief
from apps.patients.queries import search as search_patients
from apps.queue.models import Visit
from apps.queue.queries.expected import expected_words
from apps.queue.queries.lines import waiting_by_line
from apps.queue.queries.links import code_in
from apps.queue.queries.shown import STATE_KINDS, state_kind, state_label, tags, waited_minutes
from apps.queue.rules.states import OPEN, QUEUED, VERB_PERMISSIONS, State, Verb, verbs_from
from apps.scheduling.queries import appointments, departments, doctors_of_departments
from apps.scheduling.rules import Availability, DepartmentKind, DepartmentStatus
from apps.scheduling.rules.appointments import AppointmentState

_RANK = [State.SCANNED, State.CALLED, State.IN_CONSULTATION, State.URGENT, State.WAITING, State.ON_HOLD]
"""What stands above: who needs the desk, then who moves, then who waits in turn; what is over comes last."""

_LABEL = re.compile(r"([A-Za-z])0*(\d{1,6})")
_NUMBER = re.compile(r"([A-Za-z][A-Za-z0-9]{1,5})-0*(\d{1,6})")

DESK_VERBS = (Verb.CONFIRM, Verb.RESUME, Verb.TRIAGE_UP, Verb.TRIAGE_DOWN, Verb.NO_SHOW, Verb.CANCEL)
"""What the desk does to a visit from its list; calling belongs to the console."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What part of today is asked for: the looks of states, one doctor, one department, a text."""

    state: str = ""
    doctor_id: UUID | None = None
    department_id: UUID | None = None
    query: str = ""


def served_departments(actor: Actor) -> list[Any]:
    """Departments whose queue somebody may see, by code."""
    return [d for d in departments() if actor.may(Permission.QUEUE_READ, Scope(d.facility_id, d.id))]


def today_of(
    facility: FacilityFacts, department_ids: list[UUID], now: datetime, wanted: Wanted, actor: Actor
) -> QuerySet[Visit]:
    """Today's visits of some departments, and whatever an earlier day left open: who needs attention first, then
    the queue's order. Names stand in `with_people`, which is asked for those that are shown."""
    today_or_open = Q(day=facility.day_of(now)) | Q(state__in=sorted(OPEN))
    found = Visit.objects.filter(today_or_open, department_id__in=department_ids)
    if wanted.state:
        found = found.filter(state__in=[str(s) for s, kind in STATE_KINDS.items() if kind == wanted.state])
    if wanted.doctor_id:
        found = found.filter(doctor_id=wanted.doctor_id)
    if wanted.department_id:
        found = found.filter(department_id=wanted.department_id)
    if wanted.query:
        found = found.filter(_matching(wanted.query, actor, now))
    rank = Case(
        *(When(state=state, then=Value(place)) for place, state in enumerate(_RANK)),
        default=Value(len(_RANK)),
        output_field=IntegerField(),
    )
    return found.annotate(rank=rank).order_by("rank", "tier", "arrival_key", "number")


def with_people(ids: Sequence[UUID]) -> list[Visit]:
    """These visits with their numbers, people and doctors, in the order given. Of a hall of thousands only the page
    that is shown is joined with them: sorting whole rows takes longer than all the rest."""
    shown = Visit.objects.select_related("token", "doctor", "patient").defer("patient__phone", "patient__address")
    found = shown.in_bulk(ids)
    return [found[visit_id] for visit_id in ids]


def scanned(query: str, actor: Actor, now: datetime) -> UUID | None:
    """The visit or the booking of a slip's square code, scanned into a search field; None for anything else."""
    code = code_in(query)
    if len(code) != CODE_LENGTH or code.isdecimal():
        return None
    holder = actor_of_tracking(code, now)
    return holder.subject_id if holder and holder.facility_id == actor.facility_id else None


def booking_scanned(query: str, actor: Actor, now: datetime) -> UUID | None:
    """The booking of a scanned slip, as long as nobody has come for it."""
    subject_id = scanned(query, actor, now)
    row = one(appointments().filter(id=subject_id, state=AppointmentState.BOOKED)) if subject_id else None
    return row.id if row else None


def _matching(query: str, actor: Actor, now: datetime) -> Q:
    """A token as anybody writes it (`G17`, `g 17`, `GEN-017`), a scanned slip, or whatever finds a person."""
    text = query.strip()
    if subject_id := scanned(text, actor, now):
        return Q(token__visits__id=subject_id)
    if number := _NUMBER.fullmatch(text):
        return Q(token__code=number[1].upper(), number=int(number[2]))
    if label := _LABEL.fullmatch(text.replace(" ", "")):
        return Q(token__letter=label[1].upper(), number=int(label[2]))
    return Q(patient_id__in=search_patients(text, actor).order_by().values("id"))


def likely_times(visits: Iterable[Visit], facility: FacilityFacts, now: datetime) -> dict[UUID, str]:
    """When the turn of each who waits is likely, as the patient's own page says it; nothing of whom none is known."""
    told = said_of([visit.id for visit in visits if visit.state in QUEUED])
    words = {visit_id: expected_words(said, facility, now) for visit_id, said in told.items()}
    return {visit_id: said["time"] for visit_id, said in words.items() if said}


def desk_row(visit: Visit, actor: Actor, now: datetime) -> dict[str, Any]:
    """A visit as the desk's list shows it; the view adds the addresses of what can be done."""
    person = brief(visit.patient, now, actor)
    waits = visit.state in QUEUED or visit.called_at is not None
    return {
        "visit_id": visit.id,
        "token": visit.token.label,
        "name": person["name"],
        "age_sex": person["age_sex"],
        "phone_last4": person.get("phone_last4", ""),
        "doctor": named(visit.doctor) if visit.doctor else "",
        "state": visit.state,
        "state_label": state_label(visit),
        "state_kind": state_kind(visit),
        "tags": tags(visit, actor),
        "waited_minutes": waited_minutes(visit, now) if waits else None,
        "version": visit.version,
    }


def desk_verbs(visit: Visit, actor: Actor) -> list[Verb]:
    """What somebody at the desk may do to a visit now."""
    scope = Scope(visit.facility_id, visit.department_id)
    possible = set(verbs_from(State(visit.state)))
    if visit.state == State.CALLED:
        possible.discard(Verb.NO_SHOW)  # who called sees whether somebody comes
    return [verb for verb in DESK_VERBS if verb in possible and actor.may(VERB_PERMISSIONS[verb], scope)]


def visit_at_desk(visit_id: UUID, actor: Actor) -> Visit:
    """A visit with its person, for somebody who may see that queue. Raises `NotFound` as for one that is not there."""
    shown = Visit.objects.select_related("token", "doctor__room", "room", "department", "patient")
    visit = one(shown.defer("patient__phone", "patient__address").filter(id=visit_id))
    if visit is None or not actor.may(Permission.QUEUE_READ, Scope(visit.facility_id, visit.department_id)):
        raise NotFound
    return visit


def open_departments(actor: Actor) -> list[Any]:
    """Departments into whose queue somebody may let people now; clinics first, then by code."""
    places = [
        place
        for place in departments()
        if place.status == DepartmentStatus.ACTIVE
        and actor.may(Permission.VISIT_CHECK_IN, Scope(place.facility_id, place.id))
    ]
    return sorted(places, key=lambda place: (place.kind != DepartmentKind.CONSULTATION, place.code))


def emergency_departments(actor: Actor) -> list[tuple[Any, bool]]:
    """Where somebody may let emergencies in, with whether a doctor sees people there now; those with a doctor first."""
    places = [place for place in open_departments(actor) if place.kind == DepartmentKind.CONSULTATION]
    doctors = doctors_of_departments([place.id for place in places])
    seen = {id_ for one in doctors if one.availability == Availability.AVAILABLE for id_ in one.department_ids}
    return sorted(((place, place.id in seen) for place in places), key=lambda found: not found[1])


def doctor_choices(department_ids: list[UUID]) -> list[dict[str, Any]]:
    """Doctors with how many wait for them by name: `{id, name, departments, waiting, available}`, by name."""
    lines = waiting_by_line(department_ids)
    return [
        {
            "id": doctor.id,
            "name": named(doctor),
            "departments": doctor.department_ids,
            "waiting": sum(people for (_, doctor_id), people in lines.items() if doctor_id == doctor.id),
            "available": doctor.availability == Availability.AVAILABLE,
        }
        for doctor in doctors_of_departments(department_ids)
    ]


def least_waited_for(choices: list[dict[str, Any]]) -> UUID | None:
    """The doctor who sees people now and for whom the fewest wait; None when nobody sees people."""
    present = [choice for choice in choices if choice["available"]]
    return min(present, key=lambda choice: choice["waiting"])["id"] if present else None
