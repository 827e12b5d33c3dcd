"""Nothing is changed by a form or a script of another site, in whoever's browser it runs."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.architecture.test_policy import ADDRESSES, endpoint_methods
from tests.cast import farida, open_browser

SAMPLE = "6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11"
HARMLESS = {"language/", "csp-report", "reports/messages/<slug:channel>/"}
"""Without protection, and why: see `opd/urls.py`, `opd/reports.py` and `apps/notifications/reports.py`."""
EVIL = {"Origin": "https://evil.test", "Referer": "https://evil.test/"}
WAYS = {
    "a form": ("application/x-www-form-urlencoded", {}),
    "a form of another site": ("application/x-www-form-urlencoded", EVIL),
    "JSON that claims to be text": ("text/plain", EVIL),
    "JSON": ("application/json", {}),
}
"""How a page that is not ours can make a browser send something."""
CHANGES = ("INSERT", "UPDATE", "DELETE")


def path_of(address: str) -> str:
    return "/" + "/".join(SAMPLE if part.startswith("<") else part for part in address.split("/"))


PAGES = sorted(
    {a for a, view in ADDRESSES if not hasattr(view, "cls") and not set("(^") & set(a)} - HARMLESS - {"api/schema/"}
)
ENDPOINTS = sorted(
    (method, address)
    for address, view in ADDRESSES
    if hasattr(view, "cls") and not address.endswith("schema/")
    for method in endpoint_methods(view.cls)
    if method not in ("GET", "HEAD", "OPTIONS", "TRACE")
)


def changes(asked: CaptureQueriesContext) -> list[str]:
    """What was written, less the note that a session was used."""
    written = [query["sql"] for query in asked.captured_queries if query["sql"].startswith(CHANGES)]
    return [sql for sql in written if "last_seen_at" not in sql]


@pytest.fixture
def browser(db: None) -> Client:
    """The administrator's, who may do most; it does not know our tokens."""
    return open_browser(farida(), enforce_csrf_checks=True)


@pytest.mark.parametrize("way", WAYS)
def test_no_page_takes_what_does_not_come_from_one_of_ours(browser, way):
    kind, headers = WAYS[way]
    assert len(PAGES) > 50
    for address in PAGES:
        with CaptureQueriesContext(connection) as asked:
            answer = browser.post(path_of(address), "a=b", content_type=kind, headers=headers)
        assert answer.status_code == 403, address
        assert not changes(asked), address


@pytest.mark.parametrize("way", WAYS)
def test_no_endpoint_takes_a_cookie_alone(browser, way):
    kind, headers = WAYS[way]
    assert len(ENDPOINTS) > 20
    for method, address in ENDPOINTS:
        with CaptureQueriesContext(connection) as asked:
            answer = browser.generic(method, path_of(address), "{}", content_type=kind, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_refused"), (method, address)
        assert not changes(asked), (method, address)


def test_with_the_token_of_another_browser_it_is_refused_too(browser):
    other = Client(enforce_csrf_checks=True)
    other.get("/login/staff/")
    token = other.cookies["csrftoken"].value
    assert browser.post("/password/", {"csrfmiddlewaretoken": token}).status_code == 403
    answer = browser.post("/api/v1/auth/logout", "{}", content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 403


def test_nobody_is_signed_in_by_another_site(db):
    """A forged sign-in would have somebody work under a stranger's name."""
    victim = Client(enforce_csrf_checks=True)
    answer = victim.post("/login/staff/", {"email": "a@b.test", "password": "x"}, headers=EVIL)
    assert answer.status_code == 403
    assert "sessionid" not in victim.cookies


def test_the_api_sets_no_cookie_and_reads_only_json(db):
    for kind, status in (("text/plain", 400), ("application/x-www-form-urlencoded", 400), ("application/json", 401)):
        answer = Client().post(
            "/api/v1/auth/token", json.dumps({"email": "a@b.test", "password": "x"}), content_type=kind, headers=EVIL
        )
        assert answer.status_code == status, kind
        assert not answer.cookies


# --- methods that are not what they seem --------------------------------------------------------------------------

TRICKS = [
    {"X-HTTP-Method-Override": "GET"},
    {"X-HTTP-Method": "DELETE"},
    {"X-Method-Override": "PUT"},
]


@pytest.mark.parametrize("trick", TRICKS, ids=str)
def test_a_method_is_what_it_says_it_is(browser, trick):
    for address in ("password/", "logout/"):
        assert browser.post(f"/{address}?_method=GET", {"_method": "GET"}, headers=trick).status_code == 403
    answer = browser.post("/api/v1/auth/me?_method=GET", "{}", content_type="application/json", headers=trick)
    assert answer.status_code == 403
    assert browser.get("/logout/?_method=POST", headers=trick).status_code == 405


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 200])
def test_no_other_method_opens_what_is_closed(db, method):
    with CaptureQueriesContext(connection) as asked:
        for address, view in ADDRESSES:
            if not address.startswith("api/v1/") or "(" in address:
                continue
            answer = Client().generic(method, path_of(address))
            public = view.cls.policy_for(method) == "public"
            assert answer.status_code in ((200, 401, 404, 405) if public else (401,)), (method, address)
    assert not changes(asked)


@pytest.mark.parametrize("ending", ["/", ".json", "%2F", "%2e%2e/x", "//", "/.", ";a=b", "?format=api", "%00"])
def test_no_spelling_of_an_address_opens_it_to_nobody(db, ending):
    for address in ("auth/me", "patients", f"visits/{SAMPLE}", "audit", "nothing"):
        assert Client().get(f"/api/v1/{address}{ending}").status_code in (400, 401), address
    for address in ("/api//v1/patients", "/api/v1//patients", "//api/v1/patients", "/API/V1/patients"):
        assert Client().get(address).status_code in (401, 404), address
