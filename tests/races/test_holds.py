"""Holding, confirming, sweeping and accepting at once: no place is given twice, nobody loses theirs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.core.commands import unit
from apps.core.errors import Conflict
from apps.queue import commands
from apps.queue.commands import booking, holding
from apps.scheduling.models import AllocationPolicy, Appointment, Offer, Slot, Token, WaitingEntry
from apps.scheduling.rules.appointments import LIVE
from tests.bookings import book, cancel, confirm, hold, open_slot, sweep
from tests.proving import PROVE
from tests.races.threads import at_once, without_row_locks
from tests.ward import Ward, open_ward

ROUNDS = 20 if PROVE else 2
THREADS = 50


@pytest.fixture
def hospital(transactional_db: None) -> Iterator[Ward]:
    """One department with one doctor."""
    with open_ward() as ward:
        yield ward


def in_step(slot: Slot) -> bool:
    """Whether the slot's count is that of those who have a place, and no more than there are."""
    slot.refresh_from_db()
    return slot.taken == Appointment.objects.filter(slot=slot, state__in=sorted(LIVE)).count() <= slot.capacity


@pytest.mark.timeout(300)
def test_of_fifty_who_want_to_hold_the_last_place_one_does(hospital: Ward):
    for round_ in range(ROUNDS):
        slot = open_slot(hospital, 24 * (round_ + 1), capacity=1)
        people = [hospital.register(name=f"Person {round_} {i}") for i in range(THREADS)]
        held, errors = at_once(lambda i, s=slot, p=people: hold(hospital, s, p[i]), THREADS, hospital.facility.id)
        assert len(held) == 1
        assert {getattr(error, "code", error) for error in errors} == {"slot_not_bookable"}
        assert in_step(slot)


@pytest.mark.timeout(300)
def test_confirming_sweeping_and_booking_at_once_leaves_one_holder_and_loses_nobody(hospital: Ward):
    for round_ in range(ROUNDS * 5):
        slot = open_slot(hospital, 24 * (round_ + 1), capacity=1)
        row = hold(hospital, slot)
        waiting = book(hospital, slot).waiting
        newcomer = hospital.register(name=f"Newcomer {round_}")
        ends = row.hold_expires_at
        early, late = Ward.__new__(Ward), Ward.__new__(Ward)
        early.__dict__ |= hospital.__dict__ | {"now": ends - timedelta(microseconds=1)}
        late.__dict__ |= hospital.__dict__ | {"now": ends}
        work: list[Any] = [
            lambda r=row, w=early: confirm(w, r),
            lambda w=late: sweep(w),
            lambda r=row, w=late: confirm(w, r),
            lambda s=slot, p=newcomer, w=late: book(w, s, patient=p),
        ]
        _, errors = at_once(lambda i, w=work: w[i](), len(work), hospital.facility.id)
        assert all(isinstance(error, Conflict) for error in errors), errors
        row.refresh_from_db()
        waiting.refresh_from_db()
        assert (row.state, waiting.state) in {("BOOKED", "WAITING"), ("CANCELLED", "ALLOCATED")}
        assert in_step(slot)
        numbers = sorted(Token.objects.filter(day=slot.day).values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.timeout(300)
def test_of_those_who_are_asked_about_one_place_the_first_to_accept_gets_it(hospital: Ward):
    AllocationPolicy.objects.create(
        facility=hospital.facility, department=hospital.department, asks_first=True, offered_to=5
    )
    for round_ in range(ROUNDS):
        slot = open_slot(hospital, 24 * (round_ + 1), capacity=1)
        first = book(hospital, slot).appointment
        entries = [book(hospital, slot).waiting for _ in range(5)]
        cancel(hospital, first)
        assert Offer.objects.filter(slot=slot, state="OPEN").count() == 5
        won, errors = at_once(lambda i, e=entries: _accept(hospital, e[i]), 5, hospital.facility.id)
        assert len(won) == 1
        assert {getattr(error, "code", error) for error in errors} == {"offer_over"}
        assert WaitingEntry.objects.filter(preferred_day=slot.day, state="WAITING").count() == 4
        assert in_step(slot)


@pytest.mark.timeout(300)
def test_the_control_without_locks_fails(hospital: Ward, monkeypatch: pytest.MonkeyPatch):
    """Without the department's lock and the rows', several hold the last place at once; only the database stands."""

    def no_lock(*names: str) -> None:
        unit().streams.update(dict.fromkeys(names, 0))

    slot = open_slot(hospital, capacity=1)
    people = [hospital.register(name=f"Person {i}") for i in range(16)]
    for module in (booking, holding):
        monkeypatch.setattr(module, "lock_streams", no_lock)
    without_row_locks(monkeypatch)
    held, errors = at_once(lambda i: hold(hospital, slot, people[i]), 16, hospital.facility.id)
    assert len(held) <= 1
    assert any(getattr(error, "code", "") != "slot_not_bookable" for error in errors)


def _accept(ward: Ward, entry: WaitingEntry) -> Any:
    return commands.accept_place(actor=ward.meera, now=ward.now, waiting_id=entry.id)
