"""A doctor orders tests; the person goes there under the same number and comes back; nobody else orders any."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.once import Once
from apps.encounters.commands.ordering import (
    AlreadyOrdered,
    NothingOrdered,
    NotOrdering,
    OrderBegun,
    UnknownTest,
    order_investigations,
    take_back_order,
)
from apps.encounters.models import Order
from apps.encounters.queries.investigations import favourite_tests, to_do_here
from apps.queue.commands.moving import VersionConflict
from apps.queue.models import Visit
from tests.browsers import browser_of
from tests.encounters.lab import Lab
from tests.ward import add_doctor, open_ward

HTMX = {"HX-Request": "true"}


@pytest.fixture
def lab(db: None) -> Iterator[Lab]:
    with open_ward() as ward:
        yield Lab(ward)


def test_tests_are_ordered_and_the_person_goes_to_all_of_them_at_once_under_the_same_number(lab: Lab):
    visit = lab.called_in()
    lab.order(visit, "cbc")
    lab.order(visit, "X-ray chest", "Electrolytes (ELEC)", send=True)
    assert lab.ward.fresh(visit).state == "ON_HOLD"
    assert lab.waits_at(visit.token_id) == {"LAB", "XRA"}
    assert {order.investigation.code for order in Order.objects.all()} == {"CBC", "XCHEST", "ELEC"}
    lab.serve("LAB")
    lab.serve("XRA")
    assert lab.ward.fresh(visit).state == "WAITING"


def test_what_was_ordered_and_not_sent_for_is_found_on_another_day(lab: Lab):
    visit = lab.called_in()
    (order,) = lab.order(visit, "CBC")
    lab.ward.complete(visit)
    lab.ward.later(days=2)
    came = lab.ward.arrive(visit.patient, lab.department("LAB"))
    assert to_do_here(came.patient_id, came.department_id) == [order]


def test_only_the_doctor_who_has_the_person_orders_and_only_then(lab: Lab):
    ward, visit = lab.ward, lab.ward.arrive()
    with pytest.raises(Forbidden):
        lab.order(visit, "CBC")  # nobody has called this person yet
    ward.start(ward.call_next())
    for actor in (
        ward.nurse,
        ward.meera,
        ward.admin,
        lab.hands["LAB"],
        ward.as_doctor(add_doctor(ward, [ward.department])),
    ):
        with pytest.raises(Forbidden):
            lab.order(visit, "CBC", actor=actor)
    ward.complete(visit)
    with pytest.raises(NotOrdering):
        lab.order(visit, "CBC")
    assert not Order.objects.exists()


def test_what_cannot_be_ordered_is_refused_with_what_is_wrong(lab: Lab):
    visit = lab.called_in()
    with pytest.raises(NothingOrdered):
        lab.order(visit, send=True)
    with pytest.raises(NothingOrdered):
        lab.order(visit, " ")
    lab.order(visit, "CBC")
    with pytest.raises(UnknownTest) as unknown:
        lab.order(visit, "ELEC", "Bloodletting")
    assert unknown.value.params == {"test": "Bloodletting"}
    with pytest.raises(AlreadyOrdered):
        lab.order(visit, "Complete blood count")
    with pytest.raises(Invalid):
        lab.order(visit, "ELEC", question="x" * 301)
    with pytest.raises(Invalid):
        lab.order(visit, *["ELEC"] * 21)
    with pytest.raises(VersionConflict):
        lab.order(visit, "ELEC", expected_version=visit.version - 1)
    assert Order.objects.count() == 1


def test_the_same_order_sent_twice_is_one(lab: Lab):
    visit = lab.called_in()
    about = {"actor": lab.ward.rao, "now": lab.ward.now, "visit_id": visit.id, "tests": ["CBC"]}
    once = Once.of("key", "POST orders", {})
    answers = [order_investigations.answer(once, lambda done: {"n": len(done[1])}, **about) for _ in range(2)]
    assert answers == [{"n": 1}] * 2
    assert Order.objects.count() == 1


def test_an_urgent_test_is_called_before_the_others_and_the_question_stands_sealed(lab: Lab):
    lab.ward.arrive(department=lab.department("LAB"))
    visit = lab.called_in()
    lab.order(visit, "CBC", urgent=True, question="Canary Zinnober?", send=True)
    called = lab.call("LAB")
    assert called
    assert (called.token_id, called.tier) == (visit.token_id, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT question FROM encounters_order")
        assert "Zinnober" not in str(cursor.fetchall())
    assert "Zinnober" not in str(list(AuditEntry.objects.values_list("after", "reason")))
    assert "Zinnober" not in str(list(OutboxEvent.objects.values_list("payload", flat=True)))


def test_a_test_is_taken_back_until_it_has_begun(lab: Lab):
    visit = lab.called_in()
    count, salts = lab.order(visit, "CBC", "ELEC", send=True)
    about = {"actor": lab.ward.rao, "now": lab.ward.now}
    take_back_order(**about, order_id=count.id)
    assert lab.waits_at(visit.token_id) == {"LAB"}
    lab.begin()
    with pytest.raises(OrderBegun):
        take_back_order(**about, order_id=salts.id)
    with pytest.raises(OrderBegun):
        take_back_order(**about, order_id=count.id)
    other = lab.ward.as_doctor(add_doctor(lab.ward, [lab.ward.department]))
    with pytest.raises(Forbidden):
        take_back_order(**about | {"actor": other}, order_id=salts.id)
    assert list(AuditEntry.objects.filter(action="test.taken_back").values_list("entity_id", flat=True)) == [
        str(count.id)
    ]


def test_who_waits_for_no_test_any_more_comes_back_to_the_doctor(lab: Lab):
    visit = lab.called_in()
    (order,) = lab.order(visit, "CBC", send=True)
    take_back_order(actor=lab.ward.rao, now=lab.ward.now, order_id=order.id)
    assert lab.waits_at(visit.token_id) == {lab.ward.department.code}
    assert lab.ward.fresh(visit).state == "WAITING"


def test_the_usual_tests_are_those_ordered_most(lab: Lab):
    for tests in (["CBC", "ELEC"], ["ELEC"], ["URINE", "ELEC", "CBC"]):
        visit = lab.called_in()
        lab.order(visit, *tests)
        lab.ward.complete(visit)
    usual = favourite_tests(lab.ward.doctor.id, lab.ward.now)
    assert [test.code for test in usual] == ["ELEC", "CBC", "URINE"]
    assert favourite_tests(lab.ward.doctor.id, lab.ward.later(days=200)) == []


def test_a_doctor_orders_from_the_console_takes_one_back_and_sends_the_person(lab: Lab):
    ward, visit, browser = lab.ward, lab.called_in(), browser_of(lab.ward.rao)

    def press(action: str, **more: Any) -> str:
        now = ward.fresh(visit)
        form = {"key": uuid4(), "visit": now.id, "version": now.version} | more
        answer = browser.post(f"/console/{ward.doctor.id}/{action}/", form, headers=HTMX)
        return str(answer.content.decode())

    fresh = browser.get(f"/console/{ward.doctor.id}/").content.decode()
    assert '<datalist id="test-list" data-search="/api/v1/investigations"></datalist>' in fresh
    assert "Electrolytes" in press("test-add", tests="cbc, elec", question="Anaemia?", urgent="yes")
    mistake = press("test-add", tests="Bloodletting")
    assert "Bloodletting is not on the list of tests." in mistake
    assert 'value="Bloodletting"' in mistake
    unwanted = Order.objects.get(investigation__code="ELEC")
    press("test-back", order=unwanted.id)
    assert f"{visit.token.label} is sent for tests" in press("test-send", tests="xchest")
    assert lab.waits_at(visit.token_id) == {"LAB", "XRA"}
    assert sorted(Order.objects.values_list("investigation__code", "state", "urgent")) == [
        ("CBC", "ordered", True), ("ELEC", "cancelled", True), ("XCHEST", "ordered", False),
    ]  # fmt: skip


def test_a_doctor_orders_over_the_api(lab: Lab):
    visit, api = lab.called_in(), browser_of(lab.ward.rao)
    listed = api.get("/api/v1/investigations?search=blood").json()
    assert [row["code"] for row in listed["results"]] == ["CBC"]
    sent = {"tests": ["CBC"], "send": True, "reason": "Tests", "question": "Anaemia?"}
    answer = api.post(f"/api/v1/encounters/{visit.id}/orders", sent, content_type="application/json")
    assert answer.status_code == 201
    (order,) = answer.json()["orders"]
    assert (order["code"], order["state"], order["result"]) == ("CBC", "ordered", None)
    there = Visit.objects.get(token_id=visit.token_id, department__code="LAB")
    hands = browser_of(lab.hands["LAB"])
    assert hands.get(f"/api/v1/counter/visits/{there.id}/orders").json()["orders"][0]["question"] == "Anaemia?"
    assert hands.get(f"/api/v1/encounters/{visit.id}/orders").status_code == 403
    gone = api.post(f"/api/v1/orders/{order['orderId']}/take-back", {}, content_type="application/json")
    assert gone.json()["state"] == "cancelled"
