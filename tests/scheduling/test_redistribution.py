"""Where people go whose doctor is away: nobody is lost, nothing is oversold, nobody has to come earlier."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from apps.scheduling.rules.allocation import BookingSource, Holder, Limits, OpenSlot
from apps.scheduling.rules.leave import span
from apps.scheduling.rules.redistribution import Affected, Moved, Refuge, Stranded, redistribute

DAY = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
AWAY, NAIR, KHAN = (UUID(int=n) for n in (1, 2, 3))


def refuge(doctor: UUID, hour: float = 0, capacity: int = 2, taken: int = 0, reserve: int = 0) -> Refuge:
    starts = DAY + timedelta(hours=hour)
    holders = tuple(Holder(uuid4(), BookingSource.ONLINE, DAY) for _ in range(taken))
    slot = OpenSlot(uuid4(), starts.date(), starts, capacity, reserve, holders)
    return Refuge(doctor, starts + timedelta(hours=1), slot)


def person(hour: float = 0, source: str = "online", **more: Any) -> Affected:
    at = DAY + timedelta(hours=hour)
    values = {"booked_at": DAY, "patient_id": uuid4()} | more
    return Affected(appointment_id=uuid4(), source=BookingSource(source), at=at, day=at.date(), **values)


def where(people: list[Affected], refuges: list[Refuge], **how: Any) -> dict[UUID, Any]:
    verdicts = redistribute(people, refuges, away=AWAY, booked=how.pop("booked", {}), **how)
    return {verdict.appointment_id: verdict for verdict in verdicts}


def test_the_one_with_least_to_do_on_the_same_day_takes_them_in_turn():
    busy, free = refuge(NAIR, 0, 4, 2), refuge(KHAN, 1, 4, 1)
    people = [person(booked_at=DAY + timedelta(minutes=n)) for n in range(4)]
    found = where(people, [busy, free])
    assert Counter(verdict.slot_id for verdict in found.values()) == {free.slot.id: 2, busy.slot.id: 2}


def test_far_ahead_the_doctor_is_kept_and_near_ones_are_seen_the_same_day():
    same_day, own = refuge(NAIR), refuge(AWAY, 24)
    near, far = person(), person(far=True)
    found = where([near, far], [same_day, own])
    assert (found[near.appointment_id].slot_id, found[far.appointment_id].slot_id) == (same_day.slot.id, own.slot.id)


def test_who_has_a_booking_with_that_doctor_that_day_goes_elsewhere():
    one, other = refuge(NAIR), refuge(KHAN, 1, 2, 1)
    asha = person()
    found = where([asha], [one, other], booked={asha.patient_id: frozenset({(NAIR, one.slot.day)})})
    assert found[asha.appointment_id] == Moved(asha.appointment_id, other.slot.id)


def test_the_last_place_is_for_the_higher_source_and_the_other_is_left_to_a_person():
    place = refuge(NAIR, 0, 1)
    low, high = person(source="walk_in"), person(source="follow_up")
    found = where([low, high], [place])
    assert found[high.appointment_id] == Moved(high.appointment_id, place.slot.id)
    assert found[low.appointment_id] == Stranded(low.appointment_id)


def test_an_emergency_overflows_only_where_the_department_lets_it():
    full, urgent = refuge(NAIR, 0, 1, 1), person(source="emergency")
    assert where([urgent], [full])[urgent.appointment_id] == Moved(urgent.appointment_id, full.slot.id, True)
    assert where([urgent], [full], emergencies_overflow=False)[urgent.appointment_id] == Stranded(urgent.appointment_id)


def test_a_doctor_gets_no_more_people_a_day_than_the_department_allows_but_emergencies():
    place, people = refuge(NAIR, 0, 5), [person(booked_at=DAY + timedelta(minutes=n)) for n in range(3)]
    urgent, today = person(source="emergency"), {(NAIR, place.slot.day): 1}
    found = where([*people, urgent], [place], limits=Limits(of_one_doctor_a_day=3), given=today)
    assert [isinstance(found[one.appointment_id], Moved) for one in (*people, urgent)] == [True, False, False, True]


def test_a_person_gets_no_more_bookings_a_day_than_the_department_allows_and_another_day_then():
    same_day, next_day = refuge(NAIR), refuge(NAIR, 24)
    asha = person()
    has = {asha.patient_id: frozenset({(KHAN, same_day.slot.day)})}
    for most, place in ((1, next_day), (2, same_day), (0, same_day)):
        found = where([asha], [same_day, next_day], booked=has, limits=Limits(of_one_person_a_day=most))
        assert found[asha.appointment_id] == Moved(asha.appointment_id, place.slot.id)


refuges = st.builds(
    refuge,
    st.sampled_from([AWAY, NAIR, KHAN]),
    st.integers(-3, 80),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(0, 1),
)
PATIENTS = [uuid4() for _ in range(4)]
people = st.builds(
    person,
    st.integers(0, 60),
    st.sampled_from([str(source) for source in BookingSource]),
    far=st.booleans(),
    patient_id=st.sampled_from(PATIENTS),
)


@given(st.lists(people, max_size=12), st.lists(refuges, max_size=10), st.booleans())
def test_each_has_one_fate_and_no_slot_has_more_than_its_places_but_flagged(
    concerned: list[Affected], places: list[Refuge], overflow: bool
):
    verdicts = redistribute(concerned, places, away=AWAY, booked={}, emergencies_overflow=overflow)
    assert Counter(v.appointment_id for v in verdicts) == Counter(p.appointment_id for p in concerned)
    by_id, moved = {p.appointment_id: p for p in concerned}, [v for v in verdicts if isinstance(v, Moved)]
    for place in places:
        came = [v for v in moved if v.slot_id == place.slot.id]
        fair = [v for v in came if not v.overflows]
        assert not fair or place.slot.taken + len(fair) <= place.slot.capacity
        kept = [v for v in fair if by_id[v.appointment_id].source not in ("walk_in", "emergency")]
        assert not kept or place.slot.taken + len(kept) <= place.slot.capacity - place.slot.walk_in_reserve
        assert all(by_id[v.appointment_id].at < place.ends_at for v in came)
        assert all(by_id[v.appointment_id].source == "emergency" and overflow for v in came if v.overflows)
    whom = {place.slot.id: (place.doctor_id, place.slot.day) for place in places}
    assert max(Counter((by_id[v.appointment_id].patient_id, whom[v.slot_id]) for v in moved).values(), default=1) == 1


@given(st.lists(people, max_size=8), st.lists(refuges, max_size=8), st.randoms())
def test_the_answer_does_not_hang_on_the_order_of_the_question(
    concerned: list[Affected], places: list[Refuge], chance: Any
):
    mixed, other = concerned[:], places[:]
    chance.shuffle(mixed), chance.shuffle(other)
    assert where(concerned, places) == where(mixed, other)


def test_a_day_is_the_facilitys_day():
    day = date(2026, 11, 23)
    starts, ends = span(day, day, "Asia/Kathmandu")
    assert starts == datetime(2026, 11, 22, 18, 15, tzinfo=UTC)
    assert ends - starts == timedelta(days=1)
    short = date(2026, 3, 29)
    starts, ends = span(short, short, "Europe/Berlin")
    assert ends - starts == timedelta(hours=23)
