"""A doctor is late: times shift, and everybody hears of it once (requirements SCH-10)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.policy import Actor
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue.commands.leaving import lock_doctor, tell_screens
from apps.queue.commands.telling import tell_people
from apps.queue.models import Visit
from apps.queue.rules.states import QUEUED
from apps.scheduling.commands import delay_slots
from apps.scheduling.queries import slot_of, slots_to_delay
from apps.scheduling.rules.leave import LONGEST_DELAY

LATER = wording(
    "later",
    Kind.DELAY,
    sentence("{hospital}: {doctor} is late. Your booking {token} is now expected on {when}. We are sorry."),
)
SOONER = wording(
    "sooner", Kind.DELAY, sentence("{hospital}: {doctor} catches up. Please come for your booking {token} on {when}.")
)
WAITS = wording(
    "late",
    Kind.DELAY,
    sentence("{hospital}: {doctor} is about {minutes} min late. {token} keeps its place. We are sorry."),
)
ON_TIME = wording("on_time", Kind.DELAY, sentence("{hospital}: {doctor} is no longer late. {token} keeps its place."))


class NothingToDelay(Conflict):
    code = "nothing_to_delay"
    detail = sentence("This doctor has no slots left then, so that nobody's time can shift.")


@dataclass(slots=True)
class Delayed:
    """A doctor's delay: whose bookings it shifted, who is here and waits, and who has to be called."""

    doctor_id: UUID
    minutes: int
    shifted: list[Any] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)
    untold: list[Any] = field(default_factory=list)


@command
def delay_doctor(
    *, actor: Actor, now: datetime, doctor_id: UUID, minutes: int, reason: str = "", slot_id: UUID | None = None
) -> Delayed:
    """Say how late a doctor is: all of today's slots that are not over, or one slot and those after it on its day.

    `minutes` is the delay in all, not in addition to one that was said before: the same again changes nothing and
    tells nobody, and 0 takes it back. Raises `Invalid` beyond four hours, `NothingToDelay`, `NotFound`.
    """
    if not 0 <= minutes <= LONGEST_DELAY:
        raise Invalid({"minutes": [sentence("A delay is from 0 to 240 minutes. For more, enter a leave.")]})
    facility_id = lock_doctor(doctor_id)
    today = facility_facts(facility_id).day_of(now)
    slots = _slots(doctor_id, slot_id, today, minutes, now)
    before = {slot.delay_minutes for slot in slots}
    changed = before - {minutes}
    delayed = Delayed(doctor_id, minutes)
    if not changed:
        return delayed
    delayed.shifted = delay_slots(slots, minutes)
    if slot_id is None:
        queued = Visit.objects.filter(doctor_id=doctor_id, state__in=sorted(QUEUED))
        delayed.waiting = list(queued.select_related("token").order_by("number"))
    record(
        action="doctor.delayed",
        entity_type="doctor",
        entity_id=doctor_id,
        before={"minutes": max(before)},
        after={"minutes": minutes, "bookings": len(delayed.shifted)},
        reason=reason,
    )
    delayed.untold = _tell(delayed, later=minutes > max(changed))
    tell_screens(doctor_id, "doctor_delay")
    return delayed


def _slots(doctor_id: UUID, slot_id: UUID | None, today: date, minutes: int, now: datetime) -> list[Any]:
    """The slots it is about, locked in order of their ids, then in order of time. Raises `NothingToDelay`."""
    first = slot_of(slot_id) if slot_id else None
    if first and first.doctor_id != doctor_id:
        raise NotFound
    locked = slots_to_delay(doctor_id, today, first).order_by("id").select_for_update()
    there = [slot for slot in locked if not (slot.is_over(now) and slot.is_over(now, minutes))]
    if not there:
        raise NothingToDelay
    return sorted(there, key=lambda slot: slot.starts_at)


def _tell(delayed: Delayed, *, later: bool) -> list[Any]:
    """Each of them once for this change; who cannot be told."""
    change = str(uuid4())
    untold = tell_people(delayed.shifted, LATER if later else SOONER, change)
    words = WAITS if delayed.minutes else ON_TIME
    return [*untold, *tell_people(delayed.waiting, words, change, minutes=str(delayed.minutes))]
