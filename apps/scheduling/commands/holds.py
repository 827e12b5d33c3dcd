"""A place is held for a moment, then booked or free again. What is due is ended here, whoever comes by first."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from apps.core.commands import step, unit
from apps.core.errors import Conflict, sentence
from apps.scheduling import events
from apps.scheduling.commands.booking import (
    confirm,
    end,
    sit,
    tell,
)
from apps.scheduling.commands.hall import (
    AlreadyBooked,
    Hall,
    SlotGone,
    Wish,
)
from apps.scheduling.commands.limits import require_within_limits
from apps.scheduling.commands.promotion import promote
from apps.scheduling.commands.waiting import (
    end_waiting,
    wait_no_more,
)
from apps.scheduling.models import Appointment
from apps.scheduling.queries import consent_of, has_booking, lapsed_holds, overdue_entries
from apps.scheduling.rules.allocation import Place
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.offers import has_lapsed
from apps.scheduling.rules.waiting import WaitingState

HOLD_OVER = "the hold was over"


class HoldOver(Conflict):
    code = "hold_expired"
    detail = sentence("This place was held for you, but the time is over. Please choose again.")


@step
def hold(wish: Wish) -> Appointment:
    """Hold a free place of a slot, without a number and without moving anybody. Raises `SlotGone`, `AlreadyBooked`."""
    if has_booking(wish.patient_id, wish.doctor_id, wish.day):
        raise AlreadyBooked
    hall = Hall(wish.department_id, wish.doctor_id, unit().now)
    require_within_limits(wish, hall.limits)
    decision = hall.decide(wish, gently=True)
    if not isinstance(decision, Place) or decision.slot_id != wish.slot_id:
        raise SlotGone
    slot, live = hall.slots[decision.slot_id], hall.live[decision.slot_id]
    ends = unit().now + consent_of(wish.department_id).hold
    row = sit(slot, live, wish, state=AppointmentState.HELD, hold_expires_at=ends)
    tell(row, "appointment.held", events.HELD)
    return row


@step
def confirm_hold(row: Appointment) -> Appointment:
    """Book what was held. Raises `HoldOver` from the moment it is over, swept or not, and `NotPossibleNow`."""
    if row.state == AppointmentState.HELD and has_lapsed(row.hold_expires_at, unit().now):
        raise HoldOver
    if row.state == AppointmentState.CANCELLED and row.end_reason == HOLD_OVER:
        raise HoldOver
    confirm(row)
    wait_no_more(row)
    return row


@step
def lapse(department_id: UUID, doctor_id: UUID | None = None, spare: timedelta = timedelta()) -> list[Appointment]:
    """End the holds whose time is over, of one doctor or of a department, and give the places on: who got one. Holds
    younger than `spare` are left as they are."""
    due = lapsed_holds(unit().now, spare).filter(department_id=department_id)
    if doctor_id:
        due = due.filter(doctor_id=doctor_id)
    ended = [
        end(row, AppointmentState.CANCELLED, HOLD_OVER)
        for row in due.select_related("slot", "token").select_for_update(of=("self",)).order_by("id")
    ]
    return _give_on(department_id, {(row.doctor_id, row.day) for row in ended})


@step
def expire_waiting(department_id: UUID, spare: timedelta = timedelta()) -> int:
    """Take everybody off a department's waiting lists whose time there is over, unless they have waited for less
    than `spare`; how many."""
    due = overdue_entries(unit().now, spare).filter(department_id=department_id)
    return len([end_waiting(entry, WaitingState.EXPIRED) for entry in due.select_for_update().order_by("id")])


def _give_on(department_id: UUID, freed: Iterable[tuple[UUID, date]]) -> list[Appointment]:
    return [row for doctor_id, day in sorted(freed) for row in promote(department_id, doctor_id, day)]
