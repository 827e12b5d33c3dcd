"""Places beyond a slot's usual ones: advised from the odds of not coming, opened by a person, taken back, audited."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden
from apps.core.policy import Role, system_actor
from apps.queue import commands
from apps.queue.commands.overbooking import NotAdvised, Stretched
from apps.queue.queries.overbooking import Advice, advice_for
from apps.scheduling.commands import SlotOver
from apps.scheduling.models import Appointment, Slot
from tests.bookings import book, open_slot
from tests.browsers import browser_of
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital at this hour: pages know no other."""
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def full(ward: Ward) -> Slot:
    """Twelve places tomorrow, all booked three weeks ago: about a third of such people stays away."""
    slot = open_slot(ward, capacity=12)
    for _ in range(12):
        book(ward, slot)
    Appointment.objects.update(booked_at=ward.now - timedelta(days=20))
    return fresh(slot)


def fresh(slot: Slot) -> Slot:
    return Slot.objects.get(id=slot.id)


def advice(ward: Ward, slot: Slot) -> Advice:
    return advice_for(fresh(slot), ward.now)


def open_beyond(ward: Ward, slot: Slot, places: int, actor: Any = None) -> Any:
    return commands.open_beyond(actor=actor or ward.meera, now=ward.now, slot_id=slot.id, places=places)


def test_a_full_slot_of_people_who_booked_long_ago_might_take_a_few_more(ward: Ward, full: Slot):
    found = advice(ward, full)
    assert 3 < found.absent < 5
    assert 1 <= found.places <= 3
    assert found.wait > 0


def test_a_slot_with_free_places_needs_no_more(ward: Ward):
    slot = open_slot(ward, capacity=12)
    for _ in range(10):
        book(ward, slot)
    Appointment.objects.update(booked_at=ward.now - timedelta(days=20))
    assert advice(ward, slot).places == 0


def test_as_the_time_passes_whoever_is_not_there_is_less_likely_to_come(ward: Ward, full: Slot):
    before = advice(ward, full).absent
    ward.now = full.starts_at + timedelta(minutes=40)
    assert advice(ward, full).absent > 1.5 * before


def test_a_person_opens_them_and_takes_them_back_and_both_are_on_record(ward: Ward, full: Slot):
    places = advice(ward, full).places
    open_beyond(ward, full, places)
    assert (fresh(full).capacity, fresh(full).usual_capacity) == (12 + places, 12)
    assert book(ward, full).appointment
    open_beyond(ward, full, 0)
    assert (fresh(full).capacity, fresh(full).usual_capacity) == (12, None)
    assert Appointment.objects.filter(slot=full, state="BOOKED").count() == 13
    kept = AuditEntry.objects.filter(entity_id=str(full.id), action="slot.stretched")
    assert {row.actor_id for row in kept} == {ward.meera.id}
    assert kept.count() == 2


def test_nobody_opens_more_than_is_advised(ward: Ward, full: Slot):
    with pytest.raises(NotAdvised):
        open_beyond(ward, full, advice(ward, full).places + 1)
    assert fresh(full).capacity == 12


def test_nothing_opens_once_the_slot_is_over_and_what_was_open_ends_by_itself(ward: Ward, full: Slot):
    open_beyond(ward, full, 1)
    ward.now = full.ends_at + timedelta(minutes=1)
    commands.end_overrides(
        actor=system_actor("slot keeper", ward.facility.id), now=ward.now, department_id=ward.department.id
    )
    assert fresh(full).capacity == 12
    with pytest.raises(SlotOver):
        open_beyond(ward, full, 0)


def test_doctors_and_nurses_cannot(ward: Ward, full: Slot):
    for actor in (ward.rao, ward.nurse):
        with pytest.raises(Forbidden):
            open_beyond(ward, full, 1, actor)
    assert fresh(full).capacity == 12


def test_the_page_says_what_it_would_do_and_does_it(ward: Ward, full: Slot):
    desk, places = browser_of(ward.meera), advice(ward, full).places
    open_slot(ward, hours=26)
    listed = desk.get("/admin/desk/overbooking/", {"day": full.day.isoformat()}).content.decode()
    path = f"/admin/desk/overbooking/{full.id}/"
    assert path in listed
    asked = desk.get(path).content.decode()
    assert "12 places are taken" in asked
    assert "If everybody comes all the same" in asked
    yes = {"key": "once", "places": asked_about(asked)}
    assert "The places are open." in desk.post(path, yes, follow=True).content.decode()
    assert fresh(full).capacity == 12 + places
    asked = desk.get(path).content.decode()
    assert "keeps the place" in asked
    yes = {"key": "twice", "places": asked_about(asked)}
    assert "usual places again" in desk.post(path, yes, follow=True).content.decode()
    assert fresh(full).capacity == 12


def asked_about(page: str) -> str:
    """The number of places that the question on a page is about."""
    found = re.search(r'name="places" value="(\d+)"', page)
    assert found
    return found[1]


def test_two_clerks_who_saw_the_same_question_both_open_the_places(ward: Ward, full: Slot):
    path, places = f"/admin/desk/overbooking/{full.id}/", advice(ward, full).places
    first, second = browser_of(ward.meera), browser_of(ward.meera)
    seen = [asked_about(desk.get(path).content.decode()) for desk in (first, second)]
    for desk, number in zip((first, second), seen, strict=True):
        assert desk.post(path, {"key": f"of {id(desk)}", "places": number}).status_code == 302
        assert fresh(full).capacity == 12 + places


def test_no_more_is_opened_than_was_asked_about_and_nothing_without_an_answer(ward: Ward, full: Slot):
    path = f"/admin/desk/overbooking/{full.id}/"
    desk = browser_of(ward.meera)
    assert desk.post(path, {"key": "blind"}).status_code == 400
    assert fresh(full).capacity == 12
    assert desk.post(path, {"key": "once", "places": "1"}).status_code == 302
    assert fresh(full).capacity == 13
    refused = desk.post(path, {"key": "more", "places": "9"})
    assert refused.status_code == 409
    assert asked_about(refused.content.decode()) == "0"
    assert fresh(full).capacity == 13


@pytest.mark.parametrize("places", [0, 1])
def test_an_emergency_s_places_are_not_touched(ward: Ward, full: Slot, places: int):
    commands.override_slot(
        actor=ward.rao, now=ward.now, slot_id=full.id, emergency_level="critical", reason="A bus accident"
    )
    with pytest.raises(Stretched):
        open_beyond(ward, full, places)
    assert (fresh(full).capacity, fresh(full).emergency_level) == (18, "critical")


def test_the_page_is_not_for_doctors(ward: Ward, full: Slot):
    assert browser_of(ward.as_role(Role.NURSE)).get("/admin/desk/overbooking/").status_code == 403
