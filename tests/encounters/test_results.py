"""Results are signed by who enters them and stay; the doctor sees them at once, the patient once the doctor has."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import Role, system_actor
from apps.encounters.commands.ordering import OrderBegun, take_back_order
from apps.encounters.commands.results import OrderGone, ResultChanged, see_result
from apps.encounters.models import Order, Result
from apps.encounters.queries.investigations import LEFT_WAITING, left_waiting
from apps.encounters.rules.notes import note_hash
from apps.patients.rules.login_codes import FRESH
from tests.browsers import browser_of
from tests.encounters.lab import Lab
from tests.fuzz.hospital import check_in_by_link, sign_in_family
from tests.marks import tells
from tests.patients.codes import PHONE, phone_of
from tests.ward import add_doctor, open_ward

NORMAL = {"Sodium": 140, "Potassium": 4.2}
CRITICAL = {"Sodium": 140, "Potassium": 6.9}


@pytest.fixture
def lab(db: None) -> Iterator[Lab]:
    with open_ward() as ward:
        yield Lab(ward)


@pytest.fixture
def order(lab: Lab) -> Order:
    """Somebody was sent for their electrolytes."""
    (ordered,) = lab.order(lab.called_in(name="Asha Devi", age=34), "ELEC", send=True)
    return ordered


def see(lab: Lab, order: Order, version: int = 1, actor: Any = None) -> Order:
    return see_result(actor=actor or lab.ward.rao, now=lab.ward.now, order_id=order.id, version=version)


def test_a_result_is_held_against_the_ranges_and_signed(lab: Lab, order: Order):
    result = lab.report(order, values=CRITICAL)
    sodium, potassium = result.content["values"]
    assert (sodium["level"], potassium["level"], potassium["dangerous"], potassium["high"]) == ("", "high", True, 5.1)
    assert (result.version, result.critical, result.hash) == (1, True, note_hash(result.content))
    order.refresh_from_db()
    assert (order.state, order.reported, order.critical, order.seen) == ("done", 1, True, 0)
    told = OutboxEvent.objects.filter(type="result.reported")
    assert {row.payload["critical"] for row in told} == {True}
    assert len(told) == 2  # the doctor's department, and the laboratory where the person waits


def test_who_is_not_of_the_laboratory_signs_nothing(lab: Lab, order: Order):
    ward = lab.ward
    for actor in (ward.rao, ward.nurse, ward.meera, ward.admin, ward.as_role(Role.LAB, [ward.department])):
        with pytest.raises(Forbidden):
            lab.report(order, values=NORMAL, actor=actor)
    assert not Result.objects.exists()


def test_results_of_earlier_visits_stand_beside_a_consultation_and_in_the_record(lab: Lab):
    ward = lab.ward
    patient = ward.register(name="Asha Devi")
    for _time in range(2):
        ward.arrive(patient)
        visit = ward.start(ward.call_next())
        if _time == 0:
            (ordered,) = lab.order(visit, "ELEC")
            ward.complete(visit)
            lab.report(ordered, values=CRITICAL)
    browser = browser_of(ward.rao)
    for address in (f"/console/{ward.doctor.id}/", f"/record/{patient.id}/"):
        page = browser.get(address).content.decode()
        assert "Electrolytes" in page
        assert tells(page, "6.9")
    assert not tells(browser_of(ward.nurse).get(f"/console/{ward.doctor.id}/").content.decode(), "6.9")


def test_a_correction_is_a_new_version_with_a_reason_and_the_doctor_looks_again(lab: Lab, order: Order):
    lab.report(order, values=CRITICAL)
    see(lab, order)
    with pytest.raises(Invalid):
        lab.report(order, values=NORMAL, version=1)
    with pytest.raises(ResultChanged):
        lab.report(order, values=NORMAL, version=0, reason="Another tube")
    second = lab.report(order, values=NORMAL, version=1, reason="Another tube: Zinnober")
    order.refresh_from_db()
    assert (second.content["reason"], second.content["critical"]) == ("Another tube: Zinnober", False)
    assert (second.version, order.reported, order.seen, order.critical) == (2, 2, 1, False)
    with pytest.raises(ResultChanged):
        see(lab, order, version=1)
    see(lab, order, version=2)
    actions = AuditEntry.objects.filter(entity_id=str(order.id)).order_by("at").values_list("action", flat=True)
    assert set(actions) >= {"test.ordered", "result.signed", "result.corrected", "result.seen"}
    assert "Zinnober" not in str(list(AuditEntry.objects.values_list("after", "reason")))


def test_only_a_doctor_has_looked_at_its_result(lab: Lab, order: Order):
    with pytest.raises(ResultChanged):
        see(lab, order)
    lab.report(order, values=NORMAL)
    for actor in (lab.hands["LAB"], lab.ward.nurse):
        with pytest.raises(Forbidden):
            see(lab, order, actor=actor)


def test_another_doctor_of_the_department_stands_in_with_a_reason(lab: Lab, order: Order):
    lab.report(order, values=CRITICAL)
    ward, form = lab.ward, {"version": "1", "reason": "He is ill", "key": "a"}
    outsider = browser_of(ward.as_doctor(add_doctor(ward, [lab.counters["LAB"].department])))
    assert outsider.post(f"/results/{order.id}/seen/", form).status_code == 403
    other = browser_of(ward.as_doctor(add_doctor(ward, [ward.department])))
    assert f"/results/{order.id}/" in other.get("/results/").content.decode()
    assert 'name="reason"' in other.get(f"/results/{order.id}/").content.decode()
    assert 'name="reason"' not in browser_of(ward.rao).get(f"/results/{order.id}/").content.decode()
    refused = other.post(f"/results/{order.id}/seen/", {"version": "1", "reason": "ill", "key": "b"})
    assert (refused.status_code, "Say why you look at it in place of" in refused.content.decode()) == (400, True)
    seen = other.post(f"/results/{order.id}/seen/", {"version": "1", "reason": "Dr Rao is ill", "key": "c"})
    order.refresh_from_db()
    assert (seen.status_code, order.seen) == (302, 1)
    assert AuditEntry.objects.get(action="result.seen").reason == "Dr Rao is ill"
    assert f"/results/{order.id}/" not in other.get("/results/").content.decode()


def test_a_list_of_colleagues_results_has_those_that_wait_or_are_critical(lab: Lab, order: Order):
    lab.report(order, values=NORMAL)
    other = add_doctor(lab.ward, [lab.ward.department])
    places, now = [lab.ward.department.id], lab.ward.now
    assert not left_waiting(other.id, places, now)
    assert list(left_waiting(other.id, places, now + LEFT_WAITING)) == [order]
    assert not left_waiting(lab.ward.doctor.id, places, now + LEFT_WAITING)
    assert not left_waiting(other.id, [lab.counters["LAB"].department_id], now + LEFT_WAITING)


def test_what_was_taken_back_gets_no_result_and_what_has_one_is_not_taken_back(lab: Lab, order: Order):
    about = {"actor": lab.ward.rao, "now": lab.ward.now}
    take_back_order(**about, order_id=order.id)
    with pytest.raises(OrderGone):
        lab.report(order, values=NORMAL)
    (other,) = lab.order(lab.called_in(), "URINE")
    lab.report(other, report="Clear")
    with pytest.raises(OrderBegun):
        take_back_order(**about, order_id=other.id)


def test_a_signed_result_stands_sealed_and_nobody_changes_it(lab: Lab, order: Order):
    lab.report(order, values={"Sodium": 147.11})
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM encounters_result")
        assert "147.11" not in str(cursor.fetchall())
    assert "147.11" not in str(list(AuditEntry.objects.values_list("after", flat=True)))
    assert "147.11" not in str(list(OutboxEvent.objects.values_list("payload", flat=True)))
    for statement in ("UPDATE encounters_result SET hash = 'x'", "DELETE FROM encounters_result"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_laboratory_sees_what_is_to_be_done_at_its_counter_and_enters_it_there(lab: Lab, order: Order):
    lab.begin()
    hands, counter = browser_of(lab.hands["LAB"]), f"/counter/{lab.counters['LAB'].id}/"
    page = hands.get(counter).content.decode()
    assert "Electrolytes" in page
    assert f"/results/{order.id}/?next={counter}" in page
    asked = hands.get(f"/results/{order.id}/").content.decode()
    assert "135–145" in asked
    form = {"version": "0", "measure-0": "140", "measure-1": "abc", "next": counter, "key": "a"}
    wrong = hands.post(f"/results/{order.id}/sign/", form)
    assert (wrong.status_code, 'value="abc"' in wrong.content.decode()) == (400, True)
    thousands = hands.post(f"/results/{order.id}/sign/", form | {"measure-1": "1,250", "key": "c"})
    assert (thousands.status_code, "Type thousands without a comma" in thousands.content.decode()) == (400, True)
    signed = hands.post(f"/results/{order.id}/sign/", form | {"measure-1": "6,9", "key": "b"})
    assert (signed.status_code, signed.url) == (302, counter)
    assert "No test waits to be done here." in hands.get(counter).content.decode()
    assert "Electrolytes, Asha Devi" in hands.get("/results/here/").content.decode()


def test_the_doctor_finds_what_came_back_and_has_looked_at_it(lab: Lab, order: Order):
    lab.report(order, values=CRITICAL)
    lab.serve("LAB")
    rao, console = browser_of(lab.ward.rao), f"/console/{lab.ward.doctor.id}/"
    listed = rao.get(console).content.decode()
    assert "Critical result" in listed
    assert "1 person has results to look at" in listed
    assert "Electrolytes, Asha Devi" in rao.get("/results/").content.decode()
    assert not tells(rao.get("/results/").content.decode(), "6.9")
    listed = AuditEntry.objects.get(action="patient.opened", reason="results list")
    assert listed.entity_id == str(order.patient_id)
    shown = rao.get(f"/results/{order.id}/").content.decode()
    assert "6.9" in shown
    assert AuditEntry.objects.filter(action="patient.opened", reason="results").exists()
    assert rao.post(f"/results/{order.id}/seen/", {"version": "1", "key": "a"}).status_code == 302
    assert "You have looked at every result." in rao.get("/results/").content.decode()
    assert "Critical result" not in rao.get(console).content.decode()


def test_beside_the_person_who_is_back_stand_the_values(lab: Lab, order: Order):
    lab.report(order, values=CRITICAL)
    lab.serve("LAB")
    visit = lab.ward.start(lab.ward.call_next())
    rao, console = browser_of(lab.ward.rao), f"/console/{lab.ward.doctor.id}/"
    assert "6.9" in rao.get(console).content.decode()
    form = {"key": "k", "visit": visit.id, "version": visit.version, "order": order.id, "result_version": "1"}
    assert rao.post(f"{console}result-seen/", form).status_code == 302
    order.refresh_from_db()
    assert order.seen == 1


def test_nobody_else_opens_a_result(lab: Lab, order: Order):
    lab.report(order, values=NORMAL)
    ward = lab.ward
    for actor in (ward.meera, ward.nurse, ward.admin, ward.as_role(Role.LAB, [ward.department])):
        assert browser_of(actor).get(f"/results/{order.id}/").status_code == 403


def test_results_over_the_api(lab: Lab, order: Order):
    hands, rao = browser_of(lab.hands["LAB"]), browser_of(lab.ward.rao)
    sent = {"values": [{"name": "Potassium", "value": "6.9"}], "report": "Not haemolysed."}
    answer = hands.post(f"/api/v1/orders/{order.id}/results", sent, content_type="application/json")
    assert (answer.status_code, answer.json()["critical"]) == (201, True)
    (waits,) = rao.get("/api/v1/results/not-seen").json()["results"]
    assert AuditEntry.objects.filter(action="patient.opened", reason="results list").exists()
    assert (waits["orderId"], waits["result"]) == (str(order.id), None)
    (read,) = rao.get(f"/api/v1/encounters/{order.visit_id}/orders").json()["orders"]
    assert read["result"]["values"][0]["value"] == 6.9
    looked = rao.post(f"/api/v1/orders/{order.id}/seen", {"version": 1}, content_type="application/json")
    assert looked.json()["seen"] == 1
    assert rao.get("/api/v1/results/not-seen").json()["count"] == 0


def test_a_family_reads_a_result_once_the_doctor_has_looked_at_it_and_as_it_was_then(lab: Lab):
    (order,) = lab.order(lab.called_in(name="Asha Devi", age=34, phone=PHONE), "ELEC", send=True)
    lab.report(order, values={"Potassium": 5.7})
    family = Client(headers={"Authorization": f"Bearer {by_code(lab)}"})
    assert family.get("/api/v1/patient/results").json()["count"] == 0
    see(lab, order)
    lab.report(order, values={"Potassium": 4.4}, version=1, reason="Another tube")
    (told,) = family.get("/api/v1/patient/results").json()["results"]
    assert AuditEntry.objects.filter(action="patient.opened", reason="results", actor_type="patient").count() == 1
    assert (told["test"], told["result"]["values"][0]["value"]) == ("Electrolytes", 5.7)
    assert told["beingCorrected"]
    phone = phone_of(timezone.now())
    assert "This result is being corrected." in phone.get("/me/results/").content.decode()
    see(lab, order, version=2)
    (told,) = family.get("/api/v1/patient/results").json()["results"]
    assert (told["result"]["values"][0]["value"], told["beingCorrected"]) == (4.4, False)
    assert "This result is being corrected." not in phone.get("/me/results/").content.decode()
    Credential.objects.filter(kind="patient_login").update(issued_at=timezone.now() - FRESH - timedelta(seconds=1))
    assert family.get("/api/v1/patient/results").json()["code"] == "code_too_old"
    sent = phone.get("/me/results/")
    assert (sent.status_code, unquote(sent["Location"])) == (302, "/login/phone/?next=/me/results/")
    link = Client(headers={"Authorization": f"Bearer {check_in_by_link(lab.ward).restore_token}"})
    assert link.get("/api/v1/patient/results").json().get("count", 0) == 0


def by_code(lab: Lab) -> str:
    return sign_in_family(actor=system_actor("code login", lab.ward.facility.id), now=timezone.now(), phone=PHONE)
