"""What the queue shows live: a department's stream, its queue for staff, a doctor's console, a facility's desk.

Pages get no HTML over the socket: they fetch their part anew, each as whoever looks at it may see it.
"""

from typing import Any
from uuid import UUID

from apps.core.events import department_stream, facility_stream
from apps.core.policy import Actor, Permission, Scope
from apps.live.rules import View, serves_department, serves_facility
from apps.queue.queries.console import console_numbers
from apps.queue.queries.lines import queue_facts, waiting_by_line
from apps.queue.queries.own import departments_of_links, watched_departments
from apps.queue.queries.standing import own_places
from apps.queue.queries.visits import department_queue
from apps.scheduling.queries import departments, departments_of_doctor, facility_of_department, facility_of_doctor


def _may_follow_department(actor: Actor | None, department_id: UUID) -> bool:
    """Staff of the department, and whoever has a visit in it: its events carry no persons."""
    return serves_department(actor, department_id) or (
        actor is not None and department_id in watched_departments(actor)
    )


def _may_follow_doctor(actor: Actor | None, doctor_id: UUID) -> bool:
    places = [Scope(actor.facility_id, place) for place in departments_of_doctor(doctor_id)] if actor else []
    return bool(places) and actor is not None and all(actor.may(Permission.QUEUE_READ, place) for place in places)


def _streams_of_doctor(doctor_id: UUID) -> list[str]:
    return [department_stream(place) for place in departments_of_doctor(doctor_id)]


def _streams_of_desk(facility_id: UUID) -> list[str]:
    places = [department_stream(place) for place in sorted(departments().values_list("id", flat=True))]
    return [*places, facility_stream(facility_id)]


def _desk(facility_id: UUID) -> dict[str, Any]:
    """How many wait in each department."""
    places = list(departments().values_list("id", flat=True))
    waiting = {str(place): 0 for place in places}
    for (department_id, _doctor), people in waiting_by_line(places).items():
        waiting[str(department_id)] += people
    return {"waiting": waiting}


VIEWS = (
    View(
        prefix="dept",
        facility_of=facility_of_department,
        may=_may_follow_department,
        render=queue_facts,
        own=departments_of_links,
        own_places=own_places,
    ),
    View(
        prefix="staff",
        facility_of=facility_of_department,
        may=serves_department,
        render=department_queue,
        streams_of=lambda department_id: [department_stream(department_id)],
    ),
    View(
        prefix="doctor",
        facility_of=facility_of_doctor,
        may=_may_follow_doctor,
        render=console_numbers,
        streams_of=_streams_of_doctor,
    ),
    View(
        prefix="desk",
        facility_of=lambda facility_id: facility_id,
        may=serves_facility,
        render=_desk,
        streams_of=_streams_of_desk,
    ),
)
"""The streams of the queue, for `opd/subscriptions.py`."""
