from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from apps.core.errors import NotFound
from apps.patients import queries
from apps.patients.commands import change
from apps.patients.models import Patient
from apps.patients.rules.duplicates import Reason
from apps.patients.rules.identifiers import IdentifierKind
from tests.cast import DESK
from tests.patients.conftest import NOW, Desk


def found(text: str) -> list[str]:
    return [patient.name for patient in queries.search(text, DESK)]


def alike(**typed: Any) -> list[tuple[str, int, list[Reason]]]:
    likely = queries.likely_duplicates(actor=DESK, now=NOW, **typed)
    return [(d["patient"]["name"], d["score"], d["reasons"]) for d in likely]


@pytest.fixture
def crowd(desk: Desk) -> Desk:
    """Some people with names and phones of their own."""
    for number, name in enumerate(["Ravi Kumar", "Lakshmi Narayanan", "முருகன்", "मीरा कुमारी", "Murali Kumaran"]):
        desk.register(name, phone=f"90000 0000{number}")
    return desk


@pytest.mark.parametrize("text", ["98765 43210", "+919876543210", "098765-43210", "९८७६५ ४३२१०", "3210", "३२१०"])
def test_a_phone_is_found_in_full_or_by_its_last_four_digits(crowd: Desk, text: str) -> None:
    crowd.register("Asha Devi")
    assert found(text) == ["Asha Devi"]


@pytest.mark.parametrize("text", ["210", "98765", "98765 43211", "4321"])
def test_other_digits_find_nobody(desk: Desk, text: str) -> None:
    desk.register()
    assert found(text) == []


def test_a_uhid_is_found_however_it_is_typed(crowd: Desk) -> None:
    uhid = crowd.register("Asha Devi").uhid
    for text in (uhid, uhid.lower(), uhid.replace("-", ""), f"  {uhid} "):
        assert found(text)[0] == "Asha Devi"


@pytest.mark.parametrize(
    ("kind", "value", "typed"),
    [
        (IdentifierKind.ABHA_NUMBER, "91-1234-5678-9012", "91123456789012"),
        (IdentifierKind.ABHA_ADDRESS, "asha.devi@abdm", "Asha.Devi@abdm"),
        (IdentifierKind.NATIONAL_ID, "K1234567", "k 1234567"),
    ],
)
def test_an_identifier_finds_its_person(crowd: Desk, kind: IdentifierKind, value: str, typed: str) -> None:
    crowd.register("Asha Devi", identifiers=[(kind, value)])
    assert found(typed)[0] == "Asha Devi"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ravi", "Ravi Kumar"),
        ("Rav", "Ravi Kumar"),
        ("kumar ravi", "Ravi Kumar"),
        ("ravi kumra", "Ravi Kumar"),
        ("laxmi", "Lakshmi Narayanan"),
        ("narayan", "Lakshmi Narayanan"),
        ("Murugan", "முருகன்"),
        ("முரு", "முருகன்"),
        ("meera", "मीरा कुमारी"),
        ("मीरा", "मीरा कुमारी"),
    ],
)
def test_a_name_is_found_by_its_beginning_with_slips_and_in_any_script(crowd: Desk, text: str, name: str) -> None:
    assert found(text)[0] == name


def test_names_that_begin_so_come_first(desk: Desk) -> None:
    for name in ("Devi Asha", "Ashok Kumar", "Asha Devi"):
        desk.register(name)
    assert found("ash") == ["Asha Devi", "Ashok Kumar", "Devi Asha"]


def test_without_a_text_the_newest_come_first(crowd: Desk) -> None:
    newest = crowd.register("Asha Devi")
    Patient.objects.filter(id=newest.id).update(created_at=NOW.replace(year=2027))
    assert found("")[0] == found("  \u200b")[0] == "Asha Devi"
    assert len(found("")) == 6


@pytest.mark.parametrize("text", ["%", "_", "'; SELECT pg_sleep(5) --", "\\", "\x00", "x" * 5000, "🙂", "(((", "1e400"])
def test_no_text_breaks_the_search(crowd: Desk, text: str) -> None:
    assert "Ravi Kumar" not in found(text) or not text.strip("\x00")


def test_facilities_never_see_each_other_s_people(desk: Desk, elsewhere: Desk) -> None:
    with scope(facility=elsewhere.facility.id):
        stranger = elsewhere.register("Asha Devi", identifiers=[(IdentifierKind.NATIONAL_ID, "K1234567")])
    assert found("Asha") == found("3210") == found("98765 43210") == found(stranger.uhid) == found("") == []
    assert found("K1234567") == []
    assert alike(name="Asha Devi", phone="98765 43210", identifiers=[(IdentifierKind.NATIONAL_ID, "K1234567")]) == []
    with pytest.raises(NotFound):
        queries.get(stranger.id)


def test_outside_of_a_scope_nothing_is_read(elsewhere: Desk) -> None:
    with pytest.raises(ScopeError):
        queries.search("Asha", DESK)


def test_lists_leave_phone_and_address_sealed(crowd: Desk) -> None:
    with CaptureQueriesContext(connection) as captured:
        found("Ravi")
        found("90000 00001")
        found("")
    assert not [q["sql"] for q in captured if '."phone"' in q["sql"] or '."address"' in q["sql"]]


@pytest.mark.parametrize(("text", "statements"), [("", 1), ("Ravi", 2), ("90000 00001", 3), ("ravi kumra", 4)])
def test_a_search_takes_few_statements(crowd: Desk, text: str, statements: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert found(text)
    assert len(captured) <= statements


def test_a_brief_tells_what_other_screens_show(desk: Desk) -> None:
    patient = desk.register("Asha Devi", age=67)
    assert queries.facts(patient, NOW) == {
        "id": patient.id,
        "uhid": patient.uhid,
        "name": "Asha Devi",
        "initials": "A. D.",
        "sex": "female",
        "age": 67,
        "age_sex": "67 F",
        "needs": "elderly",
        "phone_last4": "3210",
        "language": "en",
        "status": "ACTIVE",
    }


def test_only_an_active_record_books(desk: Desk) -> None:
    patient = desk.register()
    assert queries.get_active(patient.id).id == patient.id
    change(actor=desk.meera, now=NOW, patient_id=patient.id, expected_version=1, status="DECEASED")
    with pytest.raises(queries.PatientNotActive):
        queries.get_active(patient.id)


def test_duplicates_are_scored_and_say_why(crowd: Desk) -> None:
    crowd.register("Asha Devi", birth_date=date(1990, 2, 3))
    crowd.register("Ravi Kumar", phone="98765 43210", age=40)
    assert alike(name="Asha Devy", phone="98765 43210", birth_date=date(1990, 2, 3))[0] == (
        "Asha Devi",
        100,
        [Reason.SAME_PHONE, Reason.SAME_NAME, Reason.SAME_BIRTH_DATE],
    )
    assert ("Ravi Kumar", 40, [Reason.SAME_PHONE]) in alike(name="Sita", phone="9876543210")


def test_duplicates_are_shown_while_little_is_typed(crowd: Desk) -> None:
    assert alike() == []
    assert alike(name="R") == []
    assert alike(phone="9000") == []
    assert alike(name="ravi kumar")[0][:2] == ("Ravi Kumar", 50)
    assert alike(phone="90000 00001")[0][0] == "Lakshmi Narayanan"


def test_an_identifier_finds_the_duplicate_under_another_name(crowd: Desk) -> None:
    crowd.register("Asha Devi", identifiers=[(IdentifierKind.NATIONAL_ID, "K1234567")])
    likely = alike(name="Fatima", phone="", age=70, identifiers=[(IdentifierKind.NATIONAL_ID, "K 1234567")])
    assert likely[0][0] == "Asha Devi"
    assert Reason.SAME_IDENTIFIER in likely[0][2]


def test_looking_for_duplicates_takes_one_statement(crowd: Desk) -> None:
    with CaptureQueriesContext(connection) as captured:
        alike(name="Ravi", phone="90000 00001", age=30)
    assert len(captured) == 1
