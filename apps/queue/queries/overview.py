"""Every queue at a glance: how many wait, whose doctors are away until when, what goes wrong."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext

from apps.accounts.queries import FacilityFacts
from apps.core.errors import sentence
from apps.queue.queries.lines import waiting_by_line
from apps.queue.queries.watch import raised_alerts
from apps.queue.rules.alerts import AlertRule
from apps.scheduling.queries import doctors_of_departments
from apps.scheduling.rules import AVAILABILITY_NAMES, Availability

ALERTS: dict[AlertRule, str] = {
    AlertRule.LONG_QUEUE: sentence("%(who)s: more than 50 people wait, since %(since)s."),
    AlertRule.LONG_WAITS: sentence("%(who)s: people wait more than twice as long as predicted, since %(since)s."),
    AlertRule.IDLE_DOCTOR: sentence("%(who)s has nobody in the room although people wait, since %(since)s."),
}


def queue_rows(places: Sequence[Any], facility: FacilityFacts) -> list[dict[str, Any]]:
    """`{place, waiting, doctors[]}` of departments, in three statements."""
    ids = [place.id for place in places]
    lines = waiting_by_line(ids)
    doctors = list(doctors_of_departments(ids))
    return [
        {
            "place": place,
            "waiting": sum(people for (where, _doctor), people in lines.items() if where == place.id),
            "doctors": [
                {"id": doctor.id, "name": doctor.name, "away": away(doctor, facility)}
                for doctor in doctors
                if place.id in doctor.department_ids
            ],
        }
        for place in places
    ]


def away(doctor: Any, facility: FacilityFacts) -> str:
    """Why a doctor sees nobody now, and until when; "" for one who does."""
    if doctor.availability == Availability.AVAILABLE:
        return ""
    label = gettext(AVAILABILITY_NAMES[Availability(doctor.availability)])
    until = gettext("back at %(time)s") % {"time": facility.clock(doctor.back_at)} if doctor.back_at else ""
    return ", ".join(part for part in (label, doctor.away_reason, until) if part)


def alert_sentences(places: Sequence[Any], facility: FacilityFacts) -> list[str]:
    """What goes wrong in these departments now, the latest first."""
    names = {place.id: place.name for place in places}
    names |= {doctor.id: doctor.name for doctor in doctors_of_departments(list(names))}
    return [
        gettext(ALERTS[AlertRule(alert.rule)])
        % {"who": names.get(alert.subject_id, ""), "since": facility.clock(alert.since)}
        for alert in raised_alerts([place.id for place in places])
    ]
