"""Where the holders of links stand: for many at once the same as each one's own page says, and cheap."""

from datetime import timedelta
from random import Random

import pytest

from apps.core.templatetags.parchi import MOST_DOTS
from apps.queue import commands
from apps.queue.models import Visit
from apps.queue.queries.standing import own_places
from apps.queue.queries.track import track_sequence, track_view
from apps.queue.queries.visits import position
from apps.queue.rules.standing import NEAR, Standing
from apps.scheduling.models import Doctor
from tests.bookings import book, cancel, open_slot
from tests.ward import Ward, add_doctor

EVERYBODY = 14


def words(ward: Ward, visits: list[Visit]) -> list[str]:
    """What the pages of these people call themselves."""
    found = own_places(ward.department.id, [visit.id for visit in visits], ward.now)
    return [found[visit.id]["page"] for visit in visits]


def full(ward: Ward) -> list[Visit]:
    """A hall with two doctors, whom some of the people ask for."""
    add_doctor(ward, [ward.department])
    asked = [None, ward.doctors[0].id, ward.doctors[1].id]
    return [ward.arrive(doctor_id=asked[number % 3]) for number in range(EVERYBODY)]


def test_many_are_told_at_once_what_each_ones_page_says(ward: Ward):
    visits = full(ward)
    chance = Random(7)
    for _ in range(12):
        called = ward.call_next(chance.choice(ward.doctors))
        if called and chance.random() < 0.6:
            ward.see(called)
        elif called:
            commands.hold(actor=ward.nurse, now=ward.now, visit_id=called.id, reason="x")
        ward.later(minutes=4)
        found = own_places(ward.department.id, [visit.id for visit in visits], ward.now)
        for visit in map(ward.fresh, visits):
            shown, sequence = track_sequence(visit.id)
            page = track_view(shown, sequence, ward.now)
            assert found[visit.id]["page"] == page["place"]
            assert found[visit.id]["position"] == position(visit)
            assert found[visit.id]["nowServing"] == page["now_serving"]


def test_it_is_as_many_statements_however_many_look(ward: Ward, django_assert_num_queries):
    visits = full(ward)
    for some in (visits[:2], visits):
        with django_assert_num_queries(4):
            own_places(ward.department.id, [visit.id for visit in some], ward.now)


def test_far_from_the_door_a_call_makes_no_other_page_and_near_it_does(ward: Ward):
    visits = [ward.arrive() for _ in range(EVERYBODY)]
    ward.see(ward.call_next())
    ward.call_next()
    before = words(ward, visits)
    commands.cancel(actor=ward.meera, now=ward.now, visit_id=visits[2].id, reason="went home")
    after = words(ward, visits)
    same = [number for number in range(3, EVERYBODY) if before[number] == after[number]]
    assert same == list(range(NEAR + 4, EVERYBODY))


@pytest.mark.parametrize(
    "change",
    [{"availability": "PAUSED"}, {"back_at": True}, {"room_id": None}],
    ids=["a break", "another time", "another room"],
)
def test_what_happens_to_the_doctor_makes_another_page_of_who_waits_for_them(ward: Ward, change: dict):
    mine, anybodys = ward.arrive(doctor_id=ward.doctor.id), ward.arrive()
    before = words(ward, [mine, anybodys])
    given = {name: ward.now + timedelta(minutes=20) if value is True else value for name, value in change.items()}
    Doctor.objects.filter(id=ward.doctor.id).update(**given)
    after = words(ward, [mine, anybodys])
    assert (before[0] == after[0], before[1] == after[1]) == (False, True)


def test_a_window_that_has_begun_is_another_one_five_minutes_later(ward: Ward):
    told = Standing(ward.doctor.id, 1, "WAITING", 9, True, "", None, None, True, ("window",), ward.now)
    first = told.page(ward.now + timedelta(minutes=1))
    assert first == told.page(ward.now + timedelta(minutes=2))
    assert first != told.page(ward.now + timedelta(minutes=7))
    assert told.page(ward.now - timedelta(minutes=9)) == told.page(ward.now - timedelta(minutes=1))


def test_a_booking_has_a_page_too_until_somebody_comes_for_it(ward: Ward):
    ward.lie_where_it_is_noon()
    row = book(ward, open_slot(ward, hours=26)).appointment
    before = own_places(ward.department.id, [row.id], ward.now)[row.id]
    assert before["position"] is None
    assert before["nowServing"] == []
    assert before["page"] == track_view(*track_sequence(row.id), ward.now)["place"]
    cancel(ward, row)
    after = own_places(ward.department.id, [row.id], ward.now)[row.id]
    assert after["page"] != before["page"]
    assert after["page"] == track_view(*track_sequence(row.id), ward.now)["place"]


def test_nothing_is_told_of_what_is_no_link_of_ours(ward: Ward):
    assert own_places(ward.department.id, [ward.doctor.id], ward.now) == {}


def test_all_who_are_drawn_one_by_one_are_near():
    assert NEAR == MOST_DOTS
