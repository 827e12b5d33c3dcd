"""What the house tells Prometheus, and whom it tells."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict, NotFound
from apps.core.models import OutboxEvent
from apps.core.relay import Relay
from apps.queue import commands
from apps.reporting.commands import NotParked, try_again
from apps.reporting.measures import exposition
from apps.reporting.models import MetricTally
from apps.reporting.rules import CONSULTATION_STEPS, cumulative, step_of
from opd.subscriptions import handlers_for
from tests.browsers import browser_of
from tests.patients.codes import ask
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with Dr Rao, at this hour."""
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


def deliver() -> None:
    """The relay hands over what waits."""
    Relay(handlers_for).run_once()


def told(name: str, ward: Ward, **labels: str) -> float:
    """A measure of the ward's department as `/metrics` tells it."""
    wanted = {"department": ward.department.code, "facility": ward.facility.code} | labels
    text = Client().get("/metrics").content.decode()
    for found in re.finditer(rf"^{name}{{(.*?)}} (\S+)$", text, re.MULTILINE):
        if dict(re.findall(r'(\w+)="(.*?)"', found[1])) == wanted:
            return float(found[2])
    raise AssertionError(f"{name} {wanted} is not told")


def test_numbers_given_and_people_who_did_not_come_are_counted(ward: Ward):
    ward.arrive()
    ward.arrive()
    called = ward.call_next()
    assert called is not None
    commands.no_show(actor=ward.rao, now=ward.now, visit_id=called.id)
    deliver()
    assert told("opd_tokens_created_total", ward) == 2
    assert told("opd_no_show_rate", ward) == 1
    assert told("opd_queue_length_current", ward) == 1


def test_consultations_are_told_as_a_histogram(ward: Ward):
    for minutes in (1, 7, 90):
        visit = ward.arrive()
        ward.call_next()
        ward.see(visit, minutes=minutes)
    deliver()
    name = "opd_consultation_duration_seconds"
    assert told(f"{name}_count", ward) == 3
    assert told(f"{name}_sum", ward) == (1 + 7 + 90) * 60
    assert told(f"{name}_bucket", ward, le="60") == 1
    assert told(f"{name}_bucket", ward, le="480") == 2
    assert told(f"{name}_bucket", ward, le="+Inf") == 3


def test_an_event_is_counted_once_however_often_the_relay_runs(ward: Ward):
    ward.arrive()
    for _ in range(3):
        deliver()
    assert MetricTally.objects.get(measure="tokens_created").total == 1


def test_a_refused_move_is_counted_by_its_code(ward: Ward):
    before = refused("doctor_unavailable")
    ward.doctor.availability = "OFFLINE"
    ward.doctor.save()
    ward.arrive()
    with pytest.raises(Conflict):
        ward.call_next()
    assert refused("doctor_unavailable") == before + 1


def refused(code: str) -> float:
    text = Client().get("/metrics").content.decode()
    found = re.search(rf'^opd_transition_failures_total{{code="{code}"}} (\S+)$', text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_apis_time_to_answer_is_told_by_route_and_never_by_address(ward: Ward):
    visit = ward.arrive()
    browser_of(ward.meera).get(f"/api/v1/visits/{visit.id}")
    text = Client().get("/metrics").content.decode()
    assert re.search(r'opd_api_latency_ms_bucket{le="200.0",method="GET",route="visit",status="2xx"}', text)
    assert str(visit.id) not in text


@pytest.mark.parametrize(
    "name",
    [
        "opd_tokens_created",
        "opd_queue_length_current",
        "opd_consultation_duration_seconds",
        "opd_no_show_rate",
        "opd_api_latency_ms",
        "opd_transition_failures",
        "opd_websocket_connections",
        "opd_relay_lag_seconds",
        "opd_database_up 1",
    ],
)
def test_every_measure_of_the_documents_that_exists_is_told(ward: Ward, name: str):
    assert name in Client().get("/metrics").content.decode()


def test_the_relays_lag_is_the_age_of_the_oldest_event(ward: Ward):
    ward.now -= timedelta(seconds=90)
    ward.arrive()
    text = Client().get("/metrics").content.decode()
    lag = re.search(r"^opd_relay_lag_seconds (\S+)$", text, re.MULTILINE)
    assert lag
    assert 90 <= float(lag[1]) < 120


def test_measures_are_not_public(ward: Ward, settings: Any):
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert Client(**far).get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert browser_of(ward.admin, **far).get("/metrics").status_code == 200
    assert browser_of(ward.meera, **far).get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "kept-in-the-safe"
    right, wrong = ({"Authorization": f"Bearer {token}"} for token in ("kept-in-the-safe", "guessed"))
    assert Client(**far).get("/metrics", headers=right).status_code == 200
    assert Client(**far).get("/metrics", headers=wrong).status_code == 404


def test_a_parked_event_is_tried_again_and_that_is_audited(ward: Ward):
    ward.arrive()
    event = OutboxEvent.objects.filter(type="TOKEN_CREATED").get()
    with pytest.raises(NotParked):
        try_again(actor=ward.admin, now=ward.now, event_id=event.id)
    OutboxEvent.objects.filter(id=event.id).update(parked_at=ward.now, attempts=5, error="ValueError")
    deliver()
    assert not MetricTally.objects.filter(measure="tokens_created").exists()
    admin = browser_of(ward.admin)
    assert "ValueError" in admin.get("/admin/parked-events/").content.decode()
    assert admin.post(f"/admin/parked-events/{event.id}/", {"key": "once"}).status_code == 302
    deliver()
    assert MetricTally.objects.get(measure="tokens_created").total == 1
    assert AuditEntry.objects.filter(action="event.tried_again").exists()


def test_another_hospitals_event_is_nobodys_here(ward: Ward):
    ward.arrive()
    event = OutboxEvent.objects.first()
    assert event is not None
    with open_ward() as elsewhere, pytest.raises(NotFound):
        try_again(actor=elsewhere.admin, now=ward.now, event_id=event.id)


def test_a_duration_falls_under_the_smallest_bound_it_does_not_pass():
    assert [step_of(seconds) for seconds in (0, 60, 61, 3600, 3601)] == ["60", "60", "120", "3600", "+Inf"]
    counted = dict(cumulative({"60": 2, "120": 1, "+Inf": 4}))
    assert counted["60"] == 2
    assert counted["3600"] == 3
    assert counted["+Inf"] == 7
    assert len(counted) == len(CONSULTATION_STEPS) + 1


def test_messages_and_used_up_limits_on_codes_are_measured(ward: Ward, settings: Any):
    settings.CODE_CAPS = settings.CODE_CAPS | {"sends_day": 1}
    for number in range(3):
        ask(timezone.now(), phone=f"+9198765{number:05}")
    told = exposition().decode()
    assert "opd_messages_waiting 1.0" in told
    assert "opd_messages_failed 0.0" in told
    assert 'opd_code_limits_reached{limit="sends_all"} 1.0' in told
    assert 'opd_code_limits_reached{limit="failures_run"} 0.0' in told


def test_predicted_and_actual_turns_are_told(ward: Ward):
    ward.arrive()
    deliver()
    ward.later(minutes=6)
    ward.call_next()
    deliver()
    text = Client().get("/metrics").content.decode()
    place = f'{{facility="{ward.facility.code}"}}'
    assert re.search(rf"^opd_wait_time_actual_vs_predicted_count{re.escape(place)} 2\.0$", text, re.MULTILINE)
    assert re.search(rf"^opd_eta_alarm{re.escape(place)} 0\.0$", text, re.MULTILINE)


def test_the_page_and_the_command_show_predicted_against_actual(ward: Ward, capsys: pytest.CaptureFixture[str]):
    browser = browser_of(ward.admin)
    assert "No turn has come yet" in browser.get("/admin/expected-times/").content.decode()
    ward.arrive()
    deliver()
    ward.later(minutes=6)
    ward.call_next()
    deliver()
    page = browser.get("/admin/expected-times/").content.decode()
    assert ward.doctor.name in page
    assert "waiting here" in page
    call_command("eta_accuracy")
    assert ward.doctor.name in capsys.readouterr().out


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("127.0.0.1", 200),
        ("203.0.113.9", 404),
        ("127.0.0.1, 203.0.113.9", 404),
        ("203.0.113.9, 127.0.0.1", 404),
        (None, 404),
    ],
)
def test_behind_our_own_proxy_only_this_machine_sees_it_and_nobody_speaks_for_others(db, settings, forwarded, status):
    settings.PROXIES = 1
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert Client().get("/metrics", headers=headers).status_code == status


def test_the_page_asks_for_today_again_and_gets_it_when_a_turn_has_come(ward: Ward):
    browser, live = browser_of(ward.admin), {"HTTP_HX_REQUEST": "true"}
    first = browser.get("/admin/expected-times/", **live)
    assert "No turn has come yet today" in first.content.decode()
    assert f'data-stream="desk.{ward.facility.id}"' in first.content.decode()
    assert "Methods" not in first.content.decode()
    known = live | {"HTTP_IF_NONE_MATCH": first["ETag"]}
    assert browser.get("/admin/expected-times/", **known).status_code == 304
    ward.arrive()
    deliver()
    ward.later(minutes=6)
    ward.call_next()
    deliver()
    again = browser.get("/admin/expected-times/", **known)
    assert again.status_code == 200
    assert "waiting here" in again.content.decode()
    assert ward.doctor.name not in again.content.decode()
