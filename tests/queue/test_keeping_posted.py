"""What people hear while they are in the queue: that they are in it, that they are called, that they were not there."""

from datetime import timedelta

import pytest

from apps.core.models import OutboxEvent
from apps.core.policy import system_actor
from apps.core.relay import Relay
from apps.notifications.models import Message
from apps.queue import commands
from opd.subscriptions import handlers_for
from tests.ward import Ward, open_ward

PHONE = "98765 43210"


def told(ward: Ward, kind: str) -> list[str]:
    """What was said of a kind, in its order, once everything that happened has been told on."""
    Relay(handlers_for, clock=lambda: ward.now).run_once()
    return [message.text for message in Message.objects.filter(kind=kind).order_by("created_at")]


def test_who_is_checked_in_hears_when_it_will_likely_be_and_where_to_look(ward: Ward):
    ward.arrive()
    ward.arrive(ward.register(phone=PHONE))
    (text,) = told(ward, "checked_in")
    assert text.startswith(f"{ward.facility.name}: you are checked in. G02 for the next free doctor. Likely ")
    assert "/t/" in text
    assert told(ward, "checked_in") == [text]


def test_who_is_told_of_it_late_is_told_nothing_that_is_not_true(ward: Ward):
    ward.arrive(ward.register(phone=PHONE))
    ward.call_next()
    assert told(ward, "checked_in") == []


def test_who_is_called_hears_where_to_go_and_again_when_called_again(ward: Ward):
    visit = ward.arrive(ward.register(phone=PHONE))
    ward.call_next()
    (text,) = told(ward, "called")
    assert "G01, it is your turn" in text
    OutboxEvent.objects.update(delivered_at=None)
    assert told(ward, "called") == [text]
    assert visit.token.label == "G01"


def test_who_was_called_and_not_found_hears_it(ward: Ward):
    visit = ward.arrive(ward.register(phone=PHONE))
    ward.call_next()
    commands.no_show(actor=ward.rao, now=ward.later(minutes=5), visit_id=visit.id)
    (text,) = told(ward, "missed")
    assert "we called G01 and did not find you" in text


def test_nobody_is_woken_when_a_day_is_tidied_up(ward: Ward):
    ward.arrive(ward.register(phone=PHONE))
    midnight = ward.facility.day_of(ward.now)
    ward.now += timedelta(days=1)
    commands.end_day(actor=system_actor("day keeper", ward.facility.id), now=ward.now, department_id=ward.department.id)
    assert told(ward, "missed") == []
    assert ward.facility.day_of(ward.now) != midnight


@pytest.mark.parametrize("language", ["hi", "ta"])
def test_it_is_said_in_their_language(ward: Ward, language):
    ward.arrive(ward.register(phone=PHONE, language=language))
    ward.call_next()
    (text,) = told(ward, "called")
    assert "it is your turn" not in text


def test_whoever_goes_on_to_another_station_is_not_checked_in_again(db: None):
    with open_ward(departments=2, code="two") as both:
        visit = both.arrive(both.register(phone=PHONE))
        assert len(told(both, "checked_in")) == 1
        commands.transfer(
            actor=both.meera, now=both.now, visit_id=visit.id, department_id=both.departments[1].id, reason="surgeon"
        )
        assert len(told(both, "checked_in")) == 1
