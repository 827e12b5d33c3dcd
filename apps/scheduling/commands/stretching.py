"""Elastic capacity: in an emergency a slot takes more people, until it ends."""

from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import step, unit
from apps.core.errors import Conflict, sentence
from apps.core.outbox import emit
from apps.scheduling import events
from apps.scheduling.models import Appointment, Slot
from apps.scheduling.queries import live_appointments
from apps.scheduling.rules.capacity import OVERBOOKED, Stretch, stretched


class SlotOver(Conflict):
    code = "slot_over"
    detail = sentence("This time is over or closed, so that nothing about it can be changed.")


@step
def locked_slot(slot_id: UUID) -> Slot:
    """A slot as it is now, locked."""
    return Slot.objects.select_for_update().get(id=slot_id)


@step
def stretch(slot: Slot, level: Stretch | None, reason: str = "") -> Slot:
    """Let a slot take more people, or as many as usual again (None). The usual number is what a level counts from,
    whatever the level before. Who then has a place beyond the usual ones keeps it, flagged. Raises `SlotOver`."""
    if slot.closed_at or slot.ends_at <= unit().now:
        raise SlotOver
    return _stretch(slot, level or "", reason)


@step
def overbook(slot: Slot, extra: int, reason: str = "") -> Slot:
    """Let a slot take so many people beyond its usual places because some will probably not come; none again with 0.
    Whoever came in by it keeps the place. Raises `SlotOver`."""
    if slot.closed_at or slot.ends_at <= unit().now:
        raise SlotOver
    return _stretch(slot, OVERBOOKED if extra else "", reason, extra)


@step
def end_stretches(slots: list[Slot]) -> list[Slot]:
    """Give slots that are over their usual number of places back."""
    return [_stretch(slot, "", "the slot is over") for slot in slots]


def _stretch(slot: Slot, level: str, reason: str, extra: int = 0) -> Slot:
    before = {"capacity": slot.capacity, "emergencyLevel": slot.emergency_level}
    usual = slot.usual_capacity or slot.capacity
    slot.capacity = stretched(usual, Stretch(level)) if level in list(Stretch) else usual + extra
    slot.usual_capacity = usual if level else None
    slot.emergency_level = level
    live = live_appointments([slot.id])[slot.id]
    slot.overflow = _flag(live, slot.capacity)
    slot.version += 1
    slot.save(update_fields=["capacity", "usual_capacity", "emergency_level", "overflow", "version"])
    after = {"capacity": slot.capacity, "emergencyLevel": slot.emergency_level}
    record(action="slot.stretched", entity_type="slot", entity_id=slot.id, before=before, after=after, reason=reason)
    emit(events.slot_changed(slot.department_id, slot.id, slot.version, slot.capacity))
    return slot


def _flag(live: list[Appointment], capacity: int) -> int:
    """Say of each who has a place whether it is one beyond the capacity; how many places are. Whoever was beyond it
    before is so first, then whoever has the latest place."""
    beyond, flagged = sum(row.places for row in live) - capacity, 0
    for row in sorted(live, key=lambda row: (not row.overflow, -row.place)):
        is_beyond = flagged < beyond
        if row.overflow != is_beyond:
            row.overflow = is_beyond
            row.save(update_fields=["overflow"])
        flagged += row.places if is_beyond else 0
    return flagged
