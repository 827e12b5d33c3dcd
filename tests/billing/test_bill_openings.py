"""A bill on which tests stand is health data: shown to the family after a fresh code, and who opened it is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.audit.models import AuditEntry
from apps.core.policy import Role
from apps.patients.rules.login_codes import FRESH
from apps.queue.models import Visit
from tests.billing.test_things import in_consultation, ordered, sold
from tests.browsers import browser_of
from tests.marks import tells
from tests.patients.codes import PHONE, phone_of


@pytest.fixture
def tested(till: Any) -> Any:
    """Asha's bill, with a test on it."""
    till.ward.keep_real_time()
    sold(till, "CBC", "250.00")
    visit = in_consultation(till, till.ward.register(name="Asha Devi", phone=PHONE))
    ordered(till, visit, "CBC")
    return till.issued(visit)


def openings(reason: str = "bill") -> int:
    return AuditEntry.trail.filter(action="patient.opened", reason=reason).count()


def code_grows_old() -> None:
    Credential.objects.filter(kind="patient_login").update(issued_at=timezone.now() - FRESH - timedelta(seconds=1))


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_soon_after_a_code_the_family_reads_what_was_done_and_that_is_on_record(tested: Any):
    phone = phone_of(timezone.now())
    assert "Cbc" in text(phone, f"/me/bills/{tested.id}/")
    assert openings() == 1
    assert phone.get(f"/me/bills/{tested.id}/file/").headers["Content-Type"] == "application/pdf"
    assert openings("bill file") == 1


def test_later_it_shows_what_is_due_and_not_what_was_done(till: Any, tested: Any):
    phone, at = phone_of(timezone.now()), f"/me/bills/{tested.id}/"
    code_grows_old()
    shown = text(phone, at)
    assert tested.number in shown
    assert "₹750.00" in shown
    for hidden in ("Cbc", "Asha", till.ward.department.name, till.ward.doctor.name, "/file/"):
        assert hidden not in shown.split("<main", 1)[1]
    assert openings() == 0


@pytest.mark.parametrize("more", ["?whole=1", "file/"])
def test_the_rest_asks_for_a_new_code_and_comes_back_to_it(tested: Any, more: str):
    phone, at = phone_of(timezone.now()), f"/me/bills/{tested.id}/{more}"
    code_grows_old()
    sent = phone.get(at)
    assert sent.status_code == 302
    assert sent["Location"].startswith("/login/phone/?next=/me/bills/")
    assert openings() == openings("bill file") == 0


def test_it_is_paid_without_a_new_code(tested: Any, settings: Any):
    settings.RAZORPAY_KEY_ID = "key"
    phone, at = phone_of(timezone.now()), f"/me/bills/{tested.id}/"
    code_grows_old()
    assert "Pay by phone" in text(phone, at)
    assert phone.post(f"{at}pay/").status_code == 302
    assert tested.links.count() == 1
    assert phone.post("/me/bills/00000000-0000-4000-8000-000000000000/pay/").status_code == 404


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/admin/desk/invoices/{}/", "bill"),
        ("/admin/desk/invoices/{}/receipt/", "bill print"),
        ("/admin/desk/invoices/{}/file/", "bill file"),
        ("/api/v1/invoices/{}", "bill"),
    ],
)
def test_the_family_reads_who_of_the_staff_opened_it(till: Any, tested: Any, path: str, reason: str):
    meera = browser_of(till.ward.as_role(Role.RECEPTION))
    assert meera.get(path.format(tested.id)).status_code == 200
    assert openings(reason) == 1
    told = text(phone_of(timezone.now()), f"/me/opened/{tested.patient_id}/")
    assert "front desk" in told
    assert {"bill": "saw a bill", "bill print": "to print it", "bill file": "as a file"}[reason] in told
    assert not tells(told, "Cbc")


def test_every_answer_with_a_whole_invoice_is_on_record(till: Any, tested: Any):
    browser_of(till.cashier).post(
        "/api/v1/invoices", {"visitId": str(tested.lines.first().visit_id)}, content_type="application/json"
    )
    assert openings() == 1


def test_a_bill_of_a_consultation_alone_tells_no_more_than_the_visit(till: Any):
    till.ward.keep_real_time()
    plain = till.issued(till.ward.arrive(till.ward.register(name="Asha Devi", phone=PHONE)))
    assert browser_of(till.cashier).get(f"/admin/desk/invoices/{plain.id}/").status_code == 200
    assert openings() == 0


def test_a_bill_that_is_looked_at_when_the_patient_has_gone_alarms_nobody(till: Any, tested: Any):
    """A note that is read then does: see tests/encounters/test_openings.py."""
    till.ward.complete(Visit.objects.get(patient_id=tested.patient_id))
    text(browser_of(till.cashier), f"/admin/desk/invoices/{tested.id}/receipt/")
    told = text(phone_of(timezone.now()), f"/me/opened/{tested.patient_id}/")
    assert "opened a bill to print it" in told
    assert "You were not here for a visit then." not in told
