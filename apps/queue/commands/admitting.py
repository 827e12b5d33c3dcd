"""What has to hold before somebody enters a queue: it is open, has room, and they are not in it yet."""

from typing import Any
from uuid import UUID

from apps.core.errors import Conflict, Invalid, sentence
from apps.queue.models import Visit
from apps.queue.queries.visits import count_waiting, visits_in_the_way
from apps.queue.rules.states import State
from apps.scheduling.queries import departments_of_doctor
from apps.scheduling.rules import DepartmentStatus


class DepartmentClosed(Conflict):
    code = "department_closed"
    detail = sentence("This department takes nobody at present.")


class AlreadyHere(Conflict):
    code = "already_waiting"
    detail = sentence("This person already has an open visit in this department.")


class QueueFull(Conflict):
    code = "queue_full"
    detail = sentence("This queue is full. Please send the person to the desk.")


class NoNewcomers(Conflict):
    code = "no_newcomers"
    detail = sentence("This queue takes nobody new today. Who is booked and who is an emergency still comes in.")


def require_room(department: Any, *, emergency: bool = False) -> None:
    """The department takes people; an emergency also when its queue is full. Raises `DepartmentClosed`, `QueueFull`."""
    if department.status != DepartmentStatus.ACTIVE:
        raise DepartmentClosed
    if not emergency and count_waiting(department.id) >= department.policy.queue_limit:
        raise QueueFull


def require_doctor(doctor_id: UUID, department_id: UUID) -> None:
    """The doctor sees people in the department. Raises `Invalid`."""
    if department_id not in departments_of_doctor(doctor_id):
        raise Invalid({"doctorId": [sentence("This doctor does not see people in this department.")]})


def missed_today(patient: Any, department_id: UUID, day: Any) -> Visit | None:
    """Today's visit that ended in NO_SHOW: who comes late after all keeps the number, in a new visit.

    Raises `AlreadyHere` when one is still open.
    """
    found = visits_in_the_way(patient.id, department_id, day)
    if any(state != State.NO_SHOW for _, state in found):
        raise AlreadyHere
    return Visit.objects.select_related("token").get(id=found[0][0]) if found else None
