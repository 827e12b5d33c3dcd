"""What browsers report against the content security policy."""

import json

import pytest
from django.test import Client

SENT = {
    "document-uri": "http://localhost:8000/t/bcdfghjkmn/?phone=9000000001",
    "effective-directive": "script-src-elem",
    "blocked-uri": "https://evil.test/x.js?patient=Asha",
    "script-sample": "alert('Asha')",
    "referrer": "http://localhost:8000/t/bcdfghjkmn/",
}


def report(body: bytes, kind: str = "application/csp-report") -> int:
    return Client().post("/csp-report", body, content_type=kind).status_code


@pytest.mark.django_db
def test_a_report_is_logged_without_any_address(caplog):
    assert report(json.dumps({"csp-report": SENT}).encode()) == 204
    (line,) = [record for record in caplog.records if record.name == "csp"]
    assert (line.directive, line.blocked, line.page) == ("script-src-elem", "https://evil.test", "t/<str:code>/")
    for secret in ("bcdfghjkmn", "9000000001", "Asha"):
        assert secret not in str(vars(line))


@pytest.mark.django_db
@pytest.mark.parametrize("blocked", ["inline", "eval", "data", "http://[", 7, None, ["x"]])
def test_whatever_is_blocked_is_taken(caplog, blocked):
    assert report(json.dumps({"csp-report": SENT | {"blocked-uri": blocked, "document-uri": blocked}}).encode()) == 204


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"[]", 400), (b'{"csp-report": []}', 400), (b"[" * 5000, 400), (b" " * 8193, 413)],
)
def test_what_is_no_report_is_refused(body, status):
    assert report(body) == status


@pytest.mark.django_db
def test_reports_are_only_sent_never_fetched():
    assert Client().get("/csp-report").status_code == 405
