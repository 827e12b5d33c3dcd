"""Slots close and open again, and people go elsewhere: steps for the commands of `queue`.

The streams of the doctor's departments must be locked by the caller.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.audit.commands import record
from apps.core.commands import step, unit
from apps.core.errors import Conflict, sentence
from apps.core.outbox import emit
from apps.scheduling import events
from apps.scheduling.commands.booking import (
    end,
    rehouse,
    tell_moved,
)
from apps.scheduling.commands.hall import (
    SlotGone,
    Wish,
)
from apps.scheduling.commands.waiting import (
    AlreadyWaiting,
    enlist,
)
from apps.scheduling.models import Appointment, Leave, LeaveCase, LeaveSlot, Slot, WaitingEntry
from apps.scheduling.queries import as_value, bookable, has_booking, live_appointments, places_for
from apps.scheduling.queries.leave import Decided, Plan
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import OPEN, AppointmentState
from apps.scheduling.rules.leave import Fate
from apps.scheduling.rules.lengths import Length

REASON_OF_SLOT = 80


class AlreadyAway(Conflict):
    code = "already_away"
    detail = sentence("This doctor is already away for a part of this time. Withdraw that leave first.")


class LeaveIsOver(Conflict):
    code = "leave_is_over"
    detail = sentence("This leave was withdrawn already, or it is over.")


@step
def declare_leave(*, facility_id: UUID, doctor_id: UUID, starts_at: datetime, ends_at: datetime, reason: str) -> Leave:
    """Write that a doctor is away. Raises `AlreadyAway` when another leave holds for a part of the time."""
    leave = Leave(
        facility_id=facility_id,
        doctor_id=doctor_id,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        taken_at=unit().now,
    )
    try:
        with transaction.atomic():
            leave.save(force_insert=True)
    except IntegrityError as twin:
        if "leaves_of_a_doctor_do_not_overlap" in str(twin):
            raise AlreadyAway from twin
        raise
    record(action="leave.taken", entity_type="leave", entity_id=leave.id, after=_values(leave), reason=reason)
    emit(events.leave_changed(events.LEAVE_DECLARED, facility_id, leave.id, doctor_id, starts_at, ends_at))
    return leave


@step
def note_begun(leave: Leave) -> None:
    """Note that the doctor has gone."""
    leave.begun_at = unit().now
    leave.save(update_fields=["begun_at"])
    record(action="leave.begun", entity_type="leave", entity_id=leave.id)


@step
def close_slots(plan: Plan, reason: str) -> None:
    """Close the plan's slots: nobody books them any more, and whoever only held a place for a moment lets it go."""
    for slot in plan.closed:
        slot.closed_at, slot.closed_reason, slot.version = unit().now, reason[:REASON_OF_SLOT], slot.version + 1
    Slot.objects.bulk_update(plan.closed, ["closed_at", "closed_reason", "version"], batch_size=500)
    for row in plan.held:
        end(row, AppointmentState.CANCELLED, reason)
        slot = plan.slots[row.slot_id]
        slot.refresh_from_db()
        plan.live[slot.id] = [other for other in plan.live[slot.id] if other.id != row.id]


@step
def carry_out(plan: Plan, leave: Leave) -> list[LeaveCase]:
    """Let everybody go where the plan says, and keep what the leave meant for each, so that it can be undone."""
    LeaveSlot.objects.bulk_create([LeaveSlot(leave=leave, slot=slot) for slot in plan.closed])
    cases = []
    for one in plan.decided:
        row, origin = one.row, plan.slots[one.row.slot_id]
        case = LeaveCase(
            facility_id=leave.facility_id,
            leave=leave,
            fate=one.fate,
            appointment=row,
            from_slot=origin,
            from_at=row.at,
            overflow=row.overflow,
        )
        send_on(plan, one)
        case.version = row.version
        cases.append(case)
    LeaveCase.objects.bulk_create(cases)
    return cases


@step
def keep_visits(leave: Leave, visits: Iterable[tuple[UUID, int]]) -> None:
    """Keep which visits went on to somebody else, by id and version, so that it can be undone."""
    LeaveCase.objects.bulk_create(
        LeaveCase(facility_id=leave.facility_id, leave=leave, fate=Fate.REASSIGNED, visit_id=visit_id, version=version)
        for visit_id, version in visits
    )


@step
def send_on(plan: Plan, one: Decided) -> None:
    """Move one booking where the plan says; whoever is left to the desk stays where they are, which is told."""
    if one.slot is None:
        record(action="appointment.escalated", entity_type="appointment", entity_id=one.row.id)
        return
    origin = plan.slots[one.row.slot_id]
    rehouse(one.row, one.slot, origin, plan.live, action=f"appointment.{one.fate}", overflow=one.overflows)


@step
def onto_waiting_list(row: Appointment, reason: str) -> WaitingEntry | None:
    """Give up a booking that finds no place, for one on the doctor's waiting list of the next day with slots; None
    when the person waits there already."""
    end(row, AppointmentState.CANCELLED, reason)
    days = bookable(row.doctor_id, unit().now).filter(department_id=row.department_id, day__gte=row.day)
    day = days.values_list("day", flat=True).first() or row.day
    source = BookingSource(row.source)
    length = Length(row.visit_type_id, row.minutes)
    wish = Wish(row.department_id, row.doctor_id, row.patient_id, source, day, reason=row.reason, length=length)
    try:
        return enlist(wish)
    except AlreadyWaiting:
        return None


@step
def place_stranded(row: Appointment, slot_id: UUID) -> Appointment:
    """Give somebody whom nobody could place a free place that a person has chosen. Raises `SlotGone`."""
    if slot_id not in {slot.id for slot in places_for(row, unit().now)}:
        raise SlotGone
    ids = [row.slot_id, slot_id]
    slots = {slot.id: slot for slot in Slot.objects.filter(id__in=ids).order_by("id").select_for_update()}
    origin, live = slots[row.slot_id], live_appointments(ids)
    return rehouse(row, slots[slot_id], origin, live, action="appointment.placed", earliest=unit().now)


@step
def withdraw_leave(leave: Leave) -> list[Slot]:
    """Write that a doctor is not away after all; the slots that are open again. Raises `LeaveIsOver`."""
    if leave.undone_at or leave.ends_at <= unit().now:
        raise LeaveIsOver
    leave.undone_at = unit().now
    leave.save(update_fields=["undone_at"])
    record(action="leave.undone", entity_type="leave", entity_id=leave.id, before=_values(leave))
    emit(
        events.leave_changed(
            events.LEAVE_UNDONE, leave.facility_id, leave.id, leave.doctor_id, leave.starts_at, leave.ends_at
        )
    )
    closed = Slot.objects.filter(id__in=leave.closed.values("slot_id"), closed_at__isnull=False)
    return [slot for slot in closed.filter(ends_at__gt=unit().now).order_by("id").select_for_update() if _open(slot)]


def _open(slot: Slot) -> bool:
    """Open a slot again, unless there is another one at its time by now."""
    slot.closed_at, slot.closed_reason, slot.version = None, "", slot.version + 1
    try:
        with transaction.atomic():
            slot.save(update_fields=["closed_at", "closed_reason", "version"])
    except IntegrityError as overlap:
        if "slots_of_a_doctor_do_not_overlap" not in str(overlap):
            raise
        return False
    return True


@step
def put_back(leave: Leave, opened: Iterable[Slot]) -> list[tuple[Appointment, Slot]]:
    """Bring back whoever was moved for a leave and has not been touched since, if their old time is still to come:
    the bookings, each with the slot that it leaves free."""
    there = {slot.id: slot for slot in opened}
    cases = leave.cases.filter(from_slot_id__in=there, put_back_at__isnull=True).exclude(fate=Fate.ESCALATED)
    found = cases.select_related("appointment__token").filter(from_at__gt=unit().now).order_by("from_at", "id")
    wanted = [case for case in found if _untouched(case)]
    left = {case.appointment.slot_id for case in wanted if case.appointment}
    for slot in Slot.objects.filter(id__in=left - set(there)).order_by("id").select_for_update():
        there[slot.id] = slot
    live = live_appointments(there)
    return [came for case in wanted if (came := _back(case, there, live))]


def _untouched(case: LeaveCase) -> bool:
    row = case.appointment
    return row is not None and row.state == AppointmentState.BOOKED and row.version == case.version


def _back(
    case: LeaveCase, slots: dict[UUID, Slot], live: dict[UUID, list[Appointment]]
) -> tuple[Appointment, Slot] | None:
    row = case.appointment
    assert row is not None  # only bookings are asked for
    home, left = slots[case.from_slot_id], slots[row.slot_id]  # type: ignore[index]  # bookings have one
    elsewhere = (row.doctor_id, row.day) != (home.doctor_id, home.day)
    if elsewhere and has_booking(row.patient_id, home.doctor_id, home.day):
        return None
    if not case.overflow and not as_value(home, live[home.id]).has_places_for(row.minutes):
        return None
    rehouse(row, home, left, live, action="appointment.put_back", earliest=case.from_at, overflow=case.overflow)
    case.put_back_at = unit().now
    case.save(update_fields=["put_back_at"])
    return row, left


@step
def delay_slots(slots: list[Slot], minutes: int) -> list[Appointment]:
    """Let slots run so many minutes late, or on time again; the bookings whose time that changed. Slots that do
    already stay as they are. The rows keep their planned times, so that a delay is no overlap and can be taken back."""
    live = live_appointments(slot.id for slot in slots)
    changed = []
    for slot in slots:
        later = timedelta(minutes=minutes - slot.delay_minutes)
        if not later:
            continue
        slot.delay_minutes, slot.version = minutes, slot.version + 1
        slot.save(update_fields=["delay_minutes", "version"])
        for row in live[slot.id]:
            if row.state in OPEN:
                tell_moved(row, "appointment.delayed", at=row.at + later)
                changed.append(row)
    return changed


def _values(leave: Leave) -> dict[str, str]:
    return {
        "doctorId": str(leave.doctor_id),
        "from": leave.starts_at.isoformat(),
        "to": leave.ends_at.isoformat(),
    }
