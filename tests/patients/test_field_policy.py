"""What each role sees of a patient: wherever one is shown, exactly what the policy's table says, and nothing more."""

import json
from typing import Any
from uuid import UUID

import pytest

from apps.audit.api import entry_values
from apps.audit.models import AuditEntry
from apps.core.policy import PATIENT_FIELDS, ROLE_FIELDS, Actor, ActorType, Fields, Permission, Role
from apps.patients import queries
from apps.patients.models import Patient, PatientIdentifier
from apps.patients.rules.identifiers import IdentifierKind
from apps.reporting.admin import _changes
from tests.cast import DESK
from tests.marks import tells
from tests.patients.conftest import NOW, Desk
from tests.patients.test_api import ask

SECRETS: dict[Fields, tuple[str, ...]] = {
    Fields.IDENTITY: ("Asha Devi",),
    Fields.PHONE_END: ("3210",),
    Fields.CONTACT: ("+919876543210", "12 Beach Road"),
    Fields.IDENTIFIERS: ("4567",),
    Fields.NEEDS: ("pregnant",),
}
"""What gives a group of fields away, in any answer."""

KEYS: dict[Fields, set[str]] = {
    Fields.PHONE_END: {"phoneLast4"},
    Fields.CONTACT: {"phone", "address"},
    Fields.NEEDS: {"needs", "pregnant", "disabled"},
}
"""The JSON keys of a group that not everybody sees."""


def asha(desk: Desk) -> Any:
    return desk.register(
        address="12 Beach Road", pregnant=True, identifiers=[(IdentifierKind.NATIONAL_ID, "ID1234567")]
    )


def given_away(text: str, *skipped: Fields) -> set[Fields]:
    """The groups that a text tells something of."""
    return {group for group, marks in SECRETS.items() if group not in skipped and any(tells(text, m) for m in marks)}


@pytest.mark.parametrize("role", Role)
def test_an_opened_record_has_what_the_role_sees_and_lacks_the_rest(desk: Desk, role: Role) -> None:
    patient = asha(desk)
    opened = ask(desk.staff(role), "GET", f"patients/{patient.id}").json
    for group, keys in KEYS.items():
        assert keys & set(opened) == (keys if group in ROLE_FIELDS[role] else set()), group
    assert given_away(json.dumps(opened)) <= ROLE_FIELDS[role]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", ["patients", "patients?search=asha"])
def test_lists_show_at_most_the_end_of_a_phone(desk: Desk, role: Role, path: str) -> None:
    asha(desk)
    answer = ask(desk.staff(role), "GET", path).json
    assert answer["count"] == 1
    assert given_away(json.dumps(answer)) == {Fields.IDENTITY, Fields.PHONE_END} & ROLE_FIELDS[role]
    assert ("phoneLast4" in answer["results"][0]) == (Fields.PHONE_END in ROLE_FIELDS[role])


@pytest.mark.parametrize("text", ["98765 43210", "3210", "ID1234567"])
@pytest.mark.parametrize("role", Role)
def test_a_phone_or_an_identifier_finds_people_only_for_who_sees_the_end_of_a_phone(
    desk: Desk, role: Role, text: str
) -> None:
    asha(desk)
    answer = ask(desk.staff(role), "GET", f"patients?search={text}").json
    assert answer["count"] == (1 if Fields.PHONE_END in ROLE_FIELDS[role] else 0)


@pytest.mark.parametrize("role", [Role.PHARMACIST, Role.LAB])
def test_a_file_number_finds_people_for_everybody(desk: Desk, role: Role) -> None:
    patient = asha(desk)
    assert ask(desk.staff(role), "GET", f"patients?search={patient.uhid}").json["count"] == 1


@pytest.mark.parametrize("role", Role)
def test_identifiers_are_listed_for_who_sees_them_and_refused_to_others(desk: Desk, role: Role) -> None:
    patient = asha(desk)
    answer = ask(desk.staff(role), "GET", f"patients/{patient.id}/identifiers")
    if Fields.IDENTIFIERS in ROLE_FIELDS[role]:
        assert answer.json["results"][0]["last4"] == "4567"
    else:
        assert (answer.status_code, given_away(json.dumps(answer.json))) == (403, set())


def test_who_does_not_see_identifiers_does_not_add_any(desk: Desk) -> None:
    patient, nurse = asha(desk), desk.staff(Role.NURSE)
    body = {"kind": "abha_address", "value": "asha.devi@abdm"}
    assert ask(nurse, "POST", f"patients/{patient.id}/identifiers", body).status_code == 403
    person = {"name": "Meera", "sex": "female", "age": 30, "phone": "", "identifiers": [body]}
    assert ask(nurse, "POST", "patients", person).status_code == 403
    assert (Patient.objects.count(), PatientIdentifier.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "query",
    ["phone_last4=3210", "patient__phone__startswith=9", "ordering=phone", "order=-birth_date", "name=Asha", "role=x"]
    + [f"{field.name}=1" for field in Patient._meta.concrete_fields],
)
def test_what_cannot_be_asked_for_is_refused_and_tells_nothing(desk: Desk, query: str) -> None:
    patient = asha(desk)
    for path in ("patients", f"patients/{patient.id}/identifiers", "doctors", "departments", "audit"):
        answer = ask(desk.staff(Role.ADMIN), "GET", f"{path}?{query}")
        assert (answer.status_code, answer.json["code"]) == (400, "invalid"), path
        assert "count" not in answer.json


def test_every_column_of_a_record_and_all_that_follows_from_it_is_in_exactly_one_group() -> None:
    grouped = [name for names in PATIENT_FIELDS.values() for name in names]
    assert len(grouped) == len(set(grouped))
    columns = {field.name for field in Patient._meta.concrete_fields}
    assert columns | set(queries.Facts.__annotations__) <= set(grouped)


def test_what_is_in_no_group_is_shown_to_nobody() -> None:
    assert DESK.seen({"name": "Asha", "blood_group": "B+"}) == {"name": "Asha"}


@pytest.mark.parametrize("kind", [kind for kind in ActorType if kind is not ActorType.STAFF])
def test_nobody_but_staff_sees_anything_by_this_table(kind: ActorType) -> None:
    stranger = Actor(kind, None, "", None, role=Role.ADMIN, granted=frozenset(Permission))
    assert not any(stranger.sees(group) for group in Fields)


def test_a_brief_is_what_the_reader_sees(desk: Desk) -> None:
    patient = asha(desk)
    assert "needs" in queries.brief(patient, NOW, desk.meera)
    assert set(queries.brief(patient, NOW, desk.staff(Role.LAB))) <= PATIENT_FIELDS[Fields.IDENTITY]


@pytest.mark.parametrize("role", Role)
def test_the_audit_trail_tells_its_reader_no_more_of_a_patient_than_the_record(desk: Desk, role: Role) -> None:
    asha(desk)
    reader = Actor(ActorType.STAFF, UUID(int=1), "", desk.facility.id, role=role, all_departments=True)
    for entry in AuditEntry.objects.all():
        told = entry_values(entry, reader)
        for values in (told["before"], told["after"], _changes(entry, reader)):
            assert given_away(json.dumps(values)) <= ROLE_FIELDS[role]
