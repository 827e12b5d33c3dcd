"""A visit on its holder's own page: place, room, state; of the person only the initials."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import sentence
from apps.core.events import department_stream
from apps.patients.rules.names import initials
from apps.queue.models import Visit
from apps.queue.queries.lines import sequences_of, stamp
from apps.queue.queries.own import now_serving
from apps.queue.queries.shown import state_kind, state_label
from apps.queue.queries.visits import ahead_of
from apps.queue.rules.states import QUEUED, State

MESSAGES: dict[State, str] = {
    State.SCANNED: sentence("Please show this page at the desk. Then you have your place in the queue."),
    State.IN_CONSULTATION: sentence("You are with the doctor."),
    State.ON_HOLD: sentence("Your place is kept. Tell the desk when you are back or were not called."),
    State.COMPLETED: sentence("Your visit is finished. Thank you for coming."),
    State.NO_SHOW: sentence("We called you and you were not there. Ask at the desk: you keep your number today."),
    State.CANCELLED: sentence("This visit was cancelled. Ask at the desk if you still want to be seen."),
    State.TRANSFERRED: sentence("You were sent on. Ask at the desk where to go."),
}
"""What somebody should know or do in a state that is neither waiting nor called."""

ICONS = {"booked": "clock", "with": "steth", "held": "pause", "done": "check", "missed": "back"}


def track_sequence(visit_id: UUID) -> tuple[Visit, str]:
    """A visit and the number of the last change of its queue."""
    visits = Visit.objects.select_related("token", "patient", "doctor__room", "room", "department")
    visit = visits.defer("patient__phone", "patient__address").get(id=visit_id)
    return visit, sequences_of([visit.department_id])


def track_view(visit: Visit, sequence: str, now: datetime) -> dict[str, Any]:
    """What `templates/track/_track.html` shows."""
    facility = facility_facts(visit.facility_id)
    room = visit.room or (visit.doctor.room if visit.doctor else None)
    kind = state_kind(visit)
    waiting = visit.state in QUEUED
    return {
        "token": visit.token.label,
        "state": visit.state,
        "kind": kind,
        "icon": ICONS.get(kind, "seat"),
        "state_label": state_label(visit),
        "initials": initials(visit.patient.name),
        "department": visit.department.name,
        "doctor": visit.doctor.name if visit.doctor else "",
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "people_ahead": ahead_of(visit) if waiting else None,
        "now_serving": now_serving(visit) if waiting else [],
        "message": gettext(MESSAGES[State(visit.state)]) if State(visit.state) in MESSAGES else "",
        "stream": department_stream(visit.department_id),
        "sequence": sequence,
        "as_of": stamp(now),
        "clock": facility.clock(now),
    }
