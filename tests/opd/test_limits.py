"""How often somebody may ask, by whom they are: document 000 (5.3) and D8."""

import socket
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from apps.accounts.queries import tracking_code
from apps.core.policy import Actor, ActorType, Role
from opd.limits import counting, rules
from opd.limits.counting import Limiter, limiter
from opd.limits.rules import Count, Share, at_most, count_of, is_counted, link_in
from tests.cast import dr_rao, meera, open_browser
from tests.ward import open_ward

HERE = "203.0.113.7"


def somebody(type: ActorType = ActorType.STAFF, role: Role | None = None) -> Actor:
    return Actor(type, uuid4(), "Somebody", uuid4(), role=role, credential_id=UUID(int=7))


def test_the_documents_numbers():
    assert rules.PER_MINUTE[Share.PATIENT] == 100
    assert rules.PER_MINUTE[Share.STAFF] == 500
    assert rules.PER_MINUTE[Share.DISPLAY] == 10


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.NURSE, Role.CASHIER, Role.ADMIN, Role.LAB, Role.PHARMACIST])
def test_a_desks_account_is_counted_by_session(role):
    assert count_of(somebody(role=role), "/admin/", HERE) == Count(Share.STAFF, str(UUID(int=7)))


def test_a_doctor_is_counted_as_one_person():
    rao = somebody(role=Role.DOCTOR)
    assert count_of(rao, "/console/", HERE) == Count(Share.STAFF, str(rao.id))


@pytest.mark.parametrize("type", [ActorType.PATIENT, ActorType.LINK])
def test_a_patient_is_counted_by_session_or_link(type):
    assert count_of(somebody(type), "/api/v1/auth/me", HERE) == Count(Share.PATIENT, str(UUID(int=7)))


def test_a_screen_is_counted_as_a_board_only_where_boards_are():
    screen = somebody(ActorType.SCREEN)
    assert count_of(screen, "/display/hall-a/view/", HERE).share is Share.DISPLAY
    assert count_of(screen, "/kiosk/", HERE).share is Share.PATIENT


def test_nobody_is_counted_by_address():
    assert count_of(None, "/login/staff/", HERE) == Count(Share.HALL, HERE)
    assert count_of(None, "/csp-report", HERE) == Count(Share.REPORTS, HERE)


@pytest.mark.parametrize("path", ["/health", "/health/live", "/metrics", "/static/css/base.css"])
def test_the_house_itself_is_not_counted(path):
    assert not is_counted(path)
    assert is_counted("/")


def test_the_key_in_an_address_is_found_only_where_keys_are():
    assert link_in("/t/bcdfghjkmn/") == "bcdfghjkmn"
    assert link_in("/api/v1/appointments/track/eyJhbGciOi.J9") == "eyJhbGciOi.J9"
    assert link_in("/t/") == link_in("/t/bcdfghjkmn/x.css") == link_in("/console/") == ""


def test_limits_are_multiplied_but_never_to_nothing():
    assert [at_most(Share.DISPLAY, scale) for scale in (1, 2.5, 0.001)] == [10, 25, 1]


def test_a_board_that_polls_stays_within_its_limit(settings):
    """The page, and what it asks for by itself in a minute without a socket."""
    script = (settings.BASE_DIR / "static/js/live.js").read_text()
    every = int(script.split("POLL_EVERY = ")[1].split(";")[0].replace("_", "")) / 1000
    assert every < 7.5  # two in the 15 seconds after which it calls itself lost
    assert 1 + 60 / every <= rules.PER_MINUTE[Share.DISPLAY]


# --- over HTTP, counted in Redis ----------------------------------------------------------------------------------


@pytest.fixture
def few(settings, monkeypatch) -> None:
    """Three for everybody, five for an address; nothing counted before counts."""
    settings.RATE_SCALE = 1.0
    for share in (Share.STAFF, Share.PATIENT, Share.DISPLAY):
        monkeypatch.setitem(rules.PER_MINUTE, share, 3)
    monkeypatch.setitem(rules.PER_MINUTE, Share.HALL, 5)
    monkeypatch.setitem(rules.PER_MINUTE, Share.REPORTS, 1)


@pytest.fixture
def address() -> str:
    """One that nobody else has asked from."""
    number = uuid4().int
    return f"2001:db8::{number % 2**16:x}:{number // 2**16 % 2**16:x}:{number // 2**32 % 2**16:x}"


def limited(share: Share) -> float:
    return REGISTRY.get_sample_value("opd_rate_limited_total", {"share": share}) or 0.0


@pytest.mark.django_db
def test_one_too_many_is_told_when_to_come_back(few, address):
    browser, before = open_browser(meera(), REMOTE_ADDR=address), limited(Share.STAFF)
    assert [browser.get("/api/v1/auth/me").status_code for _ in range(3)] == [200] * 3
    told = browser.get("/api/v1/auth/me")
    assert (told.status_code, told.json()["code"]) == (429, "too_many")
    assert set(told.json()) == {"code", "detail"}
    assert 1 <= int(told["Retry-After"]) <= 60
    page = browser.get("/admin/")
    assert (page.status_code, page["Content-Type"]) == (429, "text/html; charset=utf-8")
    assert int(page["Retry-After"]) >= 1
    assert browser.get("/health/live").status_code == 200
    assert limited(Share.STAFF) == before + 2


@pytest.mark.django_db
def test_a_busy_address_stops_nobody_who_is_known(few, address):
    stranger = Client(REMOTE_ADDR=address)
    assert [stranger.get("/login/staff/").status_code for _ in range(6)] == [200] * 5 + [429]
    for staff in (meera(), dr_rao()):
        assert open_browser(staff, REMOTE_ADDR=address).get("/api/v1/auth/me").status_code == 200


@pytest.mark.django_db
def test_another_address_is_not_made_by_a_header(few, address):
    stranger = Client(REMOTE_ADDR=address)
    forged = [{"X-Forwarded-For": f"198.51.100.{i}", "X-Real-IP": "198.51.100.1"} for i in range(6)]
    assert [stranger.get("/login/staff/", headers=headers).status_code for headers in forged] == [200] * 5 + [429]


@pytest.mark.django_db
def test_sessions_of_one_desk_account_do_not_stop_each_other(few, address):
    desk = meera()
    first, second = open_browser(desk, REMOTE_ADDR=address), open_browser(desk, REMOTE_ADDR=address)
    assert [first.get("/api/v1/auth/me").status_code for _ in range(4)] == [200] * 3 + [429]
    assert second.get("/api/v1/auth/me").status_code == 200


@pytest.mark.django_db
def test_reports_have_a_limit_of_their_own(few, address):
    browser = Client(REMOTE_ADDR=address)
    sent = [browser.post("/csp-report", {"csp-report": {}}, content_type="application/json") for _ in range(2)]
    assert [answer.status_code for answer in sent] == [204, 429]
    assert browser.get("/login/staff/").status_code == 200


@pytest.mark.django_db
def test_a_full_hall_follows_its_links_and_guesses_count_for_the_address(few, address):
    with open_ward() as ward:
        ward.keep_real_time()
        code = tracking_code(ward.arrive().id, ward.now)
    browser = Client(REMOTE_ADDR=address)
    assert [browser.get(f"/t/{code}/").status_code for _ in range(4)] == [200] * 3 + [429]
    guesses = [browser.get(f"/t/bcdfghjkm{letter}/").status_code for letter in "bcdfgh"]
    assert guesses == [404] * 5 + [429]


# --- without Redis ------------------------------------------------------------------------------------------------

TEN = [Count(Share.HALL, HERE)] * 10


def is_up() -> float | None:
    return REGISTRY.get_sample_value("opd_rate_limiter_up")


@pytest.fixture
def silent() -> Iterator[str]:
    """A Redis that takes connections and says nothing: stopped, or behind a broken line."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.mark.parametrize("kind", ["gone", "silent"])
def test_without_redis_nobody_is_stopped_waits_once_and_it_is_told_once(kind, silent, caplog):
    gate = Limiter(silent if kind == "silent" else "redis://127.0.0.1:1/0")
    began = time.perf_counter()
    assert [gate.take(count) for count in TEN] == [0] * 10
    assert time.perf_counter() - began < 6 * counting.PATIENCE  # ten would wait ten times
    assert is_up() == 0
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["limits"]
    Limiter("redis://127.0.0.1:1/0")


def test_when_redis_is_back_it_counts_again(silent, settings, monkeypatch, caplog):
    settings.RATE_SCALE = 1.0
    monkeypatch.setattr(counting, "PAUSE", 0)
    gate = Limiter(settings.REDIS_URL)
    real = gate._window
    gate._window = Limiter(silent)._window
    assert gate.take(TEN[0]) == 0
    assert is_up() == 0
    gate._window = real
    monkeypatch.setitem(rules.PER_MINUTE, Share.HALL, 1)
    me = Count(Share.HALL, str(uuid4()))
    assert gate.take(me) == 0
    assert gate.take(me) >= 1
    assert is_up() == 1


@pytest.mark.django_db
def test_the_queue_goes_on_without_redis(settings, few):
    settings.REDIS_URL = "redis://127.0.0.1:1/9"
    browser = open_browser(meera())
    assert {browser.get("/api/v1/auth/me").status_code for _ in range(8)} == {200}
    assert limiter(settings.REDIS_URL) is limiter(settings.REDIS_URL)
