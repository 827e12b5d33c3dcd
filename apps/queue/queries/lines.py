"""Who waits for whom: how many stand in each line, and the numbers of the streams that tell of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.core.events import department_stream
from apps.core.outbox import stream_sequences
from apps.queue.models import Visit
from apps.queue.rules.states import ACTIVE, QUEUED

Line = tuple[UUID, UUID | None]
"""A department, and the doctor somebody waits for there; None for whoever takes any doctor."""


def waiting_by_line(department_ids: Iterable[UUID]) -> dict[Line, int]:
    """How many wait in each line of some departments, in one statement."""
    queued = Visit.objects.filter(department_id__in=list(department_ids), state__in=sorted(QUEUED))
    counted = queued.order_by().values_list("department_id", "doctor_id").annotate(Count("id"))
    return {(department_id, doctor_id): people for department_id, doctor_id, people in counted}


def waiting_for(doctor: Any, lines: Mapping[Line, int]) -> int:
    """How many a doctor may call: their own, and those of their departments who take any doctor."""
    return sum(
        people
        for (department_id, doctor_id), people in lines.items()
        if doctor_id == doctor.id or (doctor_id is None and department_id in doctor.department_ids)
    )


def of_doctor(doctor_id: UUID, department_ids: Iterable[UUID]) -> QuerySet[Visit]:
    """Visits that are a doctor's business: their own, and those of their departments who take any doctor."""
    mine = Q(doctor_id=doctor_id) | Q(doctor_id__isnull=True)
    return Visit.objects.filter(mine, department_id__in=list(department_ids))


def sequences_of(department_ids: Sequence[UUID], *others: str) -> str:
    """The last number of each department's stream, in the departments' order, and of other streams: `42 7`.

    Read before the visits themselves, so that a view is never older than it says.
    """
    names = [*(department_stream(department_id) for department_id in department_ids), *others]
    known = stream_sequences(names)
    return " ".join(str(known[name]) for name in names)


def desk_stream(facility_id: UUID | None) -> str:
    """The live view that tells a facility's desk of changes."""
    return f"desk.{facility_id}"


def first_of_lines(department_id: UUID, most: int) -> list[Visit]:
    """The first so many of every line of a department, each doctor's and the common one, in the order of calling."""
    order = ["tier", "arrival_key", "number"]
    place = Window(RowNumber(), partition_by=[F("doctor_id")], order_by=order)
    queued = Visit.objects.filter(department_id=department_id, state__in=sorted(QUEUED)).annotate(place=place)
    shown = queued.filter(place__lte=most).select_related("token", "patient", "doctor")
    return list(shown.order_by(*order))


def stamp(now: datetime) -> str:
    """A moment as pages carry it."""
    return now.isoformat(timespec="milliseconds")


def queue_facts(department_id: UUID) -> dict[str, Any]:
    """`{departmentId, waiting, nowServing[]}`: what everybody who waits in a department may know."""
    active = Visit.objects.filter(department_id=department_id, state__in=sorted(ACTIVE)).select_related("token")
    return {
        "departmentId": str(department_id),
        "waiting": sum(waiting_by_line([department_id]).values()),
        "nowServing": [visit.token.label for visit in active.order_by("-called_at")],
    }
