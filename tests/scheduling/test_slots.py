"""Slots follow the weekly hours, and nobody's place is ever taken away by it."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django_scopes import scope

from apps.accounts.queries.facilities import _facts
from apps.audit.models import AuditEntry
from apps.core.policy import system_actor
from apps.scheduling.commands import make_slots
from apps.scheduling.models import ClosedDay, Leave, Slot, SlotTemplate, TemplateBreak
from apps.scheduling.tasks import make_slots as task
from tests.bookings import book
from tests.races.threads import at_once
from tests.ward import Ward, open_ward

TODAY = date(2026, 11, 23)


@pytest.fixture
def ward(db: None) -> Any:
    """A hospital with one department and Dr Rao."""
    with open_ward() as opened:
        yield opened


def keep_hours(ward: Ward, **more: Any) -> SlotTemplate:
    values = {"weekday": 1, "starts": time(9), "ends": time(12), "capacity": 4} | more
    return SlotTemplate.objects.create(facility=ward.facility, doctor=ward.doctor, department=ward.department, **values)


def make(ward: Ward, days: int = 60) -> int:
    actor = system_actor("slot maker", ward.facility.id)
    return make_slots(actor=actor, now=ward.now, facility_id=ward.facility.id, days=days)


def test_hours_become_slots_for_sixty_days_once(ward):
    keep_hours(ward)
    assert make(ward) == 9 * 3
    assert make(ward) == 0
    assert AuditEntry.objects.filter(action="slots.made").count() == 1
    assert set(Slot.objects.values_list("capacity", flat=True)) == {4}
    days = sorted(set(Slot.objects.values_list("day", flat=True)))
    assert (days[0], days[-1]) == (TODAY + timedelta(days=1), TODAY + timedelta(days=57))


def test_the_window_rolls_on_with_the_days(ward):
    keep_hours(ward)
    make(ward, days=7)
    ward.later(days=7)
    assert make(ward, days=7) == 3


def test_what_is_already_over_today_is_not_made(ward):
    keep_hours(ward, weekday=0, starts=time(7), ends=time(12))
    make(ward, days=1)
    assert Slot.objects.count() == 3


def test_breaks_and_closed_days_take_slots_away_that_nobody_has_a_place_in(ward):
    template = keep_hours(ward)
    make(ward, days=9)
    booked, free = Slot.objects.order_by("starts_at")[:2]
    book(ward, booked)
    TemplateBreak.objects.create(template=template, starts=time(10), ends=time(11))
    ClosedDay.objects.create(facility=ward.facility, day=TODAY + timedelta(days=8), reason="Diwali")
    assert make(ward, days=9) == 0
    left = list(Slot.objects.order_by("starts_at"))
    assert left[0].id == booked.id
    assert free.id not in {slot.id for slot in left}
    assert {slot.day for slot in left} == {booked.day}
    ClosedDay.objects.create(facility=ward.facility, day=booked.day, doctor=ward.doctor, reason="A meeting")
    make(ward, days=9)
    assert [slot.id for slot in Slot.objects.all()] == [booked.id]


def test_other_places_in_a_slot_are_a_new_slot_unless_somebody_has_one(ward):
    template = keep_hours(ward)
    make(ward, days=2)
    booked = Slot.objects.order_by("starts_at")[0]
    book(ward, booked)
    SlotTemplate.objects.filter(id=template.id).update(capacity=9)
    assert make(ward, days=2) == 2
    assert list(Slot.objects.order_by("starts_at").values_list("capacity", flat=True)) == [4, 9, 9]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_them_once(transactional_db):
    with open_ward() as ward:
        keep_hours(ward)
        made, errors = at_once(lambda _index: make(ward), 4, ward.facility.id)
        assert errors == []
        assert sorted(made) == [0, 0, 0, 27]


def test_the_task_goes_through_every_facility(ward):
    keep_hours(ward)
    with open_ward() as other:
        keep_hours(other)
    assert task() > 0
    for facility in (ward.facility, other.facility):
        with scope(facility=facility.id):
            assert Slot.objects.exists()


def test_no_slot_is_made_in_a_leave_nor_in_place_of_one_that_was_closed(ward):
    keep_hours(ward)
    starts = ward.now + timedelta(days=1, hours=1)  # from ten to half past eleven: two slots of the three
    Leave.objects.create(
        facility=ward.facility,
        doctor=ward.doctor,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=90),
        reason="fever",
        taken_at=ward.now,
    )
    assert make(ward, days=7) == 1
    Slot.objects.update(closed_at=ward.now)
    assert make(ward, days=7) == 0
    Leave.objects.update(undone_at=ward.now)
    assert make(ward, days=7) == 2


def test_public_holidays_of_the_region_have_no_slots_unless_somebody_says_so(ward):
    keep_hours(ward, weekday=4)  # the first Friday of Christmas falls on the 25th
    holiday = date(2026, 12, 25)
    make(ward)
    assert Slot.objects.filter(day=holiday).count() == 3
    type(ward.facility).objects.filter(id=ward.facility.id).update(region="IN")
    _facts.cache_clear()
    make(ward)
    assert not Slot.objects.filter(day=holiday).exists()
    open_day = ClosedDay.objects.create(
        facility=ward.facility, day=holiday, works=True, reason="camp", doctor=ward.doctor
    )
    make(ward)
    assert Slot.objects.filter(day=holiday).count() == 3
    open_day.delete()
    make(ward)
    assert not Slot.objects.filter(day=holiday).exists()
    ClosedDay.objects.create(facility=ward.facility, day=holiday, works=True, reason="camp")
    make(ward)
    assert Slot.objects.filter(day=holiday).count() == 3
