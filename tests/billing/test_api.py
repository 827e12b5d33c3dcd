"""The contract of invoices, payments and the ledger over HTTP."""

from typing import Any

import pytest
from django.test import Client

from apps.core.policy import Role
from tests.billing.till import account_of
from tests.cast import bearer, open_browser
from tests.ward import Ward


@pytest.fixture
def call(till):
    """Ask as somebody of a role: (method, address, body) → answer."""
    keys: dict[Role, dict[str, str]] = {}

    def ask(method: str, address: str, body: Any = None, role: Role = Role.CASHIER, **headers: str) -> Any:
        if role not in keys:
            keys[role] = bearer(account_of(till.ward.as_role(role)))
        return getattr(Client(), method)(
            f"/api/v1/{address}", body, content_type="application/json", headers=keys[role] | headers
        )

    return ask


def visit(ward: Ward) -> str:
    return str(ward.arrive().id)


def test_from_the_visit_to_the_ledger(till, call):
    made = call("post", "invoices", {"visitId": visit(till.ward)})
    assert made.status_code == 201
    invoice = made.json()
    assert (invoice["status"], invoice["number"], invoice["subtotal"], invoice["balance"]) == (
        "DRAFT",
        None,
        "500.00",
        "500.00",
    )
    assert invoice["lines"][0] | {"description": ""} == {
        "description": "",
        "freeRevisit": False,
        "visitId": invoice["lines"][0]["visitId"],
        "quantity": 1,
        "unitPrice": "500.00",
        "discount": "0.00",
        "taxRate": "0.00",
        "tax": "0.00",
        "total": "500.00",
    }
    at = f"invoices/{invoice['id']}"
    given = call("post", f"{at}/discounts", {"percent": "10", "reason": "hardship"})
    assert (given.status_code, given.json()["grandTotal"]) == (201, "450.00")
    assert call("post", f"{at}/payments", {"amount": "450.00", "method": "upi"}).json()["code"] == "not_issued"
    issued = call("post", f"{at}/issue", {}).json()
    assert issued["number"].endswith("/00001")
    paid = call("post", f"{at}/payments", {"amount": "450.00", "method": "upi", "reference": "UPI 1"})
    assert (paid.status_code, paid.json()["status"]) == (201, "CAPTURED")
    again = call("post", f"{at}/payments", {"amount": "0.01", "method": "cash"})
    assert (again.status_code, again.json()["code"]) == (409, "more_than_due")
    back = call("post", f"payments/{paid.json()['paymentId']}/refunds", {"amount": "50.00", "reason": "left"})
    assert (back.status_code, back.json()["amount"]) == (201, "50.00")
    whole = call("get", at).json()
    assert (whole["paid"], whole["refunded"], whole["balance"]) == ("450.00", "50.00", "0.00")
    ledger = call("get", "ledger").json()
    assert ledger["debits"] == ledger["credits"] == "1000.00"
    assert [entry["deed"] for entry in ledger["entries"]] == ["invoice", "payment", "refund"]
    assert call("get", "invoices?status=ISSUED").json()["count"] == 1


def test_above_the_limit_it_is_202_and_somebody_else_decides(till, call):
    invoice = call("post", "invoices", {"visitId": visit(till.ward)}).json()
    at = f"invoices/{invoice['id']}"
    asked = call("post", f"{at}/discounts", {"percent": "50", "reason": "hardship"})
    assert (asked.status_code, asked.json()["grandTotal"]) == (202, "500.00")
    assert call("post", f"{at}/decision", {"approve": True}, Role.RECEPTION).status_code == 403
    decided = call("post", f"{at}/decision", {"approve": True}, Role.ADMIN)
    assert (decided.status_code, decided.json()["grandTotal"]) == (200, "250.00")


@pytest.mark.parametrize(
    "more", [{"grandTotal": "1.00"}, {"lines": []}, {"unitPrice": "0.01", "status": "ISSUED", "paid": "500.00"}]
)
def test_prices_are_never_taken_from_whoever_asks(till, call, more):
    made = call("post", "invoices", {"visitId": visit(till.ward)} | more)
    assert (made.json()["grandTotal"], made.json()["paid"], made.json()["status"]) == ("500.00", "0.00", "DRAFT")


@pytest.mark.parametrize("amount", ["-5.00", "0", "1e400", "NaN", "12345678901.00", "0.001", "five", [], None])
def test_what_is_no_sum_is_refused(till, call, amount):
    invoice = till.issued()
    answer = call("post", f"invoices/{invoice.id}/payments", {"amount": amount, "method": "cash"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_payment_sent_twice_under_one_key_is_taken_once(till, call):
    invoice = till.issued()
    body = {"amount": "100.00", "method": "cash"}
    answers = [
        call("post", f"invoices/{invoice.id}/payments", body, **{"Idempotency-Key": "k1"}).json() for _ in range(3)
    ]
    assert answers[0] == answers[1] == answers[2]
    invoice.refresh_from_db()
    assert str(invoice.paid) == "100.00"


def test_the_books_are_for_those_who_serve_the_whole_hospital(till):
    here = till.ward.as_role(Role.CASHIER, [till.ward.department])
    keys = bearer(account_of(here))
    assert Client().get("/api/v1/ledger", headers=keys).status_code == 403
    till.pay(till.issued())
    browser = open_browser(account_of(here))
    page = browser.get("/admin/desk/day-book/", {"day": till.ward.now.date().isoformat()}).content.decode()
    assert "₹500.00" in page
    assert "In the books" not in page
    assert (
        "In the books"
        in open_browser(account_of(till.cashier))
        .get("/admin/desk/day-book/", {"day": till.ward.now.date().isoformat()})
        .content.decode()
    )
