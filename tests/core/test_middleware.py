import json
import logging
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client, RequestFactory
from django.urls import path
from psycopg_pool import PoolTimeout

from apps.audit.models import AuditEntry
from apps.core.api import Endpoint
from apps.core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from apps.core.middleware import ShapeMiddleware
from apps.core.pages import not_found
from apps.core.policy import SIGNED_IN, Actor, ActorType, Permission, Role
from opd import urls as project

MEERA = Actor(ActorType.STAFF, UUID(int=5), "Meera", UUID(int=7), role=Role.RECEPTION)


class SignedInByHeader:
    """Stands in for accounts: Meera, if the request says so; and a database that is away, if it says that."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("X-Away"):
            raise OperationalError("connection refused")
        request.actor = MEERA if request.headers.get("X-Meera") else None
        return self.get_response(request)


class OnlyAuditors(Endpoint):
    policy = Permission.AUDIT_READ

    def get(self, request):
        raise AssertionError


class Mine(Endpoint):
    policy = SIGNED_IN

    def get(self, request):
        raise Forbidden(permission="visit.call")


REFUSALS = {
    "invalid": Invalid(),
    "forbidden": Forbidden(permission="visit.call"),
    "missing": NotFound(),
    "conflict": Conflict(),
    "often": TooMany(retry_after=30),
    "signed-out": Unauthenticated(),
    "away": OperationalError("server closed the connection: secret"),
    "full": PoolTimeout("couldn't get a connection: secret"),
    "denied": PermissionDenied("secret"),
    "odd": SuspiciousOperation("secret"),
    "broken": ZeroDivisionError("secret"),
}


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def shared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello", headers={"Cache-Control": "max-age=60"})


def raising(request: HttpRequest, what: str) -> HttpResponse:
    error = REFUSALS[what]
    if isinstance(error, Forbidden):
        error.reported = False
    raise error


urlpatterns = [
    path("hello/", hello, name="hello"),
    path("api/hello/", hello),
    path("small/", hello),
    path("shared/", shared),
    path("api/shared/", shared),
    path("refuse/<what>/", raising, name="refusing"),
    path("api/refuse/<what>/", raising),
    path("api/v1/auditors", OnlyAuditors.as_view()),
    path("api/v1/mine", Mine.as_view()),
    *project.urlpatterns,
]
handler400 = "apps.core.pages.bad_request"
handler403 = "apps.core.pages.permission_denied"
handler404 = "apps.core.pages.not_found"
handler500 = "apps.core.pages.server_error"


@pytest.fixture(autouse=True)
def only_this_mechanism(settings) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.DEBUG = False
    settings.MIDDLEWARE = [
        "apps.core.middleware.HeadersMiddleware",
        "apps.core.middleware.TraceMiddleware",
        "apps.core.middleware.ShapeMiddleware",
        f"{__name__}.SignedInByHeader",
        "apps.core.middleware.RefusalMiddleware",
    ]
    return


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


MEERAS = {"X-Meera": "1"}


def test_a_request_keeps_the_trace_id_it_came_with(browser):
    assert browser.get("/hello/", headers={"X-Request-ID": "abc-123"})["X-Request-ID"] == "abc-123"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "ü", "<script>"])
def test_an_unusable_trace_id_is_replaced_by_a_fresh_one(browser, given):
    fresh = browser.get("/hello/", headers={"X-Request-ID": given})["X-Request-ID"]
    assert len(fresh) == 32
    assert fresh != given


def test_every_request_leaves_one_line_without_its_address(browser, caplog):
    caplog.set_level(logging.INFO, "access")
    browser.get("/refuse/conflict/?token=secret", headers=MEERAS)
    (line,) = [record for record in caplog.records if record.name == "access"]
    said = {name: vars(line)[name] for name in ("route", "method", "status", "actor_id")}
    assert said == {"route": "refusing", "method": "GET", "status": 409, "actor_id": str(MEERA.id)}
    assert line.ms >= 0
    assert "secret" not in str(vars(line))


@pytest.mark.parametrize("address", ["/hello/%00", "/hello/?name=%00", "/api/hello/?a=b%00c"])
def test_a_nul_character_in_the_address_is_refused(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 400
    assert answer["X-Request-ID"]


@pytest.mark.parametrize(
    ("address", "headers", "kept"),
    [
        ("/hello/", {}, "no-store"),
        ("/shared/", {}, "max-age=60"),
        ("/shared/", MEERAS, "no-store"),
        ("/api/shared/", {}, "no-store"),
        ("/api/nothing", {}, "no-store"),
    ],
)
def test_only_what_says_so_and_is_nobodys_may_be_kept(browser, address, headers, kept):
    answer = browser.get(address, headers=headers)
    assert (answer["Cache-Control"], answer["Cross-Origin-Resource-Policy"]) == (kept, "same-origin")


@pytest.mark.parametrize(
    ("address", "size", "status"),
    [("/hello/", 99, 200), ("/hello/", 101, 413), ("/small/", 11, 413), ("/api/hello/", 101, 413)],
)
def test_a_body_too_large_for_its_address_is_not_read(browser, settings, address, size, status):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    settings.LARGEST_BODIES = {"/small/": 10}
    assert browser.post(address, "x" * size, content_type="text/plain").status_code == status


@pytest.mark.parametrize(("address", "size", "status"), [("/hello/", 8_188, 200), ("/hello/", 8_189, 413)])
def test_a_question_longer_than_a_server_s_line_is_refused(browser, address, size, status):
    assert browser.get(f"{address}?q={'x' * size}").status_code == status


def test_a_body_of_unknown_length_is_refused(browser):
    answer = browser.post("/hello/", headers={"Transfer-Encoding": "chunked"}, CONTENT_LENGTH="")
    assert answer.status_code == 200  # the test's server knows how long it is
    request = RequestFactory().generic("POST", "/hello/", headers={"Transfer-Encoding": "chunked"})
    assert ShapeMiddleware(hello)(request).status_code == 411


def test_a_program_that_talks_in_the_clear_is_refused_not_redirected(browser, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert browser.get("/api/hello/").json()["code"] == "https_needed"
    assert browser.get("/api/hello/", secure=True).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("invalid", 400),
        ("forbidden", 403),
        ("missing", 404),
        ("conflict", 409),
        ("often", 429),
        ("away", 503),
        ("full", 503),
        ("denied", 403),
        ("odd", 400),
        ("broken", 500),
    ],
)
def test_a_refusal_is_a_page_for_people_and_json_for_programs(browser, what, status):
    page = browser.get(f"/refuse/{what}/", headers=MEERAS)
    assert (page.status_code, page["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert b"<h1>" in page.content
    assert b"secret" not in page.content
    told = browser.get(f"/api/refuse/{what}/", headers=MEERAS)
    assert (told.status_code, told["Content-Type"]) == (status, "application/json")
    assert set(told.json()) == {"code", "detail"}
    assert "secret" not in told.content.decode()
    assert (status in (429, 503)) == ("Retry-After" in page) == ("Retry-After" in told)


def test_somebody_told_to_wait_is_told_how_long(browser):
    assert browser.get("/refuse/often/")["Retry-After"] == "30"


def test_a_page_says_the_particular_sentence_of_a_refusal(browser):
    assert b"Somebody else changed this meanwhile." in browser.get("/refuse/conflict/").content


def test_somebody_not_signed_in_is_sent_to_the_sign_in_page_and_back(browser, settings):
    sent = browser.get("/refuse/signed-out/")
    assert (sent.status_code, sent["Location"]) == (302, f"{settings.LOGIN_URL}?next=/refuse/signed-out/")
    fragment = browser.get("/refuse/signed-out/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (401, settings.LOGIN_URL)
    told = browser.get("/api/refuse/signed-out/")
    assert (told.status_code, told["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (MEERAS, 404)])
def test_only_somebody_signed_in_learns_which_paths_the_api_has(browser, headers, status):
    assert browser.get("/api/v1/nothing", headers=headers).status_code == status
    request = RequestFactory().get("/api/v1/nothing")
    request.actor = MEERA if headers else None
    assert not_found(request).status_code == status


def test_a_database_that_is_away_before_the_view_is_503_too(browser):
    for address in ("/hello/", "/api/hello/"):
        answer = browser.get(address, headers={"X-Away": "1"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "permission"),
    [("/refuse/forbidden/", "visit.call"), ("/api/v1/mine", "visit.call"), ("/api/v1/auditors", "audit.read")],
)
def test_a_refused_access_is_audited_wherever_it_was_refused(browser, address, permission):
    answer = browser.get(address, headers=MEERAS | {"X-Request-ID": "trace-1"})
    assert answer.status_code == 403
    entry = AuditEntry.trail.get()
    assert (entry.action, entry.entity_id, entry.actor_id, entry.facility_id, entry.trace_id) == (
        "refused", permission, MEERA.id, MEERA.facility_id, "trace-1",
    )  # fmt: skip


@pytest.mark.django_db
def test_nobody_who_is_refused_leaves_nothing(browser):
    assert browser.get("/refuse/forbidden/").status_code == 403
    assert not AuditEntry.trail.exists()


def test_a_forged_form_gets_a_page_that_says_what_to_do(settings):
    settings.CSRF_FAILURE_VIEW = "apps.core.pages.csrf_failure"
    request = RequestFactory().post("/hello/")
    answer = CsrfViewMiddleware(hello).process_view(request, hello, (), {})
    assert answer.status_code == 403
    assert b"too long" in answer.content
    request = RequestFactory().post("/api/hello/")
    told = CsrfViewMiddleware(hello).process_view(request, hello, (), {})
    assert json.loads(told.content)["code"] == "form_expired"
