"""Where somebody can be sent on to: departments that take people, and the doctors in them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from apps.core.errors import Invalid, sentence
from apps.core.languages import named
from apps.queue.models import Visit
from apps.scheduling.queries import counters, departments, doctors_of_departments
from apps.scheduling.rules import Availability, DepartmentStatus


def unserved(department_ids: Iterable[UUID]) -> set[UUID]:
    """Of these departments those whose counters are all closed at present: nobody there would call anybody. Where
    there are no counters, doctors call or people go in by themselves."""
    found: dict[UUID, bool] = {}
    for counter in counters().filter(department_id__in=list(department_ids)):
        closed = counter.availability == Availability.OFFLINE
        found[counter.department_id] = found.get(counter.department_id, True) and closed
    return {department_id for department_id, closed in found.items() if closed}


def targets(visit: Visit) -> list[dict[str, Any]]:
    """Departments with what can be chosen in each: `{name, choices: [{value, label}]}`; not where the person is."""
    places = list(departments().filter(status=DepartmentStatus.ACTIVE))
    doctors = list(doctors_of_departments([place.id for place in places]))
    found, closed = [], unserved(place.id for place in places)
    for place in places:
        own = place.id == visit.department_id
        choices = [
            {"value": f"{place.id}:{doctor.id}", "label": named(doctor)}
            for doctor in doctors
            if place.id in doctor.department_ids and doctor.id != visit.doctor_id
        ]
        if not own:
            label = gettext("%(place)s, whoever is free")
            if place.id in closed:
                label = gettext("%(place)s, all counters closed now")
            choices.insert(0, {"value": str(place.id), "label": label % {"place": named(place)}})
        if choices:
            found.append({"name": named(place), "choices": choices})
    return found


def target_of(chosen: str) -> dict[str, Any]:
    """What was chosen, as `commands.transfer` takes it. Raises `Invalid`."""
    department_id, _colon, doctor_id = chosen.partition(":")
    try:
        return {"department_id": UUID(department_id), "doctor_id": UUID(doctor_id) if doctor_id else None}
    except ValueError:
        raise Invalid({"place": [sentence("Choose where the person goes.")]}) from None
