import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve
from django_scopes import scope

from apps.audit.models import AuditEntry
from apps.core.policy import Actor, Role
from apps.patients.models import Patient, PatientIdentifier
from tests.cast import bearer, meera
from tests.patients.conftest import Desk

NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that nobody has."""

ASHA = {"name": "Asha Devi", "sex": "female", "birthDate": "1990-02-03", "phone": "98765 43210"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status_code: int
    json: Any


def ask(actor: Actor | None, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """What the API answers to somebody, beneath the middleware that finds out who they are."""
    url = f"/api/v1/{path}"
    raw = body if isinstance(body, str) else json.dumps(body)
    sent = None if body is None else raw.encode("utf-8", "surrogatepass")
    request = RequestFactory(headers=headers).generic(
        method, url, data=sent or b"", content_type="application/json" if sent else ""
    )
    request.actor = actor  # type: ignore[attr-defined]
    match = resolve(url.partition("?")[0])
    response = match.func(request, *match.args, **match.kwargs).render()
    return Answer(response.status_code, json.loads(response.content))


def registered(desk: Desk, **facts: Any) -> dict[str, Any]:
    answer = ask(desk.meera, "POST", "patients", ASHA | facts)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_registering_answers_the_record_with_the_last_digits_only(desk: Desk) -> None:
    answer = registered(desk, address="12 Beach Road")
    assert answer == {
        "id": str(Patient.objects.get().id),
        "uhid": Patient.objects.get().uhid,
        "name": "Asha Devi",
        "sex": "female",
        "birthDate": "1990-02-03",
        "birthDateEstimated": False,
        "age": answer["age"],
        "ageSex": f"{answer['age']} F",
        "phoneLast4": "3210",
        "status": "ACTIVE",
        "version": 1,
        "duplicates": [],
    }


def test_registering_names_who_may_be_the_same(desk: Desk) -> None:
    first = registered(desk)
    second = registered(desk, name="Aasha Devi")
    assert second["duplicates"] == [
        {
            "id": first["id"],
            "uhid": first["uhid"],
            "name": "Asha Devi",
            "ageSex": first["ageSex"],
            "phoneLast4": "3210",
            "score": 100,
            "reasons": ["same_phone", "same_name", "same_birth_date"],
        }
    ]


def test_an_age_and_all_that_is_optional_are_taken(desk: Desk) -> None:
    body = {"name": "मीरा", "sex": "female", "age": 30, "phone": "", "pregnant": True, "language": "hi"}
    identifiers = [{"kind": "abha_address", "value": "meera.kumari@abdm"}]
    answer = ask(desk.meera, "POST", "patients", body | {"identifiers": identifiers})
    assert (answer.status_code, answer.json["age"], answer.json["birthDateEstimated"]) == (201, 30, True)
    kept = Patient.objects.get()
    assert (kept.pregnant, kept.language, kept.identifiers.get().last4) == (True, "hi", "mari")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "?!"}, "name"),
    ({"name": "a\0b"}, "name"),
    ({"name": "\ud800"}, "body"),
    ({"name": 5}, "name"),
    ({"name": True}, "name"),
    ({"name": None}, "name"),
    ({"name": ["Asha"]}, "name"),
    ({"name": "a" * 1_000_000}, "name"),
    ({"sex": "F"}, "sex"),
    ({"sex": {}}, "sex"),
    ({"birthDate": "1990-02-30"}, "birthDate"),
    ({"birthDate": "2990-01-01"}, "birthDate"),
    ({"birthDate": "0001-01-01"}, "birthDate"),
    ({"birthDate": 5}, "birthDate"),
    ({"age": 30}, "birthDate"),
    ({"age": -1}, "age"),
    ({"age": 10**400}, "age"),
    ({"age": "old"}, "age"),
    ({"age": [1]}, "age"),
    ({"phone": "123"}, "phone"),
    ({"phone": "1" * 100_000}, "phone"),
    ({"phone": 9876543210}, "phone"),
    ({"address": "x" * 301}, "address"),
    ({"address": {"street": "x"}}, "address"),
    ({"pregnant": "perhaps"}, "pregnant"),
    ({"language": "tlh"}, "language"),
    ({"identifiers": "x"}, "identifiers"),
    ({"identifiers": [{"kind": "abha_number", "value": "12"}]}, "identifiers"),
    ({"identifiers": [{"kind": "passport", "value": "123456"}]}, "identifiers"),
    ({"identifiers": [{"kind": "national_id", "value": f"K{n:06}"} for n in range(11)]}, "identifiers"),
]


@pytest.mark.parametrize(("facts", "field"), WRONG)
def test_a_wrong_field_is_named_and_nothing_is_written(desk: Desk, facts: dict[str, Any], field: str) -> None:
    answer = ask(desk.meera, "POST", "patients", ASHA | facts)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid")
    assert any(name.startswith(field) for name in answer.json["errors"]), answer.json
    assert not Patient.objects.exists()


@pytest.mark.parametrize("field", ["name", "sex", "birthDate", "phone"])
def test_what_is_needed_is_asked_for(desk: Desk, field: str) -> None:
    answer = ask(desk.meera, "POST", "patients", {k: v for k, v in ASHA.items() if k != field})
    assert answer.status_code == 400
    assert field in answer.json["errors"]


@pytest.mark.parametrize("raw", ["{", "[]", '"x"', "null", "5", '{"name": NaN}', '{"age": Infinity}', "\0"])
def test_a_body_that_is_no_object_is_refused(desk: Desk, raw: str) -> None:
    assert ask(desk.meera, "POST", "patients", raw).status_code == 400


@pytest.mark.parametrize("field", ["name", "sex", "birthDate", "age", "phone", "address", "language"])
def test_a_number_beyond_all_numbers_is_refused_everywhere(desk: Desk, field: str) -> None:
    facts = {k: v for k, v in ASHA.items() if k != field}
    raw = json.dumps(facts)[:-1] + f', "{field}": 1e400}}'
    assert ask(desk.meera, "POST", "patients", raw).status_code == 400
    assert not Patient.objects.exists()


def test_a_repeat_under_one_key_registers_once(desk: Desk) -> None:
    key = {"idempotency-key": "one-registration"}
    first = ask(desk.meera, "POST", "patients", ASHA, **key)
    again = ask(desk.meera, "POST", "patients", ASHA, **key)
    other = ask(desk.meera, "POST", "patients", ASHA | {"name": "Ravi"}, **key)
    assert (first.status_code, again.json, other.status_code) == (201, first.json, 422)
    assert Patient.objects.count() == 1


def test_a_taken_identifier_is_a_conflict(desk: Desk) -> None:
    abha = {"identifiers": [{"kind": "abha_number", "value": "91-1234-5678-9012"}]}
    first = registered(desk, **abha)
    answer = ask(desk.meera, "POST", "patients", ASHA | abha)
    assert (answer.status_code, answer.json["code"]) == (409, "identifier_taken")
    assert answer.json["patientId"] == first["id"]


def test_the_list_is_paged_and_shows_the_last_digits_only(desk: Desk) -> None:
    for number in range(3):
        registered(desk, name=f"Asha {'Devi' * (number + 1)}")
    answer = ask(desk.meera, "GET", "patients?search=asha&pageSize=2").json
    assert (answer["count"], len(answer["results"])) == (3, 2)
    assert answer["next"].endswith("page=2&pageSize=2&search=asha")
    assert set(answer["results"][0]) == set(registered(desk)) - {"duplicates"}
    assert "9876543210" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("query", "status"),
    [("search=%00", 400), ("search=" + "x" * 300, 400), ("search=%ED%A0%80", 200), ("page=0", 404), ("page=x", 404)],
)
def test_an_unusable_query_is_no_error_of_ours(desk: Desk, query: str, status: int) -> None:
    assert ask(desk.meera, "GET", f"patients?{query}").status_code == status


def test_opening_a_record_shows_all_of_it_and_is_audited(desk: Desk) -> None:
    patient = registered(desk, address="12 Beach Road")
    opened = ask(desk.meera, "GET", f"patients/{patient['id']}").json
    assert (opened["phone"], opened["address"], opened["needs"]) == ("+919876543210", "12 Beach Road", "")
    entry = AuditEntry.objects.get(action="patient.opened")
    assert (entry.actor_id, entry.entity_type, entry.entity_id) == (desk.meera.id, "patient", patient["id"])


def test_searching_opens_nothing(desk: Desk) -> None:
    registered(desk)
    ask(desk.meera, "GET", "patients?search=asha")
    assert not AuditEntry.objects.filter(action="patient.opened").exists()


def test_a_correction_needs_the_version_that_was_seen(desk: Desk) -> None:
    path = f"patients/{registered(desk)['id']}"
    changed = ask(desk.meera, "PATCH", path, {"expectedVersion": 1, "name": "Asha Rani", "age": 40})
    assert (changed.status_code, changed.json["version"], changed.json["age"]) == (200, 2, 40)
    late = ask(desk.meera, "PATCH", path, {"expectedVersion": 1, "name": "Asha Kumari"})
    assert (late.status_code, late.json["code"], late.json["version"]) == (409, "version_conflict", 2)
    assert "expectedVersion" in ask(desk.meera, "PATCH", path, {"name": "Asha"}).json["errors"]


@pytest.mark.parametrize(
    "wrong", [{"status": "MERGED"}, {"name": None}, {"phone": "1"}, {"birthDate": "1990-01-01", "age": 5}, {"sex": ""}]
)
def test_a_wrong_correction_changes_nothing(desk: Desk, wrong: dict[str, Any]) -> None:
    path = f"patients/{registered(desk)['id']}"
    assert ask(desk.meera, "PATCH", path, {"expectedVersion": 1} | wrong).status_code == 400
    assert Patient.objects.get().version == 1


def test_identifiers_are_added_and_listed_by_their_end(desk: Desk) -> None:
    path = f"patients/{registered(desk)['id']}/identifiers"
    added = ask(desk.meera, "POST", path, {"kind": "national_id", "value": "1234 5678 9012"})
    assert (added.status_code, added.json["last4"]) == (201, "9012")
    assert ask(desk.meera, "POST", path, {"kind": "national_id", "value": "1234 5678 9012"}).status_code == 409
    listed = ask(desk.meera, "GET", path).json
    assert listed["results"] == [added.json]
    assert PatientIdentifier.objects.get().value == "123456789012"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "patients/{id}", None),
        ("PATCH", "patients/{id}", {"expectedVersion": 1, "name": "Somebody"}),
        ("GET", "patients/{id}/identifiers", None),
        ("POST", "patients/{id}/identifiers", {"kind": "national_id", "value": "K1234567"}),
    ],
)
def test_a_record_of_nobody_or_of_another_hospital_is_not_found(
    desk: Desk, elsewhere: Desk, method: str, path: str, body: Any
) -> None:
    patient = registered(desk)
    assert ask(desk.meera, method, path.format(id=uuid4()), body).status_code == 404
    with scope(facility=elsewhere.facility.id):
        assert ask(elsewhere.meera, method, path.format(id=patient["id"]), body).status_code == 404


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.CASHIER, Role.PHARMACIST, Role.LAB])
def test_who_only_reads_cannot_write(desk: Desk, role: Role) -> None:
    patient = registered(desk)
    somebody = desk.staff(role)
    path = f"patients/{patient['id']}"
    assert ask(somebody, "GET", "patients").status_code == 200
    assert ask(somebody, "POST", "patients", ASHA).status_code == 403
    assert ask(somebody, "PATCH", path, {"expectedVersion": 1, "name": "X"}).status_code == 403
    assert ask(somebody, "POST", f"{path}/identifiers", {"kind": "national_id", "value": "K1234567"}).status_code == 403


@pytest.mark.parametrize("path", ["patients", f"patients/{NOBODY}", f"patients/{NOBODY}/identifiers"])
def test_a_stranger_is_asked_to_sign_in(path: str) -> None:
    assert ask(None, "GET", path).status_code == 401


def test_over_the_wire_each_hospital_finds_only_its_own(client: Client, db: None) -> None:
    here, there = bearer(meera()), bearer(meera())
    sent = client.post("/api/v1/patients", ASHA, content_type="application/json", headers=here)
    assert sent.status_code == 201
    assert client.get("/api/v1/patients?search=asha", headers=here).json()["count"] == 1
    assert client.get("/api/v1/patients?search=asha", headers=there).json()["count"] == 0
    path = f"/api/v1/patients/{sent.json()['id']}"
    assert client.get(path, headers=here).json()["phone"] == "+919876543210"
    assert client.get(path, headers=there).status_code == 404
    assert client.get(path).status_code == 401
