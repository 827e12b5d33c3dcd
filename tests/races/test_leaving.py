"""A leave meets bookings, cancellations and itself at the same moment: nobody is lost, nothing is oversold."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.core.commands import unit
from apps.core.errors import Conflict
from apps.queue import commands
from apps.queue.commands import booking, leaving
from apps.scheduling.commands import AlreadyAway
from apps.scheduling.models import Appointment, Leave, Slot, WaitingEntry
from apps.scheduling.queries import stranded
from apps.scheduling.rules.appointments import LIVE
from tests.bookings import book, cancel, open_slot
from tests.proving import PROVE
from tests.races.threads import at_once, without_row_locks
from tests.ward import Ward, open_ward

ROUNDS = 20 if PROVE else 2


@pytest.fixture
def hospital(transactional_db: None) -> Iterator[Ward]:
    """One department with two doctors."""
    with open_ward(doctors=2) as ward:
        yield ward


def take(ward: Ward, slot: Slot) -> Any:
    return commands.take_leave(
        actor=ward.meera,
        now=ward.now,
        doctor_id=slot.doctor_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        reason="fever",
    )


def wrong(ward: Ward, people: list[Any]) -> list[str]:
    """What is not as it must be: counts that do not fit, people in two places or in none."""
    found = []
    for slot in Slot.objects.all():
        live = Appointment.objects.filter(slot=slot, state__in=sorted(LIVE)).count()
        if slot.taken != live or live > slot.capacity + slot.overflow:
            found.append(f"{slot}: {live} have a place")
        if slot.closed_at and live != stranded().filter(slot=slot).count():
            found.append(f"{slot} is closed and somebody has a place there who is not left to the desk")
    for person in people:
        booked = Appointment.objects.filter(patient=person, state__in=sorted(LIVE)).count()
        waits = WaitingEntry.objects.filter(patient=person, state="WAITING").count()
        if booked + waits != 1:
            found.append(f"{person}: {booked} bookings, {waits} times on the list")
    return found


@pytest.mark.timeout(300)
def test_bookings_while_the_doctor_goes_away_end_up_somewhere(hospital: Ward):
    for round_ in range(ROUNDS):
        hours = 24 * (round_ + 1)
        mine = open_slot(hospital, hours, capacity=8)
        open_slot(hospital, hours, capacity=4, doctor=hospital.doctors[1])
        people = [hospital.register(name=f"Person {round_} {i}") for i in range(10)]
        before = [book(hospital, mine, patient=person).appointment for person in people[:5]]

        def work(index: int, slot: Slot = mine, who: Any = people, had: Any = before) -> Any:
            if index == 0:
                return take(hospital, slot)
            if index < 3:
                return cancel(hospital, had[index])
            return book(hospital, slot, patient=who[index + 2])

        _, errors = at_once(work, 8, hospital.facility.id)
        assert all(isinstance(error, Conflict) for error in errors), errors  # the slot was gone by then
        booked = [person for person in people if Appointment.objects.filter(patient=person).exists()]
        assert wrong(hospital, [p for p in booked if p not in {people[1], people[2]}]) == []


@pytest.mark.timeout(300)
def test_of_two_leaves_at_once_one_is_taken_and_people_move_once(hospital: Ward):
    mine = open_slot(hospital, capacity=4)
    open_slot(hospital, capacity=4, doctor=hospital.doctors[1])
    people = [hospital.register(name=f"Person {i}", phone=f"+91 98765 4321{i}") for i in range(4)]
    rows = [book(hospital, mine, patient=person).appointment for person in people]
    taken, errors = at_once(lambda _i: take(hospital, mine), 6, hospital.facility.id)
    assert (len(taken), {type(error) for error in errors}) == (1, {AlreadyAway})
    assert Leave.objects.count() == 1
    assert {Appointment.objects.get(id=row.id).version - row.version for row in rows} == {1}
    assert wrong(hospital, people) == []


@pytest.mark.timeout(300)
def test_two_doctors_who_go_away_at_once_do_not_send_people_to_each_other(hospital: Ward):
    both = [open_slot(hospital, capacity=3, doctor=doctor) for doctor in hospital.doctors]
    people = [hospital.register(name=f"Person {i}") for i in range(4)]
    for index, person in enumerate(people):
        book(hospital, both[index % 2], patient=person, doctor_id=both[index % 2].doctor_id)
    _, errors = at_once(lambda i: take(hospital, both[i]), 2, hospital.facility.id)
    assert errors == []
    assert wrong(hospital, people) == []
    assert stranded().count() == 4


@pytest.mark.timeout(300)
def test_a_leave_and_its_withdrawal_beside_bookings_leave_everything_in_step(hospital: Ward):
    mine = open_slot(hospital, capacity=6)
    open_slot(hospital, capacity=2, doctor=hospital.doctors[1])
    people = [hospital.register(name=f"Person {i}") for i in range(8)]
    for person in people[:5]:
        book(hospital, mine, patient=person)
    taken = take(hospital, mine)
    hospital.now += timedelta(minutes=1)

    def work(index: int) -> Any:
        if index == 0:
            return commands.undo_leave(
                actor=hospital.meera, now=hospital.now, doctor_id=mine.doctor_id, leave_id=taken.leave.id
            )
        return book(hospital, patient=people[4 + index])

    _, errors = at_once(work, 4, hospital.facility.id)
    assert errors == []
    assert wrong(hospital, people) == []
    assert not stranded().exists()


@pytest.mark.timeout(300)
def test_the_control_without_locks_sends_people_into_a_slot_that_closes(
    hospital: Ward, monkeypatch: pytest.MonkeyPatch
):
    """Without the streams' and the slots' locks two doctors send their people to each other."""

    def no_lock(*names: str) -> None:
        unit().streams.update(dict.fromkeys(names, 0))

    monkeypatch.setattr(leaving, "lock_streams", no_lock)
    monkeypatch.setattr(booking, "lock_streams", no_lock)
    without_row_locks(monkeypatch)
    seen = []
    for round_ in range(10):
        both = [open_slot(hospital, 24 * (round_ + 1), capacity=6, doctor=doctor) for doctor in hospital.doctors]
        people = [hospital.register(name=f"Person {round_} {i}") for i in range(6)]
        for index, person in enumerate(people):
            book(hospital, both[index % 2], patient=person, doctor_id=both[index % 2].doctor_id)
        _, errors = at_once(lambda i, slots=both: take(hospital, slots[i]), 2, hospital.facility.id)
        seen += [*errors, *wrong(hospital, people)]
        if seen:
            break
    assert seen
