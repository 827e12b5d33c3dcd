"""Headers that every answer has, whoever gives it: page, refusal, file, error, document."""

import pytest
from django.test import Client

from apps.accounts.queries import tracking_code
from tests.architecture.test_policy import ADDRESSES
from tests.cast import farida, meera, open_browser
from tests.ward import open_ward

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OURS = "https://app.asha-hospital.org"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/", 200),
        ("/login/staff/", 200),
        ("/nothing-here", 404),
        ("/console/", 302),
        ("/admin/", 302),
        ("/admin/nothing/", 302),
        ("/api/v1/auth/me", 401),
        ("/api/v1/nothing", 401),
        ("/api/docs/", 200),
        ("/api/schema/", 200),
        ("/health/live", 200),
        ("/metrics", 200),
        ("/static/css/base.css", 200),
        ("/static/nothing.css", 404),
        ("/t/bcdfghjkmn/", 404),
        ("/?a=%00", 400),
        ("/csp-report", 405),
    ],
)
def test_every_answer_says_how_it_may_be_used(browser, address, status):
    answer = browser.get(address)
    answer.close()
    assert answer.status_code == status
    assert {name: answer[name] for name in EVERYWHERE} == EVERYWHERE
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["report-uri"] == "/csp-report"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "geolocation=(self)" in answer["Permissions-Policy"]
    is_a_file = address.startswith("/static/css")  # which is nobody's
    assert ("no-store" in answer["Cache-Control"]) is not is_a_file


@pytest.mark.django_db
def test_an_answer_to_a_broken_request_has_them_too(browser, monkeypatch):
    for answer in (
        browser.get("/", headers={"Host": "evil.test"}),
        browser.post("/csp-report", "x" * 9_000, content_type="application/csp-report"),
        browser.generic("TRACE", "/api/v1/auth/me"),
        browser.post("/logout/"),
    ):
        assert {name: answer[name] for name in EVERYWHERE} == EVERYWHERE
        assert "Content-Security-Policy" in answer


def pages() -> list[str]:
    """Addresses of pages that can be opened without naming a thing."""
    return sorted(
        f"/{address}"
        for address, view in ADDRESSES
        if not address.startswith("api/") and not set("<(^") & set(address) and not hasattr(view, "cls")
    )


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["nobody", "desk", "administrator"])
def test_no_page_may_be_kept_by_anybody_and_each_depends_on_the_cookie(who):
    browser = {"nobody": lambda: Client(), "desk": lambda: open_browser(meera())}.get(
        who, lambda: open_browser(farida())
    )()
    for address in pages():
        if address in ("/logout/", "/admin/logout/"):
            continue
        answer = browser.get(address)
        assert "no-store" in answer["Cache-Control"], address
        if answer.status_code == 200 and not address.startswith(("/health", "/metrics", "/csp-report")):
            assert "Cookie" in answer["Vary"], address


@pytest.mark.django_db
def test_no_personal_page_is_had_under_the_name_of_a_file():
    """What a cache in between would take for a file and keep for everybody."""
    browser = open_browser(farida())
    with open_ward() as ward:
        ward.keep_real_time()
        code = tracking_code(ward.arrive().id, ward.now)
    assert browser.get(f"/t/{code}/").status_code == 200
    for address in [*pages(), f"/t/{code}/"]:
        if address in ("/", "/static/"):
            continue
        for disguise in ("x.css", ";x.css", "%2Fx.css", "%3Fx.css", ".css", "/x.js"):
            answer = browser.get(address.rstrip("/") + ("/" if disguise[0] == "x" else "") + disguise)
            assert answer.status_code in (301, 302, 400, 404, 405), (address, disguise)


@pytest.mark.django_db
def test_signing_out_leaves_nothing_in_the_browser():
    answer = open_browser(meera()).post("/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "no-store" in answer["Cache-Control"]


# --- other sites --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_other_site_may_ask_the_api_unless_it_is_on_the_list(browser, settings):
    for allowed in ([], [OURS]):
        settings.CORS_ALLOWED_ORIGINS = allowed
        for origin in ("https://evil.test", "null", f"{OURS}.evil.test", OURS.replace("https", "http")):
            for answer in (
                browser.options("/api/v1/auth/token", headers={"Origin": origin} | PREFLIGHT),
                browser.get("/api/v1/auth/me", headers={"Origin": origin}),
            ):
                assert not [name for name in answer.headers if name.startswith("Access-Control")]
                assert answer.status_code != 500
        assert (
            browser.options("/api/v1/auth/me", headers={"Origin": "https://evil.test"} | PREFLIGHT).status_code == 401
        )


@pytest.mark.django_db
def test_a_site_on_the_list_may_ask_the_api_without_cookies_and_nothing_else(browser, settings):
    settings.CORS_ALLOWED_ORIGINS = [OURS]
    asked = browser.options("/api/v1/auth/token", headers={"Origin": OURS} | PREFLIGHT)
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (200, OURS)
    assert "authorization" in asked["Access-Control-Allow-Headers"]
    answer = browser.get("/api/v1/auth/me", headers={"Origin": OURS})
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (401, OURS)
    assert "origin" in answer["Vary"]
    for told in (asked, answer):
        assert "Access-Control-Allow-Credentials" not in told
    for address in ("/login/staff/", "/metrics", "/api/schema/", "/health"):
        assert "Access-Control-Allow-Origin" not in browser.get(address, headers={"Origin": OURS})


# --- hosts and links ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host", ["evil.test", "localhost.evil.test", "localhost@evil.test", "xlocalhost", "loc/al", ""]
)
def test_only_our_own_names_are_served(browser, host):
    assert browser.get("/login/staff/", headers={"Host": host or "x y"}).status_code == 400


@pytest.mark.django_db
def test_links_are_under_our_own_name_whatever_the_request_calls_us(settings):
    settings.PUBLIC_BASE_URL = "https://opd.asha-hospital.org"
    settings.ALLOWED_HOSTS = ["localhost"]
    forged = {"Host": "localhost", "X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test"}
    with open_ward(departments=3) as ward:
        browser = open_browser(meera(ward.facility), headers=forged)
        told = browser.get("/api/v1/departments?pageSize=1&page=2").json()
    assert told["next"] == "https://opd.asha-hospital.org/api/v1/departments?page=3&pageSize=1"
    assert told["previous"] == "https://opd.asha-hospital.org/api/v1/departments?pageSize=1"
