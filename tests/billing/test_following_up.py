"""Whoever has not paid after a day is reminded, once."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.billing import commands, tasks
from apps.billing.models import Invoice
from apps.core.errors import Forbidden
from apps.core.policy import system_actor
from apps.notifications.models import Message
from apps.notifications.rules import Kind
from tests.billing.till import price, till_of
from tests.ward import open_ward

PHONE = "+919811122334"


@pytest.fixture
def bill(till) -> Invoice:
    """Issued to somebody with a phone."""
    till.ward.lie_where_it_is_noon()
    return till.issued(till.ward.arrive(till.ward.register(name="Sunita Verma", phone=PHONE)))


def follow_up(till: Any, **later: float) -> int:
    actor = system_actor("reminders", till.ward.facility.id)
    return commands.follow_up(actor=actor, now=till.ward.now + timedelta(**later))


def told() -> list[Message]:
    return list(Message.outgoing.filter(kind=Kind.PAYMENT))


def test_a_bill_is_open_after_a_day_and_somebody_hears_of_it_once(till, bill):
    assert follow_up(till, hours=23) == 0
    assert follow_up(till, hours=25) == 1
    assert follow_up(till, hours=26) == 0
    (message,) = told()
    assert (message.recipient, message.urgent) == (PHONE, False)
    for said in (bill.number, "₹500.00", f"/me/bills/{bill.id}/"):
        assert said in message.text


def test_of_many_so_many_at_once_and_the_rest_the_next_time(till, bill, monkeypatch):
    till.issued(till.ward.arrive(till.ward.register(name="Asha Devi", phone="+919811122335")))
    monkeypatch.setattr("apps.billing.commands.following_up.AT_ONCE", 1)
    assert [follow_up(till, hours=hours) for hours in (25, 26, 27)] == [1, 1, 0]
    assert len({message.recipient for message in told()}) == 2


def test_what_is_left_of_it_is_named(till, bill):
    till.pay(bill, "200.00")
    follow_up(till, hours=25)
    assert "₹300.00" in told()[0].text


def test_who_has_paid_has_no_phone_or_came_long_ago_hears_nothing(till, bill):
    till.pay(bill)
    till.issued(till.ward.arrive(till.ward.register(name="Nobody's phone")))
    assert follow_up(till, hours=25) == 0
    till.issued(till.ward.arrive(till.ward.register(name="Long ago", phone=PHONE)))
    assert follow_up(till, days=8) == 0


def test_a_draft_is_nobodys_debt(till):
    till.ward.lie_where_it_is_noon()
    till.draft(till.ward.arrive(till.ward.register(name="Sunita Verma", phone=PHONE)))
    assert follow_up(till, hours=25) == 0


def test_nobody_is_told_at_night(till, bill):
    assert follow_up(till, hours=34) == 0
    assert follow_up(till, hours=45) == 1


def test_in_hindi_to_who_reads_hindi(till, bill):
    type(bill.patient).objects.filter(id=bill.patient_id).update(language="hi")
    follow_up(till, hours=25)
    assert bill.number in told()[0].text
    assert "Pay at the desk" not in told()[0].text


def test_only_the_house_itself_does_it(till, bill):
    with pytest.raises(Forbidden):
        commands.follow_up(actor=till.cashier, now=till.ward.now + timedelta(hours=25))


def test_the_task_goes_through_all_hospitals_by_the_real_clock(till, settings):
    settings.QUIET_HOURS = (time(0), time(0))
    yesterday = timezone.now() - timedelta(hours=25)
    bills = [_issued_at(till, yesterday)]
    with open_ward() as other:
        price(other)
        bills.append(_issued_at(till_of(other), yesterday))
    assert tasks.follow_up() == 2
    assert all(any(bill.number in message.text for message in told()) for bill in bills)
    assert tasks.follow_up() == 0


def _issued_at(till: Any, at: datetime) -> Invoice:
    till.ward.now = at
    return till.issued(till.ward.arrive(till.ward.register(name="Sunita Verma", phone=PHONE)))
