from datetime import date
from typing import Any

import pytest
from django.utils import translation

from apps.patients.commands import register
from apps.patients.forms import RegisterForm
from tests.patients.conftest import NOW, Desk

TODAY = date(2026, 11, 21)
ASHA = {"name": " Asha  Devi ", "sex": "female", "age": "34", "phone": "098765 43210", "language": "en"}


def filled(**typed: Any) -> RegisterForm:
    return RegisterForm(ASHA | typed, day=TODAY)


def test_a_good_form_says_what_the_command_takes(desk: Desk) -> None:
    form = filled()
    assert form.is_valid(), form.errors
    patient = register(actor=desk.meera, now=NOW, **form.cleaned_data)
    assert (patient.name, patient.phone, patient.birth_date_estimated) == ("Asha Devi", "+919876543210", True)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "?"}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"phone": "123"}, "phone"),
        ({"sex": "F"}, "sex"),
        ({"age": ""}, "birth_date"),
        ({"age": "200"}, "age"),
        ({"birth_date": "1990-02-03"}, "birth_date"),
        ({"age": "", "birth_date": "2990-02-03"}, "birth_date"),
        ({"age": "", "birth_date": "yesterday"}, "birth_date"),
        ({"address": "x" * 301}, "address"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_a_wrong_field_is_marked(typed: dict[str, Any], field: str) -> None:
    assert list(filled(**typed).errors) == [field]


def test_nobody_needs_a_phone_or_an_address() -> None:
    form = filled(phone="", address="")
    assert form.is_valid()
    assert (form.cleaned_data["phone"], form.cleaned_data["address"]) == ("", "")


def test_the_labels_speak_the_reader_s_language() -> None:
    with translation.override("hi"):
        assert str(RegisterForm(day=TODAY)["name"].label) == translation.gettext("Name")
