"""Where somebody can be sent on to: departments that take people, and the doctors in them."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from apps.core.errors import Invalid, sentence
from apps.queue.models import Visit
from apps.scheduling.queries import departments, doctors_of_departments
from apps.scheduling.rules import DepartmentStatus


def targets(visit: Visit) -> list[dict[str, Any]]:
    """Departments with what can be chosen in each: `{name, choices: [{value, label}]}`; not where the person is."""
    places = list(departments().filter(status=DepartmentStatus.ACTIVE))
    doctors = list(doctors_of_departments([place.id for place in places]))
    found = []
    for place in places:
        own = place.id == visit.department_id
        choices = [
            {"value": f"{place.id}:{doctor.id}", "label": doctor.name}
            for doctor in doctors
            if place.id in doctor.department_ids and doctor.id != visit.doctor_id
        ]
        if not own:
            choices.insert(
                0, {"value": str(place.id), "label": gettext("%(place)s, whoever is free") % {"place": place.name}}
            )
        if choices:
            found.append({"name": place.name, "choices": choices})
    return found


def target_of(chosen: str) -> dict[str, Any]:
    """What was chosen, as `commands.transfer` takes it. Raises `Invalid`."""
    department_id, _colon, doctor_id = chosen.partition(":")
    try:
        return {"department_id": UUID(department_id), "doctor_id": UUID(doctor_id) if doctor_id else None}
    except ValueError:
        raise Invalid({"place": [sentence("Choose where the person goes.")]}) from None
