"""A booking as people see it: words for its state, the row of a list, the paper slip, what giving it up means."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.core.errors import NotFound, sentence
from apps.core.languages import named
from apps.core.policy import Actor, Fields, Permission, Scope
from apps.eta.queries import Said, said_of
from apps.patients.queries import brief
from apps.queue.models import Visit
from apps.queue.queries.money import MONEY
from apps.queue.queries.shapes.bookings import CheckOut
from apps.queue.rules.states import QUEUED
from apps.scheduling.queries import appointment_of, appointments, booking_json, what_giving_up_means
from apps.scheduling.rules.allocation import SOURCE_NAMES, BookingSource
from apps.scheduling.rules.appointments import OPEN, AppointmentState
from apps.scheduling.rules.giving_up import GivingUp

KINDS: dict[AppointmentState, str] = {
    AppointmentState.HELD: "booked",
    AppointmentState.BOOKED: "booked",
    AppointmentState.ARRIVED: "waiting",
    AppointmentState.CANCELLED: "missed",
    AppointmentState.NO_SHOW: "missed",
    AppointmentState.RESCHEDULED: "done",
}
"""What a state looks like: its colour and icon."""

NAMES: dict[AppointmentState, str] = {
    AppointmentState.HELD: sentence("Held for a moment"),
    AppointmentState.BOOKED: sentence("Booked"),
    AppointmentState.ARRIVED: sentence("Has come"),
    AppointmentState.CANCELLED: sentence("Cancelled"),
    AppointmentState.NO_SHOW: sentence("Did not come"),
    AppointmentState.RESCHEDULED: sentence("Moved"),
}


def booking_at_desk(booking_id: UUID, actor: Actor) -> Any:
    """A booking, for somebody who may see that department's. Raises `NotFound`."""
    row = appointment_of(booking_id)
    if not actor.may(Permission.QUEUE_READ, Scope(row.facility_id, row.department_id)):
        raise NotFound
    return row


def coming_of(patient_id: UUID, day: date) -> QuerySet[Any]:
    """Somebody's bookings from a day on that have not come to an end, the next first."""
    rows = appointments().filter(patient_id=patient_id, state__in=sorted(OPEN), day__gte=day)
    return rows.select_related("slot", "token", "doctor", "department", "visit_type").order_by("at")


def booking_row(row: Any, actor: Actor, now: datetime) -> dict[str, Any]:
    """A booking as the desk's lists show it; the view adds what can be done."""
    person, facility = brief(row.patient, now, actor), facility_facts(row.facility_id)
    return {
        "booking_id": row.id,
        "scope": Scope(row.facility_id, row.department_id),
        "at": row.at,
        "due": row.due,
        "token": row.token.label if row.token else "",
        "name": person["name"],
        "age_sex": person["age_sex"],
        "phone_last4": person.get("phone_last4", ""),
        "doctor_id": row.doctor_id,
        "doctor": named(row.doctor),
        "iso_day": row.day.isoformat(),
        "day": date_format(row.day, "D j M"),
        "time": facility.clock(row.at),
        "source": gettext(SOURCE_NAMES[BookingSource(row.source)]),
        "state": row.state,
        "state_kind": KINDS[AppointmentState(row.state)],
        "state_label": gettext(NAMES[AppointmentState(row.state)]),
        "tags": tags(row),
        "reason": row.reason if actor.sees(Fields.COMPLAINT) else "",
        "version": row.version,
    }


def tags(row: Any) -> list[str]:
    """What is out of the ordinary about a booking."""
    found = [named(row.visit_type)] if row.visit_type else []
    if row.late_until:
        late = gettext("Comes later: %(time)s")
        found.append(late % {"time": facility_facts(row.facility_id).clock(row.late_until)})
    if row.overflow:
        found.append(gettext("Extra place"))
    if row.displaced:
        moved = ngettext("Had to give way %(times)s time", "Had to give way %(times)s times", row.displaced)
        found.append(moved % {"times": row.displaced})
    return found


def bookings_json(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Bookings as the contract's `token`, with the time that is told at present: of the booking, or of the visit that
    has come of it. Two statements beside the rows."""
    in_line = Visit.objects.filter(token_id__in=[row.token_id for row in rows], state__in=sorted(QUEUED))
    visits = dict(in_line.values_list("token_id", "id"))
    subjects = {row.id: visits.get(row.token_id, row.id) for row in rows}
    said = said_of(subjects.values())
    return [booking_json(row) | _times(said.get(subjects[row.id])) for row in rows]


def _times(said: Said | None) -> dict[str, str]:
    return {"etaFrom": said.earliest.isoformat(), "etaTo": said.latest.isoformat()} if said else {}


def check_json(row: Any, now: datetime) -> dict[str, Any]:
    """What giving a booking up would mean, as `GET cancellations/check/{id}` tells it."""
    found = what_giving_up_means(row, now)
    back = MONEY.back(row, found.refund_percent)
    can = found.allowed and row.state == AppointmentState.BOOKED
    told = {
        "canCancel": can,
        "hoursUntilAppointment": found.hours,
        "lateFee": found.late,
        "refundPercentage": found.refund_percent if can else 0,
        "refundAmount": back.amount if back and can else None,
        "message": " ".join([_sentence(found, row.state), *([back.text] if back else [])]),
    }
    return CheckOut.of(told)


def check_lines(row: Any, now: datetime) -> list[str]:
    """The same in sentences for the desk, which may also cancel when it is late."""
    found = what_giving_up_means(row, now)
    lines = [_notice(found.notice)]
    lines.append(gettext("Of the fee %(percent)s %% comes back.") % {"percent": found.refund_percent})
    lines.append(gettext("All of it comes back if it is not the person who wishes it."))
    back = MONEY.back(row, found.refund_percent)
    if back:
        lines.append(back.text)
    if found.late:
        lines.append(gettext("It is less than a day before: a late fee is due."))
    return lines


def _notice(left: timedelta) -> str:
    minutes = int(left.total_seconds() // 60)
    if minutes < 0:
        return gettext("The time of the appointment is past.")
    if minutes < 60:
        return gettext("The appointment is in %(minutes)s min.") % {"minutes": minutes}
    hours = minutes // 60
    told = ngettext("The appointment is in %(hours)s hour.", "The appointment is in %(hours)s hours.", hours)
    return told % {"hours": hours}


def _sentence(found: GivingUp, state: str) -> str:
    if state != AppointmentState.BOOKED:
        return gettext("This booking has ended or the person is already here.")
    if not found.allowed:
        return gettext("Less than 30 minutes are left. Please call the desk.")
    if found.late:
        hours = int(found.notice.total_seconds() // 3600)
        told = ngettext(
            "Only %(hours)s hour is left: %(percent)s %% comes back.",
            "Only %(hours)s hours are left: %(percent)s %% comes back.",
            hours,
        )
        return told % {"hours": hours, "percent": found.refund_percent}
    if found.refund_percent < 100:
        return gettext("Of the fee %(percent)s %% comes back.") % {"percent": found.refund_percent}
    return gettext("The whole fee comes back.")


def clock_range(starts_at: datetime, ends_at: datetime, facility: FacilityFacts) -> str:
    """`10:00–11:00` by the facility's clock."""
    return f"{facility.clock(starts_at)}–{facility.clock(ends_at)}"
