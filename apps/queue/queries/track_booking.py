"""A booking on its holder's own page until the person is here: when it is, and what can still be changed."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.core.errors import NotFound, sentence
from apps.core.events import department_stream
from apps.core.languages import named
from apps.eta.queries import said_of
from apps.patients.rules.names import initials
from apps.queue.queries.bookings import NAMES, check_json
from apps.queue.queries.day import nearest_times
from apps.queue.queries.expected import expected_words
from apps.queue.queries.lines import stamp
from apps.queue.queries.links import tracking_url
from apps.queue.queries.standing import standing_of_booking
from apps.queue.rules.calendar_file import calendar_file
from apps.scheduling.queries import seated_since, was_cancelled_by_us
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import AppointmentState

BOOKING_MESSAGES: dict[AppointmentState, str] = {
    AppointmentState.HELD: sentence("This place is kept for you for a few minutes. Please confirm it."),
    AppointmentState.BOOKED: sentence(
        "You are booked for %(when)s. When you are here, show this page at the desk: then you have your place in the"
        " queue."
    ),
    AppointmentState.ARRIVED: sentence("You are here. Please ask at the desk where to wait."),
    AppointmentState.CANCELLED: sentence(
        "This appointment was cancelled. Ask at the desk if you still want to be seen."
    ),
    AppointmentState.NO_SHOW: sentence("You did not come to this appointment. Ask at the desk for another one."),
    AppointmentState.RESCHEDULED: sentence("This appointment was moved. Ask at the desk for the new time."),
}
"""What somebody with a booking should know or do."""

CANCELLED_BY_US = sentence("The hospital had to cancel this appointment. We are sorry.")

LATE_CHOICES = (10, 20, 30, 60)
"""Minutes that somebody can say with one press."""

OTHER_TIMES = 2
"""New times that are offered to somebody whose appointment the hospital has cancelled."""


def booking_view(row: Any, sequence: str, now: datetime) -> dict[str, Any]:
    """What `templates/track/_track.html` shows of a booking until the person is here."""
    facility = facility_facts(row.facility_id)
    state = AppointmentState(row.state)
    open_ = state is AppointmentState.BOOKED
    today = open_ and row.day == facility.day_of(now)
    room = row.doctor.room
    said = said_of([row.id]).get(row.id) if open_ else None
    when = said_moment(row.at, facility.time_zone)
    return {
        "token": row.token.label,
        "state": row.state,
        "kind": "booked" if open_ else "missed",
        "icon": "clock" if open_ else "back",
        "may_note": open_,
        "state_label": gettext(NAMES[state]),
        "initials": initials(row.patient.name),
        "department": named(row.department),
        "doctor": named(row.doctor),
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "people_ahead": None,
        "expected": expected_words(said, facility, now),
        "now_serving": [],
        "appointment": when,
        "message": booking_message(row, when),
        "late": facility.clock(row.late_until) if open_ and row.late_until else "",
        "may_come_late": today,
        "late_choices": LATE_CHOICES,
        "may_cancel": open_ and check_json(row, now)["canCancel"],
        "other_times": _other_times(row, facility, now) if was_cancelled_by_us(row) and not seated_since(row) else [],
        "ahead": [],
        "version": row.version,
        "title_far": "",
        "place": standing_of_booking(row.id, row.version, row.state, said).page(now),
        "stream": department_stream(row.department_id),
        "sequence": sequence,
        "as_of": stamp(now),
        "clock": facility.clock(now),
    }


def booking_message(row: Any, when: str) -> str:
    """What somebody with a booking for `when` should know or do."""
    if was_cancelled_by_us(row):
        return gettext(CANCELLED_BY_US)
    return gettext(BOOKING_MESSAGES[AppointmentState(row.state)]) % {"when": when}


def _other_times(row: Any, facility: FacilityFacts, now: datetime) -> list[dict[str, Any]]:
    """Free times with the same doctor, near the one that was taken from them or the next that there are."""
    source = BookingSource(row.source)
    around = max(row.at, now)
    near = nearest_times(row.doctor_id, source, around, now, facility, row.minutes, instead_of=row)
    return near[:OTHER_TIMES]


def booking_calendar(row: Any, code: str, now: datetime) -> bytes:
    """A booking for its holder's calendar. Raises `NotFound` for one that has ended."""
    if row.state != AppointmentState.BOOKED:
        raise NotFound
    hospital, room = named(facility_facts(row.facility_id)), row.doctor.room
    return calendar_file(
        uid=f"{row.id}@opd",
        written=now,
        at=row.at,
        title=gettext("%(hospital)s: number %(token)s") % {"hospital": hospital, "token": row.token.label},
        place=f"{hospital}, {gettext('Room %(room)s') % {'room': room.number}}" if room else hospital,
        text=gettext("Come ten minutes before and show this number at the desk."),
        url=tracking_url(code),
    )


def said_moment(at: datetime, time_zone: str) -> str:
    """A moment as people say it where the hospital is: `Tuesday 24 November, 10:20`."""
    return date_format(at.astimezone(ZoneInfo(time_zone)), "l j F, H:i")
