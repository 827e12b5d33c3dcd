"""A booking goes to another doctor of the department: a step for the commands of `queue`.

The stream of the department must be locked by the caller.
"""

from uuid import UUID

from apps.core.commands import step, unit
from apps.scheduling.commands.booking import rehouse
from apps.scheduling.models import Appointment, Slot
from apps.scheduling.queries import live_appointments, places_for
from apps.scheduling.rules.appointments import AppointmentState


@step
def hand_over(row: Appointment, doctor_id: UUID, reason: str) -> bool:
    """Give somebody a free place of another doctor's on the same day, not before their time; whether there was one."""
    if row.state != AppointmentState.BOOKED or row.doctor_id == doctor_id:
        return False
    found = places_for(row, unit().now)
    free = [slot for slot in found if (slot.doctor_id, slot.day) == (doctor_id, row.day) and slot.ends_at > row.at]
    if not free:
        return False
    ids = [row.slot_id, free[0].id]
    slots = {slot.id: slot for slot in Slot.objects.filter(id__in=ids).order_by("id").select_for_update()}
    live, target = live_appointments(ids), slots[free[0].id]
    rehouse(row, target, slots[row.slot_id], live, action="appointment.reassigned", reason=reason)
    return True
