"""Many want the last place at once; others give theirs up meanwhile. Nothing is oversold, nobody is lost."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.commands import unit
from apps.queue.commands import booking
from apps.scheduling.models import Appointment, Slot, WaitingEntry
from apps.scheduling.rules.appointments import LIVE
from tests.bookings import book, cancel, open_slot
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
    """Whether the slot's count is that of those who have a place."""
    slot.refresh_from_db()
    return slot.taken == Appointment.objects.filter(slot=slot, state__in=sorted(LIVE)).count() <= slot.capacity


@pytest.mark.timeout(300)
def test_of_fifty_who_want_the_last_place_one_gets_it_and_the_others_wait(hospital: Ward):
    for round_ in range(ROUNDS):
        slot = open_slot(hospital, 24 * (round_ + 1), capacity=1)
        people = [hospital.register(name=f"Person {round_} {i}") for i in range(THREADS)]
        outcomes, errors = at_once(
            lambda i, s=slot, p=people: book(hospital, s, patient=p[i]), THREADS, hospital.facility.id
        )
        assert errors == []
        assert sum(1 for outcome in outcomes if outcome.appointment) == 1
        assert WaitingEntry.objects.filter(preferred_day=slot.day, state="WAITING").count() == THREADS - 1
        assert in_step(slot)


@pytest.mark.timeout(300)
def test_cancelling_and_booking_at_once_never_oversells_and_loses_nobody_who_waits(hospital: Ward):
    slot = open_slot(hospital, capacity=10)
    holders = [book(hospital, slot).appointment for _ in range(10)]
    people = [hospital.register(name=f"Newcomer {i}") for i in range(20)]

    def work(index: int) -> Any:
        if index < 10:
            return cancel(hospital, holders[index])
        return [book(hospital, slot, patient=person) for person in people[index - 10 :: 10]]

    _, errors = at_once(work, 20, hospital.facility.id)
    assert errors == []
    assert in_step(slot)
    assert slot.taken == 10
    states = Counter(WaitingEntry.objects.values_list("state", flat=True))
    assert states["WAITING"] == 10
    assert Appointment.objects.filter(state="BOOKED").count() == 10


@pytest.mark.timeout(300)
def test_the_control_without_locks_fails(hospital: Ward, monkeypatch: pytest.MonkeyPatch):
    """Without the department's lock and the slots', several see the last place free; only the database stands then."""

    def no_lock(*names: str) -> None:
        unit().streams.update(dict.fromkeys(names, 0))

    slot = open_slot(hospital, capacity=1)
    people = [hospital.register(name=f"Person {i}") for i in range(16)]
    monkeypatch.setattr(booking, "lock_streams", no_lock)
    without_row_locks(monkeypatch)
    outcomes, errors = at_once(lambda i: book(hospital, slot, patient=people[i]), 16, hospital.facility.id)
    assert errors
    assert sum(1 for outcome in outcomes if outcome.appointment) <= 1
