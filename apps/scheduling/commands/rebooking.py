"""Another place for somebody who had one: moved by a wish, or offered after the hospital had to cancel."""

from datetime import datetime
from uuid import UUID

from apps.core.commands import step, unit
from apps.core.queries import one
from apps.scheduling.commands.booking import end, seat, tell_moved
from apps.scheduling.commands.hall import AlreadyBooked, Hall, NotPossibleNow, SlotGone, Wish
from apps.scheduling.commands.limits import require_within_limits
from apps.scheduling.commands.waiting import wait_no_more
from apps.scheduling.models import Appointment, Slot
from apps.scheduling.queries import bookable, has_booking, seated_since
from apps.scheduling.rules.allocation import BookingSource, Place
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.lengths import Length


@step
def place_instead(row: Appointment, slot_id: UUID) -> Appointment:
    """Give somebody a free place in another slot in exchange for theirs, without moving anybody for it.

    Raises `SlotGone` when that slot is over, closed, full or another department's; `AlreadyBooked`, and what the
    department's limits refuse.
    """
    slot = _other_slot(row, slot_id)
    end(row, AppointmentState.RESCHEDULED, "")
    return _seat_again(row, slot)


@step
def place_again(row: Appointment, slot_id: UUID) -> Appointment:
    """Give somebody whose booking was cancelled a free place in another slot, without moving anybody for it.

    Who was put on the waiting list in its place waits no more. Raises as `place_instead`; `NotPossibleNow` for a
    booking that was not cancelled, or has another in its place, also by the waiting list.
    """
    replaced = Appointment.objects.filter(moved_from=row).exists()
    if row.state != AppointmentState.CANCELLED or replaced or seated_since(row):
        raise NotPossibleNow(extra={"state": row.state, "version": row.version})
    fresh = _seat_again(row, _other_slot(row, slot_id))
    wait_no_more(fresh, any_day=True)
    return fresh


def _other_slot(row: Appointment, slot_id: UUID) -> Slot:
    """A slot of the same doctor and department that can still be booked. Raises `SlotGone`."""
    slot = one(bookable(row.doctor_id, unit().now).filter(id=slot_id, department_id=row.department_id))
    if slot is None:
        raise SlotGone
    return slot


def _seat_again(row: Appointment, slot: Slot) -> Appointment:
    """The booking that follows upon another one of the same person, its link with it."""
    source = BookingSource(row.source)
    wish = Wish(
        row.department_id,
        row.doctor_id,
        row.patient_id,
        source,
        slot.day,
        slot.id,
        row.reason,
        length=Length(row.visit_type_id, row.minutes),
    )
    if has_booking(wish.patient_id, wish.doctor_id, wish.day):
        raise AlreadyBooked
    hall = Hall(wish.department_id, wish.doctor_id, unit().now)
    require_within_limits(wish, hall.limits)
    decision = hall.decide(wish, gently=True)
    if not isinstance(decision, Place) or decision.slot_id != slot.id:
        raise SlotGone
    fresh = seat(hall.slots[slot.id], hall.live[slot.id], wish, moved_from=row)
    wait_no_more(fresh)
    return fresh


@step
def note_late(row: Appointment, until: datetime) -> Appointment:
    """Note when somebody will be here who cannot come at their time. Raises `NotPossibleNow` once they are here."""
    if row.state != AppointmentState.BOOKED:
        raise NotPossibleNow(extra={"state": row.state, "version": row.version})
    tell_moved(row, "appointment.late", late_until=until)
    return row
