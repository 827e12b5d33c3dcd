"""Leave and closed sessions: whom they would concern, and where these people could go. Reads only."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, prefetch_related_objects

from apps.core.errors import NotFound
from apps.core.queries import one
from apps.scheduling.models import Appointment, Leave, LeaveCase, Slot, WaitingEntry
from apps.scheduling.queries.bookings import rules_of
from apps.scheduling.queries.shapes import DecidedOut
from apps.scheduling.queries.slots import as_value, live_appointments
from apps.scheduling.rules.allocation import REFUGE_DAYS, BookingSource
from apps.scheduling.rules.appointments import LIVE, AppointmentState
from apps.scheduling.rules.leave import Fate
from apps.scheduling.rules.redistribution import Affected, Days, Moved, Refuge, redistribute
from apps.scheduling.rules.waiting import WaitingState

DAY = timedelta(days=1)


@dataclass(slots=True)
class Decided:
    """What becomes of one booking: its fate, and the slot it goes to unless the desk decides. What it was before
    stands beside, for the row changes when this is carried out."""

    row: Appointment
    fate: Fate
    slot: Slot | None = None
    overflows: bool = False
    was_with: UUID = field(init=False)
    was_in: UUID = field(init=False)
    was_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.was_with, self.was_in, self.was_at = self.row.doctor_id, self.row.slot_id, self.row.at

    @property
    def goes_to(self) -> Slot | Appointment:
        """Whose doctor and day it has then: those of another slot, or those it had."""
        return self.slot or self.row


@dataclass(slots=True)
class Plan:
    """What closing some slots of a doctor means. `live` is who has a place, by slot, of all slots that were read."""

    doctor_id: UUID
    closed: list[Slot]
    slots: dict[UUID, Slot] = field(default_factory=dict)
    live: dict[UUID, list[Appointment]] = field(default_factory=dict)
    decided: list[Decided] = field(default_factory=list)
    held: list[Appointment] = field(default_factory=list)
    arrived: list[Appointment] = field(default_factory=list)

    def of(self, fate: Fate) -> list[Decided]:
        """Whoever has this fate."""
        return [one for one in self.decided if one.fate is fate]

    def with_people(self) -> list[Decided]:
        """Everybody, with person and number read, for a page."""
        prefetch_related_objects([one.row for one in self.decided], "token", "patient")
        return self.decided


def leaves() -> QuerySet[Leave]:
    """Leaves of the facility in scope that hold, by their beginning."""
    return Leave.objects.filter(undone_at__isnull=True).select_related("doctor").order_by("starts_at")


def due_leaves(now: datetime) -> QuerySet[Leave]:
    """Leaves that have come while their doctors have not gone yet."""
    return Leave.objects.filter(starts_at__lte=now, ends_at__gt=now, undone_at=None, begun_at=None)


def leave_of(leave_id: UUID, doctor_id: UUID) -> Leave:
    """A doctor's leave, withdrawn or not. Raises `NotFound`."""
    found = Leave.objects.select_related("doctor").filter(id=leave_id, doctor_id=doctor_id).first()
    if found is None:
        raise NotFound
    return found


def slot_of(slot_id: UUID) -> Slot:
    """A slot with its doctor. Raises `NotFound`."""
    found = one(Slot.objects.select_related("doctor").filter(id=slot_id))
    if found is None:
        raise NotFound
    return found


def slots_between(doctor_id: UUID, starts_at: datetime, ends_at: datetime, now: datetime) -> QuerySet[Slot]:
    """A doctor's open slots that have a moment in common with a time, and are not over."""
    met = Slot.objects.filter(doctor_id=doctor_id, starts_at__lt=ends_at, ends_at__gt=starts_at)
    return met.filter(ends_at__gt=now, closed_at__isnull=True).order_by("starts_at")


def session_of(slot: Slot, now: datetime) -> list[Slot]:
    """The open slots of a doctor that hang together with one, without a break between them, also over midnight;
    those that are not over."""
    near = Slot.objects.filter(doctor_id=slot.doctor_id, department_id=slot.department_id, closed_at__isnull=True)
    run: list[Slot] = []
    for other in near.filter(starts_at__range=(slot.starts_at - DAY, slot.starts_at + DAY)).order_by("starts_at"):
        if run and run[-1].ends_at != other.starts_at:
            if slot in run:
                break
            run = []
        run.append(other)
    return [one for one in run if one.ends_at > now] if slot in run else []


def slots_to_delay(doctor_id: UUID, today: date, first: Slot | None) -> QuerySet[Slot]:
    """A doctor's open slots that a delay may concern: one and those after it on its day, else those of today and of
    the night before, which may still be running."""
    rows = Slot.objects.filter(doctor_id=doctor_id, closed_at__isnull=True)
    if first:
        return rows.filter(day=first.day, starts_at__gte=first.starts_at)
    return rows.filter(day__range=(today - DAY, today))


def plan_closing(
    doctor_id: UUID, closed: Iterable[Slot], now: datetime, *, keep_doctor: bool = False, lock: bool = False
) -> Plan:
    """What becomes of everybody if these slots of a doctor close. `keep_doctor`: whoever it is, whatever the day.

    With `lock` the slots are locked, in one order, for a command that does it. Eight queries a department at most.
    """
    plan = Plan(doctor_id, _read(list(closed), lock))
    live = live_appointments(slot.id for slot in plan.closed)
    plan.slots, plan.live = {slot.id: slot for slot in plan.closed}, defaultdict(list, live)
    for slot in plan.closed:
        for row in live[slot.id]:
            if row.state == AppointmentState.HELD:
                plan.held.append(row)
            elif row.state == AppointmentState.ARRIVED:
                plan.arrived.append(row)
    waiting = [row for slot in plan.closed for row in live[slot.id] if row.state == AppointmentState.BOOKED]
    for department_id in sorted({row.department_id for row in waiting}):
        concerned = [row for row in waiting if row.department_id == department_id]
        _decide(plan, department_id, concerned, now, keep_doctor=keep_doctor, lock=lock)
    return plan


def _decide(
    plan: Plan, department_id: UUID, rows: list[Appointment], now: datetime, *, keep_doctor: bool, lock: bool
) -> None:
    """Ask the rules about the bookings of one department."""
    days = [row.day for row in rows]
    until = max(days) + timedelta(days=REFUGE_DAYS)
    refuges, (rules, limits) = _refuges(plan, department_id, min(days), until, now, lock), rules_of(department_id)
    doctors = {refuge.doctor_id for refuge in refuges} if limits.of_one_doctor_a_day else set()
    verdicts = redistribute(
        [_affected(row, now, keep_doctor) for row in rows],
        refuges,
        away=plan.doctor_id,
        booked=_booked({row.patient_id for row in rows}, min(days), [slot.id for slot in plan.closed]),
        emergencies_overflow=rules.emergency_overflows,
        limits=limits,
        given=_given(doctors, min(days), until, rows),
    )
    by_id = {row.id: row for row in rows}
    for verdict in verdicts:
        row = by_id[verdict.appointment_id]
        if not isinstance(verdict, Moved):
            plan.decided.append(Decided(row, Fate.ESCALATED))
            continue
        slot = plan.slots[verdict.slot_id]
        fate = Fate.RESCHEDULED if slot.doctor_id == row.doctor_id else Fate.REASSIGNED
        plan.decided.append(Decided(row, fate, slot, verdict.overflows))


def _refuges(plan: Plan, department_id: UUID, first: date, last: date, now: datetime, lock: bool) -> list[Refuge]:
    """The department's open slots from one day to another, without those that close."""
    open_slots = Slot.objects.filter(
        department_id=department_id, day__range=(first, last), closed_at__isnull=True, ends_at__gt=now
    ).exclude(id__in=[slot.id for slot in plan.closed])
    found = _read(list(open_slots), lock)
    live = live_appointments(slot.id for slot in found)
    for slot in found:
        plan.slots[slot.id], plan.live[slot.id] = slot, live[slot.id]
    return [Refuge(slot.doctor_id, slot.ends_at, as_value(slot, live[slot.id])) for slot in found]


def _read(slots: list[Slot], lock: bool) -> list[Slot]:
    """The slots in order of time; locked in order of their ids, and read again as they are then."""
    if lock:
        ids = [slot.id for slot in slots]
        slots = list(Slot.objects.filter(id__in=ids, closed_at__isnull=True).order_by("id").select_for_update())
    return sorted(slots, key=lambda slot: slot.starts_at)


def _affected(row: Appointment, now: datetime, keep_doctor: bool) -> Affected:
    return Affected(
        appointment_id=row.id,
        patient_id=row.patient_id,
        source=BookingSource(row.source),
        at=row.at,
        day=row.day,
        booked_at=row.booked_at,
        far=keep_doctor or row.at > now + timedelta(days=settings.LEAVE_KEEPS_DOCTOR_DAYS),
        minutes=row.minutes,
    )


def _booked(patients: Collection[UUID], first: date, but: list[UUID]) -> dict[UUID, Days]:
    """With whom and when these people have other bookings."""
    live = Appointment.objects.filter(patient_id__in=patients, day__gte=first, state__in=sorted(LIVE))
    found: dict[UUID, set[tuple[UUID, date]]] = defaultdict(set)
    for patient_id, doctor_id, day in live.exclude(slot_id__in=but).values_list("patient_id", "doctor_id", "day"):
        found[patient_id].add((doctor_id, day))
    return {patient: frozenset(days) for patient, days in found.items()}


def _given(
    doctors: Collection[UUID], first: date, last: date, but: Iterable[Appointment]
) -> dict[tuple[UUID, date], int]:
    """How many places these doctors have given on each of some days, without those that are given up."""
    live = Appointment.objects.filter(doctor_id__in=doctors, day__range=(first, last), state__in=sorted(LIVE))
    counted = live.exclude(id__in=[row.id for row in but]).order_by().values_list("doctor_id", "day")
    return {(doctor_id, day): many for doctor_id, day, many in counted.annotate(Count("id"))} if doctors else {}


def stranded() -> QuerySet[Appointment]:
    """Bookings whose slot was closed and that nobody could place: a person has to decide. The soonest first."""
    rows = Appointment.objects.filter(state=AppointmentState.BOOKED, slot__closed_at__isnull=False)
    shown = rows.select_related("slot", "token", "doctor", "department", "patient")
    return shown.defer("patient__phone", "patient__address").order_by("at", "id")


def stranded_booking(booking_id: UUID) -> Appointment:
    """One of `stranded`. Raises `NotFound`."""
    found = stranded().filter(id=booking_id).first()
    if found is None:
        raise NotFound
    return found


def waiting_in_vain(now: datetime) -> QuerySet[WaitingEntry]:
    """Who waits for a place on a day on which the doctor is away and has no open slot."""
    on_day = Slot.objects.filter(doctor_id=OuterRef("doctor_id"), day=OuterRef("preferred_day"))
    rows = WaitingEntry.objects.filter(state=WaitingState.WAITING, expires_at__gt=now)
    vain = rows.filter(Exists(on_day.filter(closed_at__isnull=False)), ~Exists(on_day.filter(closed_at__isnull=True)))
    return vain.select_related("doctor", "department", "patient").order_by("preferred_day", "sort_key")


def to_be_called(now: datetime) -> QuerySet[Appointment]:
    """Bookings to come whose time or doctor was changed by the hospital, of people without a phone number: nobody
    could tell them by a message."""
    by_leave = LeaveCase.objects.filter(
        appointment_id=OuterRef("id"), leave__undone_at__isnull=True, put_back_at__isnull=True
    )
    rows = Appointment.objects.filter(state=AppointmentState.BOOKED, at__gt=now, patient__phone_index="")
    changed = rows.filter(Exists(by_leave.exclude(fate=Fate.ESCALATED)) | Q(slot__delay_minutes__gt=0))
    shown = changed.select_related("slot", "token", "doctor", "department", "patient")
    return shown.defer("patient__phone", "patient__address").order_by("at", "id")


def delays_now(today: date, now: datetime) -> dict[UUID, int]:
    """How many minutes late doctors are in those of today's slots that are not over; only who is late."""
    rows = Slot.objects.filter(day__range=(today - DAY, today), closed_at__isnull=True, delay_minutes__gt=0)
    late: dict[UUID, int] = {}
    for slot in rows:
        if not slot.is_over(now):
            late[slot.doctor_id] = max(slot.delay_minutes, late.get(slot.doctor_id, 0))
    return late


def places_for(row: Appointment, now: datetime) -> list[Slot]:
    """Slots of a booking's department in which it could have a place, its own doctor's first, then by time."""
    days = (max(row.day, row.slot.day), row.day + timedelta(days=REFUGE_DAYS))
    open_slots = Slot.objects.filter(
        department_id=row.department_id, day__range=days, closed_at__isnull=True, ends_at__gt=now
    ).select_related("doctor")
    found = list(open_slots.order_by("starts_at"))
    live = live_appointments(slot.id for slot in found)
    taken = _booked({row.patient_id}, row.day, [row.slot_id]).get(row.patient_id, frozenset())
    source = BookingSource(row.source)
    free = [
        slot
        for slot in found
        if (slot.doctor_id, slot.day) not in taken and as_value(slot, live[slot.id]).free_for(source, row.minutes)
    ]
    return sorted(free, key=lambda slot: (slot.doctor_id != row.doctor_id, slot.starts_at))


def decided_json(one: Decided) -> dict[str, Any]:
    """What becomes of one booking, as the contract's rows: where it was and where it goes."""
    return DecidedOut.of(one)
