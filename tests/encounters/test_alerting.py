"""What is dangerous is told to people: the desk, and a doctor's own phone where they want it; never what was found."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.core.errors import Forbidden, Invalid
from apps.core.relay import Relay
from apps.encounters.commands import take_vitals
from apps.encounters.commands.alerting import choose_alert_phone
from apps.encounters.commands.results import see_result
from apps.encounters.models import AlertPhone
from apps.notifications.models import Message
from apps.queue import commands as queue
from opd.subscriptions import handlers_for
from tests.browsers import browser_of
from tests.encounters.lab import Lab
from tests.ward import open_ward

LOOK = "has to look at this person now"


@pytest.fixture
def lab(db: None) -> Iterator[Lab]:
    with open_ward() as ward:
        yield Lab(ward)


def wants(lab: Lab, phone: str = "98765 43210") -> None:
    choose_alert_phone(actor=lab.ward.rao, now=lab.ward.now, phone=phone)


def measure(lab: Lab, visit: Any, spo2: int = 84) -> None:
    take_vitals(actor=lab.ward.nurse, now=timezone.now(), visit_id=visit.id, spo2=Decimal(spo2))


def said() -> list[str]:
    """What doctors were told."""
    while Relay(handlers_for).run_once():
        pass
    return [message.text for message in Message.objects.filter(kind="abnormal_vitals")]


def today(lab: Lab) -> str:
    return str(browser_of(lab.ward.meera).get("/admin/desk/today/").content.decode())


def test_the_desk_is_told_whom_somebody_has_to_look_at_until_it_is_better(lab: Lab):
    visit = lab.ward.arrive()
    measure(lab, visit, spo2=97)
    assert LOOK not in today(lab)
    measure(lab, visit)
    assert f"{visit.token.label}: a doctor or nurse {LOOK}" in today(lab)
    measure(lab, visit, spo2=98)
    assert LOOK not in today(lab)


def test_a_critical_result_is_told_until_the_doctor_has_looked_at_it(lab: Lab):
    visit = lab.called_in()
    (order,) = lab.order(visit, "ELEC", send=True)
    lab.report(order, values={"Potassium": 6.9})
    assert f"{visit.token.label}: a doctor or nurse {LOOK}" in today(lab)
    see_result(actor=lab.ward.rao, now=lab.ward.now, order_id=order.id, version=1)
    assert LOOK not in today(lab)


def test_a_doctor_who_wants_it_is_told_once_and_without_what_was_found(lab: Lab):
    visit = lab.called_in()
    wants(lab)
    measure(lab, visit)
    (text,) = said()
    house, label = lab.ward.facility.name, visit.token.label
    assert text.startswith(f"{house}: please look at {label} now. Something measured or found is dangerous. http")
    (order,) = lab.order(visit, "ELEC", send=True)
    lab.report(order, values={"Potassium": 6.9})
    assert len(said()) == 2
    assert Message.objects.filter(kind="abnormal_vitals").first().recipient == "+919876543210"


def test_nobody_is_told_who_does_not_want_it_or_of_what_is_not_dangerous(lab: Lab):
    visit = lab.called_in()
    measure(lab, visit)
    wants(lab)
    measure(lab, visit, spo2=94)
    wants(lab, "")
    measure(lab, visit, spo2=83)
    assert len(said()) == 0
    assert not AlertPhone.objects.exists()


def test_of_somebody_who_waits_for_whoever_is_free_nobody_in_particular_is_told(lab: Lab):
    wants(lab)
    measure(lab, lab.ward.arrive())
    assert said() == []


def test_only_doctors_choose_and_only_a_number(lab: Lab):
    with pytest.raises(Invalid):
        wants(lab, "1234")
    with pytest.raises(Forbidden):
        choose_alert_phone(actor=lab.ward.nurse, now=lab.ward.now, phone="98765 43210")
    rao = browser_of(lab.ward.rao)
    assert rao.post("/results/alerts/", {"phone": "98765 43210", "key": "a"}).status_code == 302
    assert "ends in 3210" in rao.get("/results/").content.decode()


def test_who_was_called_to_a_test_is_among_those_at_the_desk(lab: Lab):
    visit = lab.called_in()
    measure(lab, visit)
    queue.hold(actor=lab.ward.rao, now=lab.ward.now, visit_id=visit.id, reason="Went out")
    assert LOOK in today(lab)
