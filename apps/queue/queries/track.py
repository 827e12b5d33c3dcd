"""A visit on its holder's own page: place, room, state; of the person only the initials."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.core.errors import sentence
from apps.core.events import department_stream
from apps.core.languages import named
from apps.eta.queries import USUAL_CONSULTATION, Said, expected_at, expected_turn, learnt_minutes, said_of
from apps.eta.rules import Booked
from apps.eta.rules.telling import Kind
from apps.patients.rules.names import initials
from apps.queue.models import Visit
from apps.queue.queries.expected import expected_words, minutes_until
from apps.queue.queries.feedback import FACES, said_of_number
from apps.queue.queries.journeys import ahead_of_visits, beside, room_of
from apps.queue.queries.lines import sequences_of, stamp
from apps.queue.queries.shown import state_kind, state_label
from apps.queue.queries.standing import being_seen, most_present, standing_of
from apps.queue.queries.track_booking import LATE_CHOICES, booking_message, booking_view, said_moment
from apps.queue.queries.visits import ahead_of
from apps.queue.rules.feedback import LONGEST_COMMENT, Face
from apps.queue.rules.standing import NEAR
from apps.queue.rules.states import GIVES_UP, QUEUED, State, public_status
from apps.scheduling.queries import booked_before, tracked_booking
from apps.scheduling.rules import Availability, DepartmentStatus
from apps.scheduling.rules.appointments import AppointmentState

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

ICONS = {"booked": "clock", "with": "steth", "counter": "counter", "held": "pause", "done": "check", "missed": "back"}


def track_sequence(subject_id: UUID) -> tuple[Any, str]:
    """What a tracking link shows, a visit or a booking of which none has come yet, and the number of the last change
    of its queue."""
    visits = Visit.objects.select_related("token", "patient", "doctor__room", "room", "department")
    under = visits.defer("patient__phone", "patient__address").filter(token__visits__id=subject_id)
    shown = min(under, key=_most_present, default=None) or tracked_booking(subject_id)
    return shown, sequences_of([shown.department_id])


def _most_present(visit: Visit) -> tuple[int, float, str]:
    return most_present(visit.state, visit.scanned_at, visit.department.code)


def track_view(shown: Any, sequence: str, now: datetime) -> dict[str, Any]:
    """What `templates/track/_track.html` shows."""
    if not isinstance(shown, Visit):
        return booking_view(shown, sequence, now)
    visit = shown
    facility = facility_facts(visit.facility_id)
    room = room_of(visit)
    kind = state_kind(visit)
    waiting = visit.state in QUEUED
    others = beside(visit)
    ahead, told = (ahead_of(visit), _said(visit.id)) if waiting else (None, None)
    seen = being_seen(visit.department_id) if waiting else []
    return {
        "token": visit.token.label,
        "state": visit.state,
        "kind": kind,
        "icon": ICONS.get(kind, "seat"),
        "state_label": state_label(visit),
        "initials": initials(visit.patient.name),
        "department": named(visit.department),
        "doctor": named(visit.doctor) if visit.doctor else "",
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "people_ahead": ahead,
        "expected": _expected(visit, told, facility, now),
        "now_serving": seen,
        "beside": [_beside(other) for other in others],
        "ahead": [name for name in ahead_of_visits(visit) if name not in {named(o.department) for o in others}],
        "message": _message(visit, facility),
        "may_say_here": visit.state == State.ON_HOLD and not _closed(visit),
        "may_say_late": waiting or visit.state == State.CALLED,
        "may_cancel": visit.state in GIVES_UP,
        "late_choices": LATE_CHOICES,
        "feedback": _feedback(visit) if visit.state == State.COMPLETED else None,
        "version": visit.version,
        "title_far": _title_far(visit.token.label, ahead),
        "place": standing_of(visit, ahead, told, seen).page(now),
        "stream": department_stream(visit.department_id),
        "sequence": sequence,
        "as_of": stamp(now),
        "clock": facility.clock(now),
    }


def _title_far(token: str, ahead: int | None) -> str:
    """The title of somebody far from the door, with a # for how many are before them, which changes at each call."""
    if ahead is None or ahead <= NEAR:
        return ""
    title = ngettext("Token %(token)s, %(people)s before you", "Token %(token)s, %(people)s before you", ahead)
    return title % {"token": token, "people": "#"}


def _feedback(visit: Visit) -> dict[str, Any]:
    """The three faces, and what was said already."""
    said = said_of_number(visit.token_id)
    chosen = said.face if said else None
    names = {Face.GOOD: gettext("Good"), Face.FAIR: gettext("So so"), Face.BAD: gettext("Bad")}
    return {
        "faces": [
            {
                "value": int(face),
                "icon": f"face-{FACES[face]}",
                "name": name,
                "chosen": bool(said and said.face == face),
            }
            for face, name in names.items()
        ],
        "said": chosen,
        "comment": said.comment if said else "",
        "longest": LONGEST_COMMENT,
    }


def _beside(other: Visit) -> dict[str, Any]:
    """A station at which somebody stands in line at the same time."""
    room = room_of(other)
    return {
        "department": named(other.department),
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "kind": state_kind(other),
        "label": state_label(other),
        "people_ahead": ahead_of(other) if other.state in QUEUED else None,
    }


def _message(visit: Visit, facility: FacilityFacts) -> str:
    """What somebody should know or do now."""
    if visit.state == State.ON_HOLD and _closed(visit):
        return gettext("%(department)s is closed at present. Please ask at the desk where to go on.") % {
            "department": named(visit.department)
        }
    if visit.state == State.ON_HOLD and visit.back_at:
        return gettext("Your place is kept until %(time)s. Tell us when you are back.") % {
            "time": facility.clock(visit.back_at)
        }
    doctor = visit.doctor
    if doctor and (back_at := _break_until(visit)):
        return gettext("%(doctor)s is on a break until %(time)s.") % {
            "doctor": named(doctor),
            "time": facility.clock(back_at),
        }
    if visit.counter_id and visit.state == State.IN_CONSULTATION:
        return gettext("You are being served.")
    return gettext(MESSAGES[State(visit.state)]) if State(visit.state) in MESSAGES else ""


def _break_until(visit: Visit) -> datetime | None:
    """Until when the doctor somebody waits for is on a break, where that was said."""
    doctor = visit.doctor
    resting = visit.state in QUEUED and doctor and doctor.availability == Availability.PAUSED
    return doctor.back_at if doctor and resting else None


def _expected(visit: Visit, told: Any, facility: FacilityFacts, now: datetime) -> dict[str, Any] | None:
    """When their turn is expected; a break is told once, by the doctor's name where the page's message says it."""
    words = expected_words(told, facility, now)
    return words | {"note": ""} if words and told.kind is Kind.BREAK and _break_until(visit) else words


def _closed(visit: Visit) -> bool:
    return visit.department.status != DepartmentStatus.ACTIVE


def tracked_json(shown: Any) -> dict[str, Any]:
    """What a link shows, as document 004 gets it: no person."""
    booked = not isinstance(shown, Visit)
    at = shown.at if booked else None
    return {
        "tokenNumber": shown.token.token_number,
        "tokenLabel": shown.token.label,
        "status": shown.state if booked else public_status(State(shown.state)),
        "appointmentTime": at,
        "department": shown.department.name,
        "doctor": shown.doctor.name if shown.doctor else None,
    }


def queue_standing(shown: Any, now: datetime) -> dict[str, Any]:
    """What document 004 calls `queue`: position, minutes until the turn, and a sentence for people."""
    if not isinstance(shown, Visit):
        return _standing_of_booking(shown, now)
    if shown.state not in QUEUED:
        message = _message(shown, facility_facts(shown.facility_id)) or gettext("It is your turn.")
        return {"position": None, "estimatedWaitTime": None, "queueStatus": message}
    ahead, said = ahead_of(shown), _said(shown.id)
    if said:
        minutes = minutes_until(said, now)
        return {"position": ahead + 1, "estimatedWaitTime": minutes, "queueStatus": _sentence(ahead, minutes)}
    average = _minutes_each(shown.doctor) if shown.doctor else USUAL_CONSULTATION
    minutes = round(expected_turn(ahead=ahead, average_minutes=average).likely)
    return {"position": ahead + 1, "estimatedWaitTime": minutes, "queueStatus": _sentence(ahead, minutes)}


def _minutes_each(doctor: Any) -> float:
    return learnt_minutes(doctor.id, doctor.average_consultation_minutes)


def _said(subject_id: UUID) -> Said | None:
    return said_of([subject_id]).get(subject_id)


def _sentence(ahead: int, minutes: int) -> str:
    if not ahead:
        return gettext("You are next. Please stay near the door.")
    told = ngettext(
        "%(people)s person is before you, about %(minutes)s minutes.",
        "%(people)s people are before you, about %(minutes)s minutes.",
        ahead,
    )
    return told % {"people": ahead, "minutes": minutes}


def _standing_of_booking(row: Any, now: datetime) -> dict[str, Any]:
    state = AppointmentState(row.state)
    when = said_moment(row.at, facility_facts(row.facility_id).time_zone)
    message = booking_message(row, when)
    if state is not AppointmentState.BOOKED:
        return {"position": None, "estimatedWaitTime": None, "queueStatus": message}
    others = booked_before(row)
    booked = [Booked(*one) for one in others]
    wait = expected_at(at=row.at, booked=booked, average_minutes=_minutes_each(row.doctor))
    until = max(0.0, (row.at - now).total_seconds() / 60)
    return {"position": len(others) + 1, "estimatedWaitTime": round(until + wait.likely), "queueStatus": message}
