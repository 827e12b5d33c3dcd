"""The registry's pages at the desk: find somebody, or make a new file."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.patients.models import Patient
from tests.browsers import browser_of
from tests.ward import Ward, open_ward


@pytest.fixture
def open_now(db: None) -> Iterator[Ward]:
    """A hospital at this hour."""
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def desk(open_now: Ward) -> Client:
    """Meera's browser."""
    return browser_of(open_now.meera)


def test_a_new_file_is_made_and_leads_to_the_walk_in(open_now: Ward, desk: Client):
    answer = desk.post("/admin/desk/register/", filled(name="Asha Devi"))
    patient = Patient.objects.get(name="Asha Devi")
    assert answer.url == f"/admin/desk/walk-in/?patient={patient.id}"


def test_who_may_be_the_same_person_is_shown_before_a_second_file_is_made(open_now: Ward, desk: Client):
    known = open_now.register("Asha Devi", phone="98765 43210")
    answer = desk.post("/admin/desk/register/", filled(name="Asha Devi", phone="98765 43210"))
    assert answer.status_code == 409
    assert f"patient={known.id}" in answer.content.decode()
    assert Patient.objects.filter(name="Asha Devi").count() == 1
    desk.post("/admin/desk/register/", filled(name="Asha Devi", phone="98765 43210", not_a_duplicate="1"))
    assert Patient.objects.filter(name="Asha Devi").count() == 2


def test_a_form_with_mistakes_is_shown_again_with_what_was_typed(desk: Client):
    answer = desk.post("/admin/desk/register/", filled(name="Asha Devi", phone="12"))
    assert answer.status_code == 400
    assert "Asha Devi" in answer.content.decode()
    assert not Patient.objects.exists()


def test_somebody_is_found_and_what_was_not_found_begins_a_new_file(open_now: Ward, desk: Client):
    known = open_now.register("Asha Devi", phone="98765 43210")
    assert f"patient={known.id}" in desk.get("/admin/desk/find/", {"q": "98765 43210"}).content.decode()
    assert 'value="Zubair"' in desk.get("/admin/desk/register/", {"q": "Zubair"}).content.decode()
    assert 'value="99999 11111"' in desk.get("/admin/desk/register/", {"q": "99999 11111"}).content.decode()


def test_another_hospitals_people_are_not_found(desk: Client):
    with open_ward() as elsewhere:
        elsewhere.register("Zubeida Begum", phone="98765 43210")
    page = desk.get("/admin/desk/find/", {"q": "98765 43210"}).content.decode()
    assert "Zubeida" not in page


def filled(**typed: Any) -> dict[str, Any]:
    """A form for a new file."""
    return {"sex": "female", "age": "34", "language": "en", "key": uuid4()} | typed
