"""Whoever has booked is reminded: the day before, and two hours before."""

import pytest

from apps.core.errors import Forbidden
from apps.core.policy import system_actor
from apps.core.relay import Relay
from apps.notifications.models import Message
from apps.queue import commands
from apps.scheduling.models import Appointment
from opd.subscriptions import handlers_for
from tests.bookings import book, cancel, open_slot
from tests.races.threads import at_once
from tests.ward import Ward, open_ward

PHONE = "98765 43210"


def remind(ward: Ward) -> int:
    return commands.remind(actor=system_actor("reminders", ward.facility.id), now=ward.now)


def said(ward: Ward) -> list[str]:
    rows = Message.objects.filter(kind="reminder").order_by("created_at", "dedupe_key")
    return [row.dedupe_key.split(":")[1].split()[0] for row in rows]


def booked(ward: Ward, hours: float, phone: str = PHONE):
    return book(ward, open_slot(ward, hours=hours), patient=ward.register(phone=phone)).appointment


def test_they_hear_the_day_before_and_two_hours_before_each_once(ward: Ward):
    booked(ward, hours=48)
    assert remind(ward) == 0
    ward.later(hours=23)
    assert (remind(ward), said(ward)) == (0, [])
    ward.later(hours=1, minutes=5)
    assert [remind(ward), remind(ward)] == [1, 0]
    assert said(ward) == ["day"]
    ward.later(hours=22)
    assert [remind(ward), remind(ward)] == [1, 0]
    assert said(ward) == ["day", "near"]
    ward.later(hours=3)
    assert remind(ward) == 0


def test_the_words_name_number_time_and_a_link_by_which_to_say_no(ward: Ward):
    row = booked(ward, hours=25)
    ward.later(hours=5)
    remind(ward)
    text = Message.objects.get(kind="reminder").text
    assert f"{row.token.label} with" in text
    assert "/t/" in text


def test_who_has_just_booked_or_has_no_phone_or_has_given_up_is_not_reminded(ward: Ward):
    booked(ward, hours=1.5)
    booked(ward, hours=20)
    booked(ward, hours=24, phone="")
    cancel(ward, booked(ward, hours=23))
    assert remind(ward) == 0
    ward.later(minutes=30)
    assert said(ward) == []


def test_one_that_is_very_late_is_left_to_the_next(ward: Ward):
    booked(ward, hours=48)
    ward.later(hours=46, minutes=30)
    remind(ward)
    assert said(ward) == ["near"]


def test_nobody_is_reminded_at_night_and_of_what_was_given_up_meanwhile_never(ward: Ward):
    row = booked(ward, hours=24 + 13)  # at ten in the evening
    booked(ward, hours=24 + 14, phone="98765 43211")
    ward.later(hours=13, minutes=10)
    assert remind(ward) == 0
    cancel(ward, row)
    ward.later(hours=9)
    assert remind(ward) == 1


def test_a_booking_that_was_moved_is_reminded_of_its_new_day(ward: Ward):
    row = booked(ward, hours=25)
    ward.later(hours=5)
    remind(ward)
    later = open_slot(ward, hours=68)
    Appointment.objects.filter(id=row.id).update(slot=later, at=later.starts_at, day=later.day)
    ward.later(hours=46)
    assert (remind(ward), said(ward)) == (1, ["day", "day"])


def test_who_waits_for_another_doctor_to_be_found_is_not_told_to_come(ward: Ward):
    row = booked(ward, hours=25)
    row.slot.closed_at = ward.now
    row.slot.save()
    ward.later(hours=5)
    assert remind(ward) == 0


def test_people_without_a_phone_take_nobodys_place(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("apps.queue.commands.reminding.AT_ONCE", 1)
    booked(ward, hours=25, phone="")
    booked(ward, hours=27)
    ward.later(hours=5)
    assert [remind(ward), remind(ward)] == [1, 0]


def test_only_the_system_reminds(ward: Ward):
    with pytest.raises(Forbidden):
        commands.remind(actor=ward.admin, now=ward.now)


def test_two_beats_at_once_remind_each_person_once(transactional_db: None):
    with open_ward() as ward:
        for number in range(4):
            booked(ward, hours=26 + 2 * number, phone=f"98765 4321{number}")
        ward.later(hours=9)
        _, errors = at_once(lambda _: remind(ward), 4, facility=ward.facility)
        assert (errors, said(ward)) == ([], ["day"] * 4)


def test_nobody_is_told_in_the_night_that_they_did_not_come(ward: Ward):
    row = booked(ward, hours=5)
    ward.later(hours=15.5)  # half past midnight
    commands.end_day(actor=system_actor("day keeper", ward.facility.id), now=ward.now, department_id=ward.department.id)
    Relay(handlers_for, clock=lambda: ward.now).run_once()
    (message,) = Message.objects.filter(kind="missed")
    assert message.next_try_at > ward.now
    assert row.patient_id


def test_who_had_booked_and_did_not_come_hears_how_to_get_another_time(ward: Ward):
    row = booked(ward, hours=5)
    ward.later(hours=6)
    commands.miss_booking(actor=ward.meera, now=ward.now, booking_id=row.id)
    Relay(handlers_for, clock=lambda: ward.now).run_once()
    text = Message.objects.get(kind="missed").text
    assert "did not come" in text
    assert "/me/" in text
