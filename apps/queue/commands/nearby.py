"""Somebody with a booking checks in by themselves: by a phone that is at the hospital."""

from datetime import datetime
from uuid import UUID

from apps.accounts.queries import facility_facts, facility_position
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, sentence
from apps.core.policy import Actor, Permission
from apps.patients.queries import get_active
from apps.queue.commands.arriving import Arrived, enter_booked, lock_arrival
from apps.queue.commands.booking import OtherDay
from apps.queue.queries.own_bookings import require_own
from apps.queue.rules.geofence import OPENS, Position, Verdict, band, is_open, verdict
from apps.scheduling.commands import locked_booking, mark_arrived
from apps.scheduling.queries import appointment_of


class TooFar(Conflict):
    code = "too_far"
    detail = sentence(
        "Your phone is not at the hospital yet. Check in when you are here, or show your number at the desk."
    )


class TooEarly(Conflict):
    code = "too_early"
    detail = sentence("You can check in by phone from %(minutes)s minutes before your time.")


@command
def arrive_by_phone(*, actor: Actor, now: datetime, booking_id: UUID, phone: Position | None = None) -> Arrived:
    """Check in with the own booking by a phone at the hospital. In doubt about where it is, the visit waits for the
    desk's look (SCANNED). Kept are the verdict and how far away, coarsely: never where.

    Raises `TooFar`, `TooEarly`, `OtherDay`, `NotFound` for somebody else's, and what `arrive` raises.
    """
    found = appointment_of(booking_id)
    require_own(actor, found, Permission.BOOKING_CHANGE_OWN)
    lock_arrival(found.department_id, found.visit_type_id)
    row = locked_booking(found.id)
    if row.day != facility_facts(row.facility_id).day_of(now):
        raise OtherDay
    if not is_open(now, row.at):
        raise TooEarly(minutes=int(OPENS.total_seconds() // 60))
    hospital = facility_position(row.facility_id)
    here = verdict(Position(*hospital) if hospital else None, phone)
    if here is Verdict.OUTSIDE:
        raise TooFar
    patient = get_active(row.patient_id)
    mark_arrived(row)
    arrived = enter_booked(row, patient, unproven=here is Verdict.DOUBT)
    record(
        action="visit.geofence",
        entity_type="visit",
        entity_id=arrived.visit.id,
        after={"verdict": str(here), "band": band(Position(*hospital) if hospital else None, phone)},
    )
    return arrived
