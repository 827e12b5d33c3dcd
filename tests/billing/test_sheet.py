"""An invoice with its receipt as a PDF file, for who may see it, in the patient's language."""

from typing import Any

import pytest
from django.utils import timezone, translation

from apps.accounts.queries.facilities import _facts
from apps.billing.models import Invoice
from apps.billing.queries.papers import receipt_of
from apps.billing.queries.sheet import TEMPLATE, invoice_sheet
from apps.core import paper
from apps.core.policy import Role
from apps.queue.models import Visit
from tests.browsers import browser_of
from tests.patients.codes import PHONE, phone_of


def paid(till: Any, language: str = "en") -> Invoice:
    """An invoice of which all but ten rupees are paid, and five went back."""
    till.ward.keep_real_time()
    invoice = till.issued(till.ward.arrive(till.ward.register(name="Sunita Verma", phone=PHONE, language=language)))
    till.refund(till.pay(invoice, "490.00"), "5.00")
    return Invoice.objects.select_related("patient", "token", "department").get(id=invoice.id)


def test_the_sheet_has_what_was_done_paid_and_given_back(till):
    sheet = invoice_sheet(paid(till), timezone.now())
    assert sheet["lines"][0][-1] == "₹500.00"
    labels = [(row["label"].split(",")[0], row["value"]) for row in sheet["sums"]]
    assert labels == [
        ("Total", "₹500.00"),
        ("Paid by Cash", "₹490.00"),
        ("Given back", "₹5.00"),
        ("To be paid", "₹10.00"),
    ]
    assert "Sunita" not in sheet["name"]


def test_a_bill_from_before_there_is_a_number_has_a_sheet_too(till):
    invoice = paid(till)
    invoice.token = None
    sheet = invoice_sheet(invoice, timezone.now())
    assert "Token" not in [fact["label"] for fact in sheet["facts"]]
    assert paper.pdf(TEMPLATE, sheet).startswith(b"%PDF-")


@pytest.mark.parametrize("language", ["en", "hi", "ta"])
def test_no_letter_is_missing_on_the_file_in_any_language(till, language: str):
    made = paper.pdf(TEMPLATE, invoice_sheet(paid(till, language), timezone.now()), standards=("a-2u",))
    assert {"en": b"NotoSans-", "hi": b"NotoSansDevanagari", "ta": b"NotoSansTamil"}[language] in made


def test_a_paper_speaks_one_language_whatever_its_page_speaks(till):
    ward = till.ward
    for thing, name in ((ward.department, "हड्डी रोग"), (ward.doctor, "डॉ. राव"), (ward.facility, "आशा अस्पताल")):
        type(thing).objects.filter(id=thing.id).update(names={"hi": name})
    _facts.cache_clear()
    patient = ward.register(name="Sunita Verma", language="hi")
    invoice = till.issued(ward.arrive(patient, doctor_id=ward.doctor.id))
    with translation.override("en"):
        told = receipt_of(Invoice.objects.get(id=invoice.id), ward.now)
    assert (told["hospital"], [line.said for line in told["lines"]]) == ("आशा अस्पताल", ["हड्डी रोग, डॉ. राव"])
    assert invoice_sheet(Invoice.objects.get(id=invoice.id), ward.now)["lines"][0][0] == "हड्डी रोग, डॉ. राव"
    type(ward.doctor).objects.filter(id=ward.doctor.id).update(name="Dr Somebody Else")
    told = receipt_of(Invoice.objects.get(id=invoice.id), ward.now)
    assert [line.said for line in told["lines"]] == [line.description for line in told["lines"]]


def test_a_line_from_before_there_was_a_doctor_speaks_the_papers_language_too(till):
    ward = till.ward
    type(ward.department).objects.filter(id=ward.department.id).update(names={"hi": "हड्डी रोग"})
    visit = ward.arrive(ward.register(name="Sunita Verma", language="hi"))
    invoice = till.issued(visit)
    Visit.objects.filter(id=visit.id).update(doctor_id=ward.doctor.id)
    told = receipt_of(Invoice.objects.get(id=invoice.id), ward.now)
    assert [line.said for line in told["lines"]] == ["हड्डी रोग"]


def test_the_family_and_the_till_take_it_as_a_file_and_nobody_else(till):
    invoice, other = paid(till), till.issued()
    phone = phone_of(timezone.now())
    path = f"/me/bills/{invoice.id}/file/"
    assert path in phone.get(f"/me/bills/{invoice.id}/").content.decode()
    assert phone.get(path).content.startswith(b"%PDF-")
    assert phone.get(f"/me/bills/{other.id}/file/").status_code == 404
    desk = f"/admin/desk/invoices/{invoice.id}/file/"
    clerk = browser_of(till.ward.as_role(Role.RECEPTION))
    assert desk in clerk.get(f"/admin/desk/invoices/{invoice.id}/receipt/").content.decode()
    assert clerk.get(desk).content.startswith(b"%PDF-")
    assert clerk.get(f"/admin/desk/invoices/{till.draft().id}/file/").status_code == 404
    assert browser_of(till.ward.as_role(Role.NURSE)).get(desk).status_code == 403
