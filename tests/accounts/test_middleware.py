"""Every request is from somebody or from nobody, and that is settled before any view."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import get_scope

from apps.accounts.middleware import ActorMiddleware
from apps.accounts.models import Credential, Staff
from apps.accounts.queries import actor_of_scope
from apps.accounts.queries.actors import SESSION_KEY
from apps.accounts.rules.credentials import SESSION_IDLE, SESSION_LIFETIME, CredentialKind
from apps.accounts.rules.passes import Use, make_pass
from tests.cast import bearer, open_browser, signed_in

ME = "/api/v1/auth/me"


def status(client: Client, authorization: str) -> int:
    return client.get(ME, headers={"Authorization": authorization}).status_code


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
@pytest.mark.parametrize(
    "path",
    [
        "",
        "auth/me",
        "auth/logout",
        "nothing",
        "visits/1",
        "auth/token/",
        "auth/me.json",
        "admin/departments",
        "%2e%2e/",
    ],
)
@pytest.mark.django_db
def test_nobody_gets_401_for_every_path_known_or_not(client, method, path):
    answer = getattr(client, method)(f"/api/v1/{path}")
    assert answer.status_code == 401
    if method != "head":
        assert set(answer.json()) == {"code", "detail"}
        assert answer.json()["code"] == "not_signed_in"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
@pytest.mark.django_db
def test_a_public_path_is_public_and_says_which_methods_it_has(client, method):
    assert getattr(client, method)("/api/v1/auth/token").status_code == 405


def test_somebody_gets_404_for_what_does_not_exist(client, meera):
    headers = bearer(meera)
    for method in ("get", "post", "put", "patch", "delete"):
        answer = getattr(client, method)("/api/v1/nothing/here", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


GARBAGE = [
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Bearer a.b.c",
    "Bearer ..",
    "bearer " + "A" * 96,
    "Bearer " + "x" * 5000,
    "Bearer \xe0\xae\xaa",
    "Basic bWVlcmE6cGFzcw==",
    "Digest x",
    "\xff",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
]


@pytest.mark.parametrize("authorization", GARBAGE)
@pytest.mark.django_db
def test_garbage_in_the_header_is_nobody_and_never_an_error(client, authorization):
    assert status(client, authorization) == 401


@pytest.mark.django_db
def test_garbage_in_the_cookie_is_nobody_and_never_an_error(client):
    salt = "django.contrib.sessions.backends.signed_cookies"
    signed = [signing.dumps(held, salt=salt) for held in ({}, {SESSION_KEY: 7}, {SESSION_KEY: "x"}, ["a"], 7)]
    for cookie in ["", "x", "a:b:c", "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"), *signed[:3]]:
        client.cookies["sessionid"] = cookie
        assert client.get(ME).status_code == 401
        assert client.get("/login/staff/").status_code == 200


def test_a_pass_that_is_forged_over_or_for_sockets_is_nobodys(client, meera, now):
    session = signed_in(meera, CredentialKind.STAFF_REFRESH)
    given: dict[str, Any] = {"credential_id": session.credential.id, "holder_id": meera.id, "now": now}
    secret = settings.SECRET_KEY
    bad = [
        make_pass(Use.ACCESS, **given, secret="another house"),
        make_pass(Use.SOCKET, **given, secret=secret),
        make_pass(Use.ACCESS, **given | {"now": now - timedelta(minutes=15)}, secret=secret),
        make_pass(Use.ACCESS, **given | {"now": now + timedelta(minutes=5)}, secret=secret),
        make_pass(Use.ACCESS, **given | {"credential_id": uuid4()}, secret=secret),
    ]
    assert [status(client, f"Bearer {token}") for token, _ in bad] == [401] * 5
    good, _ = make_pass(Use.ACCESS, **given, secret=secret)
    assert status(client, f"Bearer {good}") == 200
    assert status(client, f"Bearer {good[:-2]}xx") == 401


def test_a_bad_bearer_token_is_not_made_good_by_a_cookie(meera):
    assert status(open_browser(meera), "Bearer x") == 401


def test_a_cookie_is_somebody_until_its_row_is_revoked(meera, now):
    browser = open_browser(meera)
    assert browser.get(ME).json()["id"] == str(meera.id)
    Credential.objects.update(revoked_at=now)
    assert browser.get(ME).status_code == 401


@pytest.mark.parametrize(
    ("column", "age", "expected"),
    [
        ("last_seen_at", SESSION_IDLE, 401),
        ("last_seen_at", SESSION_IDLE - timedelta(minutes=1), 200),
        ("expires_at", timedelta(), 401),
    ],
)
def test_a_session_ends_idle_after_half_an_hour_and_anyway_after_half_a_day(meera, now, column, age, expected):
    browser = open_browser(meera)
    Credential.objects.update(issued_at=now - SESSION_LIFETIME)
    Credential.objects.update(**{column: now - age})
    assert browser.get(ME).status_code == expected


def seen(browser: Client, path: str, **how: Any) -> bool:
    """Whether a request counts as somebody being there."""
    before = timezone.now() - timedelta(minutes=5)
    Credential.objects.update(last_seen_at=before)
    browser.get(path, **how)
    return Credential.objects.get().last_seen_at > before


def test_what_a_page_asks_by_itself_does_not_keep_a_session_awake(meera):
    browser = open_browser(meera)
    assert seen(browser, ME)
    assert not seen(browser, ME, headers={"X-Background": "1"})
    assert not seen(browser, "/display/main/view/")


def test_being_there_is_written_once_a_minute_not_with_every_request(meera):
    browser = open_browser(meera)
    Credential.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))
    counts = []
    browser.get("/health/live", headers={"X-Background": "1"})  # the facility's facts are kept for a minute
    for _ in range(2):
        with CaptureQueriesContext(connection) as told:
            browser.get("/health/live")
        counts.append(len(told))
    assert counts == [2, 1]


def test_a_cookies_write_to_the_api_must_come_from_our_own_page(meera):
    browser = open_browser(meera, enforce_csrf_checks=True)
    path, body = "/api/v1/auth/socket-ticket", "{}"
    refused = browser.post(path, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_refused")
    assert browser.post(path, body, content_type="text/plain").status_code == 403
    browser.get("/login/")
    token = browser.cookies["csrftoken"].value
    for headers, expected in [
        ({"X-CSRFToken": "x" * 64}, 403),
        ({"X-CSRFToken": token, "Origin": "https://evil.test"}, 403),
        ({"X-CSRFToken": token, "Origin": "http://testserver"}, 200),
        ({"X-CSRFToken": token}, 200),
    ]:
        assert browser.post(path, body, content_type="application/json", headers=headers).status_code == expected


def test_a_cookies_read_and_a_bearers_write_need_no_such_proof(meera):
    browser = open_browser(meera, enforce_csrf_checks=True)
    assert browser.get(ME).status_code == 200
    program = Client(enforce_csrf_checks=True)
    assert program.post("/api/v1/auth/socket-ticket", headers=bearer(meera)).status_code == 200


def through(request: HttpRequest) -> dict[str, Any]:
    """What a view finds when a request comes through."""
    found: dict[str, Any] = {}

    def view(request: HttpRequest) -> HttpResponse:
        clock = timezone.get_current_timezone_name()
        found.update(actor=request.actor, user=request.user, scope=get_scope(), clock=clock)
        return HttpResponse()

    ActorMiddleware(view)(request)
    return found


def test_a_view_finds_actor_user_and_facility(meera):
    request = RequestFactory().get("/", headers=bearer(meera))
    found = through(request)
    assert (found["actor"].id, found["user"]) == (meera.id, meera)
    assert found["scope"] == {"_enabled": True, "facility": meera.facility_id}
    assert found["clock"] == meera.facility.time_zone
    assert (get_scope(), timezone.get_current_timezone_name()) == ({}, "UTC")


@pytest.mark.django_db
def test_a_view_finds_nobody_and_no_facility():
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    assert through(request) == {"actor": None, "user": AnonymousUser(), "scope": {}, "clock": "UTC"}


def test_answers_to_somebody_are_kept_by_no_cache_and_differ_by_who_asks(meera):
    answer = open_browser(meera).get(ME)
    assert answer["Cache-Control"] == "no-store"
    assert {"Cookie", "Authorization"} <= set(answer["Vary"].split(", "))


async def test_a_socket_is_opened_by_the_same_cookie_or_header(transactional_db):
    from asgiref.sync import sync_to_async

    from tests.cast import meera as make_meera

    staff = await sync_to_async(make_meera)()
    browser = await sync_to_async(open_browser)(staff)
    headers = await sync_to_async(bearer)(staff)
    cookie = f"a=b; sessionid={browser.cookies['sessionid'].value}; c=d"
    for name, value in [("cookie", cookie), ("authorization", headers["Authorization"])]:
        actor = await actor_of_scope({"headers": [(name.encode(), value.encode())]})
        assert actor is not None
        assert actor.id == staff.id


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"cookie", b"")],
        [(b"cookie", b"sessionid=x")],
        [(b"cookie", b"\xff\xfe; sessionid=\xff")],
        [(b"authorization", b"Bearer \xff")],
        [(b"authorization", b"Bearer x")],
    ],
)
async def test_a_socket_with_garbage_is_nobodys(transactional_db, headers):
    assert await actor_of_scope({"headers": headers}) is None


def test_somebody_of_another_facility_is_confined_to_theirs(meera):
    other = Staff.objects.create(
        facility=type(meera.facility).objects.create(name="Lotus", code="lotus"),
        email="lata@lotus.test",
        name="Lata",
        role=meera.role,
        password=meera.password,
    )
    answers = [json.loads(Client().get(ME, headers=bearer(s)).content)["facility"]["id"] for s in (meera, other)]
    assert answers == [str(meera.facility_id), str(other.facility_id)]
