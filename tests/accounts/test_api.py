"""Signing in for programs, over HTTP."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential, FailedTries, Staff
from apps.accounts.queries import actor_of_ticket
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.tries import MOST_FAILURES
from apps.core.policy import ROLE_PERMISSIONS, Role
from tests.cast import bearer, dr_rao, open_browser
from tests.factories import PASSWORD

TOKEN, REFRESH, LOGOUT, ME = (f"/api/v1/auth/{name}" for name in ("token", "refresh", "logout", "me"))
PASSWORD_PATH, TICKET = "/api/v1/auth/password", "/api/v1/auth/socket-ticket"


def post(client: Client, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    return client.post(path, json.dumps(body or {}), content_type="application/json", headers=headers)


def tokens(client: Client, staff: Staff, **more: str) -> Any:
    return post(client, TOKEN, {"email": staff.email, "password": PASSWORD} | more).json()


def me(client: Client, access: str) -> Any:
    return client.get(ME, headers={"Authorization": f"Bearer {access}"})


def test_signing_in_tells_who_one_is(client, meera):
    answer = post(client, TOKEN, {"email": meera.email, "password": PASSWORD, "deviceId": "tablet 7"})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access", "refresh", "user"}
    assert body["user"] == {
        "id": str(meera.id),
        "name": meera.name,
        "role": "RECEPTION",
        "departments": [],
        "allDepartments": True,
    }
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


def test_me_is_who_the_access_token_says(client, meera):
    body = me(client, tokens(client, meera)["access"]).json()
    assert (body["type"], body["id"], body["role"]) == ("staff", str(meera.id), "RECEPTION")
    assert body["facility"]["id"] == str(meera.facility_id)
    assert body["permissions"] == sorted(ROLE_PERMISSIONS[Role.RECEPTION])


@pytest.mark.django_db
def test_a_doctors_departments_are_told(client):
    department_id = "6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11"
    body = tokens(client, dr_rao(departments=[department_id]))
    assert body["user"]["departments"] == [department_id]
    assert me(client, body["access"]).json()["departments"] == [department_id]


def test_a_wrong_password_is_401_and_an_unknown_address_looks_the_same(client, meera):
    wrong = post(client, TOKEN, {"email": meera.email, "password": "wrong"})
    unknown = post(client, TOKEN, {"email": "nobody@hospital.test", "password": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    assert wrong.json() == unknown.json()
    assert {k: v for k, v in wrong.headers.items() if k != "X-Request-ID"} == {
        k: v for k, v in unknown.headers.items() if k != "X-Request-ID"
    }


def test_the_sixth_try_is_429_and_says_when_to_come_back_whatever_addresses_it_comes_from(client, meera):
    body = {"email": meera.email, "password": "wrong"}
    for i in range(MOST_FAILURES):
        headers = {"X-Forwarded-For": f"10.0.0.{i}", "X-Real-IP": f"10.0.1.{i}", "Forwarded": f"for=10.0.2.{i}"}
        assert post(client, TOKEN, body, headers).status_code == 401
    locked = post(client, TOKEN, body | {"password": PASSWORD})
    assert (locked.status_code, locked.json()["code"], locked["Retry-After"]) == (429, "sign_in_locked", "900")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "meera@hospital.test"},
        {"email": "no address", "password": "x"},
        {"email": ["a"], "password": {}},
        {"email": "a@b.test\0", "password": "x"},
        {"email": "a@b.test", "password": "\ud800"},
        {"email": "a@b.test", "password": "x" * 257},
        [],
        "text",
        7,
        None,
    ],
)
@pytest.mark.django_db
def test_a_body_that_makes_no_sense_is_400_and_counts_for_nothing(client, body):
    answer = client.post(TOKEN, json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not FailedTries.objects.exists()


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"email": 1e400}', b"NaN"])
@pytest.mark.django_db
def test_a_body_that_is_no_json_is_400(client, raw):
    assert client.post(TOKEN, raw, content_type="application/json").status_code == 400


@pytest.mark.django_db
def test_a_form_is_no_way_into_the_api(client, meera):
    answer = client.post(TOKEN, {"email": meera.email, "password": PASSWORD})
    assert answer.status_code == 400


def test_refreshing_gives_new_tokens_and_reuse_ends_everything(client, meera):
    first = tokens(client, meera)
    second = post(client, REFRESH, {"refresh": first["refresh"]}).json()
    assert second["user"] == first["user"]
    assert [me(client, t["access"]).status_code for t in (first, second)] == [200, 200]
    again = post(client, REFRESH, {"refresh": first["refresh"]})
    assert (again.status_code, again.json()["code"]) == (401, "refresh_refused")
    assert [me(client, t["access"]).status_code for t in (first, second)] == [401, 401]
    assert post(client, REFRESH, {"refresh": second["refresh"]}).status_code == 401


def test_signing_out_ends_the_access_token_at_once(client, meera):
    body = tokens(client, meera)
    headers = {"Authorization": f"Bearer {body['access']}"}
    assert post(client, LOGOUT, headers=headers).status_code == 204
    assert me(client, body["access"]).status_code == 401
    assert post(client, REFRESH, {"refresh": body["refresh"]}).status_code == 401


def test_leaving_the_hospital_ends_the_access_token_at_once(client, meera):
    access = tokens(client, meera)["access"]
    Staff.objects.update(is_active=False)
    assert me(client, access).status_code == 401


def test_another_role_holds_from_the_next_request(client, meera):
    access = tokens(client, meera)["access"]
    Staff.objects.update(role=Role.LAB)
    assert me(client, access).json()["permissions"] == sorted(ROLE_PERMISSIONS[Role.LAB])


def test_a_refresh_token_is_no_access_token(client, meera):
    assert me(client, tokens(client, meera)["refresh"]).status_code == 401


def test_changing_the_password_keeps_this_program_and_ends_the_others(client, meera):
    here, there = tokens(client, meera), tokens(client, meera)
    headers = {"Authorization": f"Bearer {here['access']}"}
    body = {"currentPassword": PASSWORD, "newPassword": "mazhai-varum-neram"}
    assert post(client, PASSWORD_PATH, body, headers).status_code == 204
    assert [me(client, t["access"]).status_code for t in (here, there)] == [200, 401]
    assert post(client, REFRESH, {"refresh": here["refresh"]}).status_code == 200
    assert post(client, TOKEN, {"email": meera.email, "password": PASSWORD}).status_code == 401


def test_a_password_that_will_not_do_says_which_field(client, meera):
    headers = bearer(meera)
    weak = post(client, PASSWORD_PATH, {"currentPassword": PASSWORD, "newPassword": "short"}, headers)
    wrong = post(client, PASSWORD_PATH, {"currentPassword": "no", "newPassword": "mazhai-varum-neram"}, headers)
    assert (weak.status_code, list(weak.json()["errors"])) == (400, ["newPassword"])
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["currentPassword"])


def test_a_ticket_for_sockets_is_given_to_programs_and_browsers(client, meera):
    browser = open_browser(meera)
    for answer in (post(client, TICKET, headers=bearer(meera)), post(browser, TICKET)):
        assert answer.status_code == 200
        actor = actor_of_ticket(answer.json()["ticket"], timezone.now())
        assert actor is not None
        assert actor.id == meera.id


def test_a_ticket_ends_with_the_session_it_came_from(client, meera):
    headers = bearer(meera)
    ticket = post(client, TICKET, headers=headers).json()["ticket"]
    post(client, LOGOUT, headers=headers)
    assert actor_of_ticket(ticket, timezone.now()) is None


def test_an_answer_with_secrets_is_never_kept_under_a_key(client, meera):
    body = {"email": meera.email, "password": PASSWORD, "idempotencyKey": "one"}
    first, second = (post(client, TOKEN, body).json() for _ in range(2))
    assert first["refresh"] != second["refresh"]


def test_an_expired_session_of_a_program_ends_with_its_row(client, meera):
    access = tokens(client, meera)["access"]
    Credential.objects.filter(kind=CredentialKind.STAFF_REFRESH).update(
        issued_at=timezone.now() - timedelta(days=8), expires_at=timezone.now()
    )
    assert me(client, access).status_code == 401
