"""Somebody is to come again: a place is booked for them, or they are asked to choose one."""

from datetime import date
from typing import Any

from django.utils import translation
from django.utils.formats import date_format

from apps.core.commands import step, unit
from apps.core.errors import Conflict, sentence
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue.commands.telling import link_of, tell_booked, tell_people
from apps.scheduling.commands import Wish, place_gently
from apps.scheduling.queries import free_in, has_booking, open_slots
from apps.scheduling.rules.allocation import BookingSource

COME_AGAIN_BOOKED = wording(
    "come_again_booked",
    Kind.BOOKING,
    sentence("{hospital}: {doctor} wants to see you again. {token} is booked for you on {when}. {link}"),
)
COME_AGAIN = wording(
    "come_again",
    Kind.BOOKING,
    sentence("{hospital}: {doctor} wants to see you again around {day}. Please choose a time: {link} or at the desk."),
)


@step
def book_follow_up(visit: Any, day: date) -> Any | None:
    """Book a place for somebody who has just been seen, with the same doctor, where one is open on that day; nobody is
    moved for it. Else they are asked to choose a time themselves. The visit's queue is locked."""
    if has_booking(visit.patient_id, visit.doctor_id, day):
        return None
    row = _placed(visit, day)
    if row:
        row.patient, row.doctor = visit.patient, visit.doctor
        tell_booked(row, COME_AGAIN_BOOKED)
    else:
        with translation.override(visit.patient.language):
            said = date_format(day, "j F")
        tell_people([visit], COME_AGAIN, "come again", whenever=True, day=said, link=link_of("book"))
    return row


@step
def _placed(visit: Any, day: date) -> Any | None:
    """A place of that day, as near as can be to the hour at which they are here now; None without one."""
    open_then = open_slots(visit.doctor_id, unit().now).filter(day=day, department_id=visit.department_id)
    free = [slot for slot in open_then if free_in(slot, BookingSource.FOLLOW_UP)]
    wish = Wish(visit.department_id, visit.doctor_id, visit.patient_id, BookingSource.FOLLOW_UP, day)
    this_hour = unit().now + (day - visit.day)
    for slot in sorted(free, key=lambda slot: (abs(slot.starts_at - this_hour), slot.starts_at)):
        try:
            return place_gently(wish, slot.starts_at)
        except Conflict:  # a limit of the department, or of the person
            return None
    return None
