"""Who gets a place (requirements D5), as plain values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.scheduling.rules.allocation import (
    SCORES,
    BookingSource,
    Displace,
    Holder,
    OpenSlot,
    Place,
    Rules,
    Wait,
    allocate,
)

NINE = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
B = BookingSource
RULES = Rules()


def holder(source: BookingSource, minutes: int = 0, **more: object) -> Holder:
    return Holder(uuid4(), source, NINE - timedelta(days=1) + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]


def slot(hour: int, capacity: int, *holders: Holder, reserve: int = 0, days: int = 0) -> OpenSlot:
    starts = NINE + timedelta(hours=hour, days=days)
    return OpenSlot(uuid4(), starts.date(), starts, capacity, reserve, holders)


def ask(source: BookingSource, wanted: list[OpenSlot], later: list[OpenSlot] | None = None, **more: object):
    preferred: UUID | None = more.get("preferred")  # type: ignore[assignment]
    minutes: int | None = more.get("minutes")  # type: ignore[assignment]
    return allocate(source, wanted, later or [], RULES, preferred, minutes)


def test_without_a_wish_the_least_used_slot_is_taken_the_earliest_on_ties():
    busy, free, alike = slot(0, 2, holder(B.ONLINE)), slot(1, 2), slot(2, 2)
    assert ask(B.ONLINE, [busy, free, alike]) == Place(free.id)


def test_a_long_visit_needs_places_side_by_side():
    ends = [holder(B.ONLINE, place=0), holder(B.ONLINE, place=2), holder(B.ONLINE, place=4)]
    scattered, open_one = slot(0, 6, *ends), slot(1, 6, *(holder(B.ONLINE, place=place) for place in range(4)))
    assert ask(B.ONLINE, [scattered, open_one], minutes=20) == Place(open_one.id)
    assert ask(B.ONLINE, [scattered], minutes=20) == Wait()
    assert ask(B.ONLINE, [scattered], minutes=10) == Place(scattered.id)


def test_only_somebody_whose_place_is_enough_gives_way_and_only_to_where_they_fit():
    short, long = holder(B.ONLINE, 9, place=0), replace(holder(B.ONLINE, place=1, places=2), minutes=40)
    full, narrow, wide = slot(0, 3, short, long), slot(1, 3, holder(B.ONLINE), holder(B.ONLINE, place=2)), slot(2, 3)
    assert ask(B.PAID_PRIORITY, [full, narrow, wide], preferred=full.id, minutes=40) == Displace(
        full.id, long.appointment_id, wide.id
    )
    assert ask(B.PAID_PRIORITY, [full], minutes=40) == Wait()


def test_nobody_gives_way_where_that_leaves_no_ordinary_place():
    beyond, others = holder(B.ONLINE, 9, place=2, overflow=True), [holder(B.FOLLOW_UP, place=p) for p in range(2)]
    full, refuge = slot(0, 2, *others, beyond), slot(1, 2)
    assert ask(B.FOLLOW_UP, [full, refuge], preferred=full.id) == Place(refuge.id)
    full = slot(0, 2, *(holder(B.PAID_PRIORITY, place=p) for p in range(2)), beyond)
    assert ask(B.PAID_PRIORITY, [full], [slot(0, 2, days=1)]) == Wait()


def test_the_preferred_slot_is_taken_as_long_as_it_has_a_place():
    emptier, wished = slot(0, 2), slot(1, 2, holder(B.ONLINE))
    assert ask(B.ONLINE, [emptier, wished], preferred=wished.id) == Place(wished.id)


def test_a_full_preferred_slot_leads_an_equal_to_another_one_of_the_day():
    wished, other = slot(0, 1, holder(B.ONLINE)), slot(1, 1)
    assert ask(B.ONLINE, [wished, other], preferred=wished.id) == Place(other.id)


def test_a_higher_source_displaces_the_lowest_the_newest_of_several():
    old, new, higher = holder(B.WALK_IN), holder(B.WALK_IN, 5), holder(B.ONLINE, 9)
    full, refuge = slot(0, 3, old, new, higher), slot(2, 1)
    decision = ask(B.PAID_PRIORITY, [full, refuge], preferred=full.id)
    assert decision == Displace(full.id, new.appointment_id, refuge.id)


def test_an_equal_never_displaces_an_equal():
    for source in B:
        if source is not B.EMERGENCY:
            full, refuge = slot(0, 1, holder(source)), slot(1, 1, holder(B.EMERGENCY))
            assert ask(source, [full, refuge]) == Wait()


def test_nobody_is_displaced_who_has_arrived_or_was_moved_twice():
    for stays in (holder(B.WALK_IN, movable=False), holder(B.WALK_IN, displaced=2)):
        full = slot(0, 1, stays)
        assert ask(B.PAID_PRIORITY, [full], [slot(0, 5, days=1)]) == Wait()


def test_who_is_displaced_goes_to_the_next_place_in_time_the_same_day_first():
    victim = holder(B.ONLINE)
    earlier, full = slot(0, 1, holder(B.EMERGENCY)), slot(1, 1, victim)
    tomorrow, next_week = slot(0, 1, days=1), slot(0, 1, days=7)
    later = slot(3, 1)
    expected = Displace(full.id, victim.appointment_id, later.id)
    assert ask(B.PAID_PRIORITY, [earlier, full, later], [tomorrow, next_week], preferred=full.id) == expected
    expected = Displace(full.id, victim.appointment_id, tomorrow.id)
    assert ask(B.PAID_PRIORITY, [earlier, full], [tomorrow, next_week], preferred=full.id) == expected


def test_who_has_nowhere_to_go_stays_and_the_newcomer_waits():
    full = slot(0, 1, holder(B.WALK_IN))
    assert ask(B.PAID_PRIORITY, [full]) == Wait()


def test_an_emergency_that_displaces_nobody_overflows_flagged():
    full, fuller = slot(0, 2, holder(B.EMERGENCY), holder(B.EMERGENCY)), slot(1, 1, holder(B.EMERGENCY))
    assert ask(B.EMERGENCY, [full, fuller]) == Place(full.id, overflows=True)
    assert ask(B.EMERGENCY, []) == Wait()
    strict = Rules(emergency_overflows=False)
    assert allocate(B.EMERGENCY, [full], [], strict, None) == Wait()


def test_places_kept_for_walk_ins_are_theirs_until_they_have_come():
    kept = slot(0, 3, holder(B.ONLINE), holder(B.ONLINE), reserve=1)
    assert (kept.free_for(B.ONLINE), kept.free_for(B.WALK_IN), kept.free_for(B.EMERGENCY)) == (0, 1, 1)
    used = slot(0, 3, holder(B.WALK_IN), reserve=1)
    assert used.free_for(B.ONLINE) == 2


def test_a_department_decides_who_may_displace_whom():
    full, refuge = slot(0, 1, holder(B.WALK_IN)), slot(1, 1, holder(B.EMERGENCY))
    for rules in (Rules(may_displace=frozenset()), Rules(may_be_displaced=frozenset())):
        assert allocate(B.ONLINE, [full, refuge], [slot(0, 1, days=1)], rules, None) == Wait()


sources = st.sampled_from(list(B))
holders = st.builds(
    Holder,
    appointment_id=st.uuids(),
    source=sources,
    booked_at=st.datetimes(timezones=st.just(UTC), min_value=datetime(2026, 1, 1), max_value=datetime(2026, 2, 1)),
    displaced=st.integers(0, 3),
    movable=st.booleans(),
)


@st.composite
def days(draw: st.DrawFn, day: int) -> list[OpenSlot]:
    hours = sorted(draw(st.sets(st.integers(0, 9), max_size=4)))
    made = []
    for hour in hours:
        capacity = draw(st.integers(1, 3))
        inside = draw(st.lists(holders, max_size=capacity))
        made.append(slot(hour, capacity, *inside, reserve=draw(st.integers(0, 1)), days=day))
    return made


@given(source=sources, wanted=days(0), later=days(1), data=st.data())
def test_no_decision_oversells_jumps_an_equal_or_moves_anybody_a_third_time(source, wanted, later, data):
    preferred = data.draw(st.sampled_from([None, *(s.id for s in wanted)]))
    slots = {s.id: s for s in [*wanted, *later]}
    decision = allocate(source, wanted, later, RULES, preferred)
    if isinstance(decision, Place):
        assert decision.slot_id in {s.id for s in wanted}
        assert decision.overflows == (slots[decision.slot_id].free_for(source) == 0)
        assert not decision.overflows or source is B.EMERGENCY
    elif isinstance(decision, Displace):
        victim = next(h for h in slots[decision.slot_id].holders if h.appointment_id == decision.victim_id)
        refuge = slots[decision.victim_slot_id]
        assert SCORES[victim.source] < SCORES[source]
        assert victim.movable
        assert victim.displaced < RULES.most_displacements
        assert refuge.free_for(victim.source) > 0
        assert refuge.starts_at > slots[decision.slot_id].starts_at
    else:
        assert source is not B.EMERGENCY or not wanted
        assert all(s.free_for(source) == 0 for s in wanted)


@pytest.mark.parametrize("source", list(B))
def test_the_scores_are_those_of_document_001(source):
    expected = {"emergency": 100, "paid_priority": 80, "follow_up": 60, "online": 40, "walk_in": 20}
    assert SCORES[source] == expected[source]
