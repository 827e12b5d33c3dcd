"""More places than a slot has, because some who are booked will probably not come: advised by the house, opened by a
person, gone when the slot is over (requirements ETA-4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.commands import command
from apps.core.errors import Conflict, sentence
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.queue.commands.telling import give_on
from apps.queue.queries.overbooking import advice_for
from apps.scheduling.commands import locked_slot, overbook, promote
from apps.scheduling.queries import slot_of
from apps.scheduling.rules.capacity import OVERBOOKED


class NotAdvised(Conflict):
    code = "not_advised"
    detail = sentence("So many will probably come that more places would make people wait. Look at the advice again.")


class Stretched(Conflict):
    code = "stretched"
    detail = sentence("An emergency is using this time, and it has more places for that. Wait until it is over.")


@command
def open_beyond(*, actor: Actor, now: datetime, slot_id: UUID, places: int, reason: str = "") -> Any:
    """Let a slot take so many people beyond its usual places, at most as many as are advised now; 0 takes it back.
    Who waits for the day is offered them at once. A slot that is stretched for an emergency is left to that.

    Raises `NotAdvised`, `Stretched`, `SlotOver`.
    """
    found = slot_of(slot_id)
    actor.require(Permission.SCHEDULE_CHANGE, Scope(actor.facility_id, found.department_id))
    lock_streams(department_stream(found.department_id))
    slot = locked_slot(slot_id)
    if slot.emergency_level not in ("", OVERBOOKED):
        raise Stretched
    if places < 0 or (places and places > advice_for(slot, now).places):
        raise NotAdvised
    overbook(slot, places, reason)
    if places:
        give_on(promote(slot.department_id, slot.doctor_id, slot.day))
    return slot_of(slot_id)
