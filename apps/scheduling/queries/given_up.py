"""What was given up: the history, and how often it happens."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from apps.core.policy import ActorType
from apps.scheduling.models import Appointment, WaitingEntry
from apps.scheduling.queries.bookings import appointments
from apps.scheduling.queries.shapes import GivenUpOut, GivingUpCountsOut, RefundOut
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.giving_up import LATE_WITHIN, GivingUp, giving_up

S = AppointmentState

OURS = (ActorType.STAFF, ActorType.SYSTEM)
"""By whom a booking was ended that the hospital ended: neither who booked it nor anybody at their wish."""


def was_cancelled_by_us(row: Appointment) -> bool:
    """Whether it was the hospital that cancelled a booking, so that it owes another time and the whole fee."""
    return bool(row.state == S.CANCELLED and row.token_id and row.ended_by in OURS)


def what_giving_up_means(row: Appointment, now: datetime) -> GivingUp:
    """What giving a booking up meant when it was, or would mean if it were now: by the hospital's own table."""
    at = row.ended_at if row.state == S.CANCELLED and row.ended_at else now
    return giving_up(row.at, at, settings.REFUNDS, by_us=was_cancelled_by_us(row))


def given_up() -> QuerySet[Appointment]:
    """Bookings that were cancelled, the latest first. A hold that nobody confirmed is none."""
    return appointments().filter(state=S.CANCELLED, token__isnull=False).order_by("-ended_at", "id")


def given_up_json(row: Appointment) -> dict[str, Any]:
    """A cancelled booking as a row of the history, with what comes back by notice (D10)."""
    ended = row.ended_at or row.at
    return GivenUpOut.of({"row": row, "ended": ended, "found": what_giving_up_means(row, ended)})


def refund_json(row: Appointment, now: datetime) -> dict[str, Any]:
    """What comes back for a booking that was given up, or would come back if it were now: a figure only."""
    return RefundOut.of({"row": row, "found": what_giving_up_means(row, now)})


def giving_up_counts(rows: QuerySet[Appointment], first: date, last: date) -> dict[str, Any]:
    """How many of some bookings of these days were given up, how late, and who got a place by it. Two queries."""
    ended = Q(state=S.CANCELLED, token__isnull=False)
    late = ended & Q(ended_at__gt=F("at") - LATE_WITHIN)
    too_late = ended & Q(ended_at__gt=F("at") - settings.REFUNDS[-1][0]) & ~Q(ended_by__in=OURS)
    counted = rows.filter(day__range=(first, last), token__isnull=False).order_by()
    found = counted.aggregate(
        total=Count("id"),
        cancelled=Count("id", filter=ended),
        late=Count("id", filter=late),
        nothing_back=Count("id", filter=too_late),
        missed=Count("id", filter=Q(state=S.NO_SHOW)),
        moved=Count("id", filter=Q(state=S.RESCHEDULED)),
    )
    promoted = WaitingEntry.objects.filter(appointment__in=counted.values("id")).count()
    total = found["total"]
    counts = {
        "from": first,
        "to": last,
        "totalBookings": total,
        "cancelled": found["cancelled"],
        "cancellationRate": round(found["cancelled"] / total, 3) if total else 0.0,
        "lateCancellations": found["late"],
        "withoutRefund": found["nothing_back"],
        "noShows": found["missed"],
        "rescheduled": found["moved"],
        "promotedFromWaitingList": promoted,
    }
    return GivingUpCountsOut.of(counts)
