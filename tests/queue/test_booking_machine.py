"""Whatever people do with bookings, in whatever order: nobody is lost, nobody sits on anybody's lap."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Q
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from apps.core.errors import DomainError
from apps.core.policy import system_actor
from apps.queue import commands
from apps.queue.models import Visit
from apps.scheduling.models import AllocationPolicy, Appointment, Leave, Slot, WaitingEntry
from apps.scheduling.queries.slots import as_value, bookable, live_appointments
from apps.scheduling.queries.waiting import waiting_list
from apps.scheduling.rules.allocation import SCORES, BookingSource
from apps.scheduling.rules.capacity import NORMAL, Stretch
from opd.invariants import Look, check
from tests.bookings import open_slot, visit_type
from tests.matrix.world import kept_back
from tests.proving import PROVE, play
from tests.ward import open_ward

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(7200)]

LIVE = ("HELD", "BOOKED", "ARRIVED")
OF_THE_HOUSE = {
    "what is over was swept",
    "events are delivered or parked",
    "the audit chain verifies",
    "no session idles in a transaction",
    "partitions are made ahead",
}
"""What nobody delivers, seals, ends or makes here."""

TOTAL: Counter[str] = Counter()
"""What was done and refused, in all halls."""

MUST = {
    "book online",
    "book paid_priority",
    "cancel",
    "arrive",
    "delay",
    "leave",
    "displace",
    "hold",
    "override",
}
SELDOM = {"close", "miss", "move", "undo", "confirm", "accept", "decline"}
"""What must have happened, or the run was hollow; the second only in a long one."""

WAITERS: dict[str, Callable[..., Any]] = {
    "wait_no_more": commands.leave_waiting_list,
    "accept": commands.accept_place,
    "decline": commands.decline_place,
}

some = st.integers(0, 1_000)
"""Which one of however many there are."""


class Hall(RuleBasedStateMachine):
    """Two doctors of one department, two days, three slots a day with one or two places; seven people."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.open.enter_context(kept_back())
        self.ward = ward = self.open.enter_context(open_ward(doctors=2))
        self.people = [ward.register(name=f"Person {number}") for number in range(7)]
        self.long = visit_type(ward.department, minutes=60)
        for doctor in ward.doctors:
            for hours, capacity in ((1, 1), (2, 2), (3, 1), (25, 2), (26, 1), (27, 1)):
                open_slot(ward, hours=hours, capacity=capacity, doctor=doctor)
        self.done: Counter[str] = Counter()

    def teardown(self) -> None:
        """Another hall begins empty."""
        self.open.close()
        TOTAL.update(self.done)

    def attempt(self, what: str, command: Callable[..., Any], **how: Any) -> None:
        """Do it, or be told why not."""
        try:
            command(actor=self.ward.meera, now=self.ward.now, **how)
        except DomainError as refusal:
            self.done[f"{what}: {refusal.code}"] += 1
        else:
            self.done[what] += 1

    def one_of(self, rows: Any, number: int) -> Any:
        """One of some rows; None where there are none."""
        found = list(rows)
        return found[number % len(found)] if found else None

    def booking(self, number: int, **which: Any) -> Any:
        rows = Appointment.objects.filter(**({"state__in": LIVE} | which))
        return self.one_of(rows.order_by("booked_at", "place", "at"), number)

    def slot(self, number: int) -> Slot:
        return self.one_of(Slot.objects.order_by("starts_at", "doctor__name"), number)

    @initialize(asks=st.booleans(), at_once=st.integers(1, 2))
    def whoever_waits_is_asked_first_or_not(self, asks: bool, at_once: int) -> None:
        how = {"asks_first": asks, "offered_to": at_once}
        AllocationPolicy.objects.create(facility=self.ward.facility, department=self.ward.department, **how)

    @rule(
        wishes=st.lists(st.tuples(some, st.sampled_from(BookingSource), st.none() | some), min_size=2, max_size=4),
        is_long=st.booleans(),
    )
    def book_some(self, wishes: list[tuple[int, BookingSource, int | None]], is_long: bool) -> None:
        for person, source, wished in wishes:
            self.book(person, person // 7, source, wished, is_long)

    def book(self, person: int, doctor: int, source: BookingSource, wished: int | None, is_long: bool) -> None:
        who = self.ward.doctors[doctor % 2]
        slot = None if wished is None else self.slot(wished)
        before = dict(Appointment.objects.values_list("id", "displaced"))
        self.attempt(
            f"book {source}",
            commands.book,
            doctor_id=slot.doctor_id if slot else who.id,
            patient_id=self.people[person % len(self.people)].id,
            source=source,
            preferred_slot_id=slot.id if slot else None,
            visit_type_id=self.long.id if is_long else None,
        )
        for row in Appointment.objects.filter(id__in=before):
            if row.displaced > before[row.id]:
                self.done["displace"] += 1
                assert SCORES[BookingSource(row.source)] < SCORES[source], "only somebody higher takes a place"

    @rule(person=some, wished=some, is_booked=st.booleans())
    def hold(self, person: int, wished: int, is_booked: bool) -> None:
        slot, who = self.slot(wished), self.people[person % len(self.people)].id
        how = {"doctor_id": slot.doctor_id, "slot_id": slot.id, "patient_id": who, "source": "online"}
        self.attempt("hold", commands.request_hold, **how)
        if is_booked and (row := self.booking(0, state="HELD")):
            self.attempt("confirm", commands.confirm_booking, booking_id=row.id)

    @rule(number=some, level=st.sampled_from([*Stretch, NORMAL]))
    def stretch(self, number: int, level: str) -> None:
        self.attempt("override", commands.override_slot, slot_id=self.slot(number).id, emergency_level=level)

    @precondition(lambda self: self.booking(0))
    @rule(number=some)
    def cancel(self, number: int) -> None:
        if row := self.booking(number):
            self.attempt("cancel", commands.cancel_booking, booking_id=row.id, reason="cannot come")

    @precondition(lambda self: self.booking(0, state="BOOKED", at__lt=self.ward.now))
    @rule(number=some)
    def miss(self, number: int) -> None:
        if row := self.booking(number, state="BOOKED", at__lt=self.ward.now):
            self.attempt("miss", commands.miss_booking, booking_id=row.id)

    @precondition(lambda self: self.booking(0, state="BOOKED"))
    @rule(number=some)
    def arrive(self, number: int) -> None:
        if row := self.booking(number, state="BOOKED"):
            self.attempt("arrive", commands.arrive, booking_id=row.id)

    @precondition(lambda self: self.booking(0))
    @rule(number=some, wished=some)
    def move(self, number: int, wished: int) -> None:
        if row := self.booking(number):
            self.attempt("move", commands.reschedule, booking_id=row.id, slot_id=self.slot(wished).id)

    @rule(number=some, which=st.sampled_from(["wait_no_more", "accept", "decline"]))
    def decide(self, which: str, number: int) -> None:
        """Somebody on the waiting list leaves it, or takes or does not want the place they were asked about; now and
        then too late."""
        waiting = WaitingEntry.objects.filter(state="WAITING").order_by("since")
        if which != "wait_no_more":
            waiting = waiting.filter(offers__isnull=False).distinct()
        if entry := self.one_of(waiting, number):
            self.attempt(which.replace("_", " "), WAITERS[which], waiting_id=entry.id)

    @rule(which=st.sampled_from(["be_late", "be_away", "be_back", "close"]), number=some, how_long=some)
    def disturb(self, which: str, number: int, how_long: int) -> None:
        getattr(self, which)(number, how_long)

    def be_late(self, number: int, how_long: int) -> None:
        minutes = (0, 10, 45, 120)[how_long % 4]
        self.attempt("delay", commands.delay_doctor, doctor_id=self.ward.doctors[number % 2].id, minutes=minutes)

    def be_away(self, number: int, how_long: int) -> None:
        first = self.ward.now + timedelta(hours=1 + number % 27)
        who, ends = self.ward.doctors[number % 2].id, first + timedelta(hours=1 + how_long % 4)
        self.attempt("leave", commands.take_leave, doctor_id=who, starts_at=first, ends_at=ends, reason="ill")

    def be_back(self, number: int, how_long: int) -> None:
        if leave := self.one_of(Leave.objects.order_by("starts_at"), number):
            self.attempt("undo", commands.undo_leave, doctor_id=leave.doctor_id, leave_id=leave.id)

    def close(self, number: int, how_long: int) -> None:
        self.attempt("close", commands.close_session, slot_id=self.slot(number).id, reason="no light")

    @rule(number=some, wished=some)
    def place_stranded(self, number: int, wished: int) -> None:
        if row := self.one_of(Appointment.objects.filter(state="BOOKED", slot__closed_at__isnull=False), number):
            how = {"booking_id": row.id, "slot_id": self.slot(wished).id}
            self.attempt("place", commands.place_escalated, **how)

    @rule(minutes=st.integers(10, 120), is_swept=st.booleans())
    def time_passes(self, minutes: int, is_swept: bool) -> None:
        self.ward.later(minutes=minutes)
        if is_swept:
            actor = system_actor("booking sweeper", self.ward.facility.id)
            commands.sweep(actor=actor, now=self.ward.now, department_id=self.ward.department.id)

    @invariant()
    def what_must_always_hold_holds(self) -> None:
        found = check(Look([self.ward.facility.id], self.ward.now))
        assert [wrong for wrong in found if not wrong.holds and wrong.name not in OF_THE_HOUSE] == []

    @invariant()
    def no_slot_is_over_its_places_but_for_flagged_overflow(self) -> None:
        for slot in Slot.objects.all():
            live = live_appointments([slot.id])[slot.id]
            assert slot.taken == sum(row.places for row in live)
            assert sum(row.places for row in live if not row.overflow) <= slot.capacity or slot.closed_at

    @invariant()
    def each_person_is_in_exactly_one_place(self) -> None:
        places: Counter[tuple[UUID, UUID, Any]] = Counter()
        offered = Q(state="HELD", offers__isnull=False)
        for row in Appointment.objects.filter(state__in=LIVE).exclude(id__in=Appointment.objects.filter(offered)):
            places[row.patient_id, row.doctor_id, row.day] += 1
            visits = Visit.objects.filter(token_id=row.token_id).count()
            assert visits == (1 if row.state == "ARRIVED" else 0)
        for entry in WaitingEntry.objects.filter(state="WAITING", expires_at__gt=self.ward.now):
            places[entry.patient_id, entry.doctor_id, entry.preferred_day] += 1
        assert not [place for place, times in places.items() if times > 1]

    @invariant()
    def nobody_waits_for_a_place_that_is_free(self) -> None:
        for doctor in self.ward.doctors:
            undecided = waiting_list(doctor.id, self.ward.now).filter(offers__isnull=True)
            for entry in undecided:
                slots = list(bookable(doctor.id, self.ward.now).filter(day=entry.preferred_day))
                live = live_appointments(slot.id for slot in slots)
                wish = BookingSource(entry.source), entry.minutes
                free = [slot for slot in slots if as_value(slot, live[slot.id]).free_for(*wish)]
                assert not free, f"{free[0]} is free, {entry.source} waits"

    @invariant()
    def nobody_is_displaced_more_than_twice(self) -> None:
        assert not Appointment.objects.filter(displaced__gt=2).exists()


def test_whatever_is_done_nobody_is_lost_and_no_place_is_given_twice() -> None:
    if PROVE:
        play(Hall, TOTAL, MUST | SELDOM, examples=400, steps=50)
    else:
        play(Hall, TOTAL, MUST, examples=12, steps=25)
