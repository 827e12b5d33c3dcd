"""Open sessions: seen, ended one by one or all at once, and idle in spite of pages that ask by themselves."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import commands
from apps.accounts.models import Credential, StaffDevice
from apps.accounts.queries import open_sessions
from apps.accounts.queries.actors import actor_of_credential, actors_again
from apps.accounts.rules.credentials import SESSION_IDLE, CredentialKind
from apps.audit.models import AuditEntry
from apps.core.policy import Role
from tests import cast
from tests.cast import bearer, give_app, open_browser, signed_in
from tests.factories import PASSWORD

ME, SESSIONS, REFRESH, ACCOUNT = "/api/v1/auth/me", "/api/v1/auth/sessions", "/api/v1/auth/refresh", "/account/"


def sessions(client: Client, **how: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(SESSIONS, **how).json()["results"]
    return found


def ended() -> int:
    return AuditEntry.trail.filter(action="staff.sessions_ended").count()


def test_ones_own_sessions_are_listed_the_last_used_first_and_this_one_is_marked(meera, farida):
    browser, program = open_browser(meera), bearer(meera)
    open_browser(farida)
    Credential.objects.filter(kind=CredentialKind.STAFF_REFRESH).update(
        last_seen_at=timezone.now() - timedelta(hours=1)
    )
    assert [(s["kind"], s["current"]) for s in sessions(browser)] == [("browser", True), ("program", False)]
    assert [(s["kind"], s["current"]) for s in sessions(Client(), headers=program)] == [
        ("program", True),
        ("browser", False),
    ]


def test_a_program_that_refreshes_stays_one_session(meera, client):
    first = signed_in(meera, CredentialKind.STAFF_REFRESH)
    before = open_sessions(meera.id, timezone.now())
    for _ in range(3):
        first = commands.refresh(now=timezone.now(), secret=first.secret)
    after = open_sessions(meera.id, timezone.now())
    assert [s.id for s in before] == [s.id for s in after]
    assert before[0].began_at == after[0].began_at


def test_a_session_that_is_over_idle_or_ended_is_not_listed(meera, now):
    for change in ({"last_seen_at": now - SESSION_IDLE}, {"expires_at": now}, {"revoked_at": now}):
        session = signed_in(meera)
        Credential.objects.filter(id=session.credential.id).update(**change | {"issued_at": now - timedelta(hours=13)})
    assert open_sessions(meera.id, now) == []


def test_one_session_is_ended_over_the_api_and_its_tokens_count_no_more(meera, client):
    browser, program = open_browser(meera), signed_in(meera, CredentialKind.STAFF_REFRESH)
    headers = {"Authorization": f"Bearer {program.access(timezone.now())}"}
    (other,) = (s for s in sessions(browser) if not s["current"])
    assert client.delete(f"{SESSIONS}/{other['id']}", headers=bearer(meera)).status_code == 204
    assert client.get(ME, headers=headers).status_code == 401
    assert (
        client.post(REFRESH, json.dumps({"refresh": program.secret}), content_type="application/json").status_code
        == 401
    )
    assert browser.get(ME).status_code == 200
    assert ended() == 1


def test_somebody_elses_session_does_not_exist(meera, farida):
    open_browser(farida)
    colleague = cast.meera(meera.facility)
    open_browser(colleague)
    headers = bearer(meera)
    for whose in (farida, colleague):
        (session,) = open_sessions(whose.id, timezone.now())
        assert Client().delete(f"{SESSIONS}/{session.id}", headers=headers).status_code == 404
        assert open_browser(meera).post(f"{ACCOUNT}sessions/{session.id}/end/").status_code == 404
        assert len(open_sessions(whose.id, timezone.now())) == 1
    assert Client().delete(f"{SESSIONS}/{uuid4()}", headers=headers).status_code == 404
    assert ended() == 0


def test_the_own_page_ends_one_session_or_all_others(meera):
    here, phone, tablet = (open_browser(meera) for _ in range(3))
    page = here.get(ACCOUNT).content.decode()
    assert page.count("Sign out there") == 2
    other = next(s for s in sessions(here) if not s["current"])
    assert here.post(f"{ACCOUNT}sessions/{other['id']}/end/").url == ACCOUNT
    assert sorted(b.get(ME).status_code for b in (phone, tablet)) == [200, 401]
    assert here.post(f"{ACCOUNT}sessions/end/").url == ACCOUNT
    assert [b.get(ME).status_code for b in (here, phone, tablet)] == [200, 401, 401]


def test_the_own_page_turns_a_device_away(meera):
    here, phone = Client(), Client()
    for browser in (here, phone):
        browser.post("/login/staff/", {"email": meera.email, "password": PASSWORD})
    context = here.get(ACCOUNT).context
    assert [d["is_this"] for d in context["devices"]].count(True) == 1
    other = next(d["row"] for d in context["devices"] if not d["is_this"])
    assert here.post(f"{ACCOUNT}devices/{other.id}/end/").url == ACCOUNT
    assert [b.get(ME).status_code for b in (here, phone)] == [200, 401]
    stranger = open_browser(cast.meera(meera.facility))
    mine = StaffDevice.objects.get(approved_at__isnull=False)
    assert stranger.post(f"{ACCOUNT}devices/{mine.id}/end/").status_code == 404


def test_an_administrator_sees_and_ends_a_colleagues_sessions(farida):
    colleague, office = cast.meera(farida.facility), open_browser(farida)
    browsers = [open_browser(colleague) for _ in range(3)]
    page = f"/admin/access/{colleague.id}/"
    assert page in office.get(f"/admin/accounts/staff/{colleague.id}/change/").content.decode()
    shown = office.get(page).context["sessions"]
    assert len(shown) == 3
    assert office.post(f"{page}sessions/{shown[0].id}/end/").url == page
    assert sorted(b.get(ME).status_code for b in browsers) == [200, 200, 401]
    assert office.post(f"{page}sessions/end/").url == page
    assert [b.get(ME).status_code for b in browsers] == [401] * 3
    assert office.get(ME).status_code == 200
    assert office.post(f"/admin/access/{farida.id}/sessions/end/").status_code == 302
    assert office.get(ME).status_code == 200


def test_an_administrator_resets_a_colleagues_second_factor_on_the_page(farida):
    colleague, office = cast.meera(farida.facility), open_browser(farida)
    give_app(colleague)
    page = f"/admin/access/{colleague.id}/"
    assert "second-factor/reset/" in office.get(page).content.decode()
    assert office.post(f"{page}second-factor/reset/").url == page
    assert "second-factor/reset/" not in office.get(page).content.decode()
    assert "second-factor/reset/" not in office.get(f"/admin/access/{farida.id}/").content.decode()
    assert office.post(f"/admin/access/{farida.id}/second-factor/reset/").status_code == 403


def test_access_is_shown_to_administrators_of_the_same_hospital_only(farida, meera):
    office = open_browser(farida)
    assert office.get(f"/admin/access/{meera.id}/").status_code == 404
    colleague = cast.meera(farida.facility)
    for path in (f"/admin/access/{farida.id}/", "/admin/devices/"):
        assert open_browser(colleague).get(path).status_code == 403


# --- time -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (ME, {"X-Background": "1"}),
        ("/display/main/view/", {}),
        ("/api/v1/live/board.x", {}),
        ("/api/v1/live/board.x", {"X-Background": "0"}),
    ],
)
def test_a_page_that_asks_by_itself_for_half_an_hour_ends_all_the_same(meera, now, path, headers):
    browser = open_browser(meera)
    for minutes in range(1, 31):
        Credential.objects.update(last_seen_at=now - timedelta(minutes=minutes))
        browser.get(path, headers=headers)
    assert browser.get(ME).status_code == 401


def test_an_open_socket_does_not_keep_a_session_awake(meera, now):
    session = signed_in(meera)
    for minutes in range(0, 30, 5):
        assert actors_again([session.credential.id], now + timedelta(minutes=minutes))
    assert not actors_again([session.credential.id], now + SESSION_IDLE + timedelta(seconds=5))


def test_another_role_holds_for_sockets_and_requests_from_the_next_look_on(meera, now):
    session = signed_in(meera)
    meera.role = Role.LAB
    meera.save()
    credential = Credential.objects.select_related("staff").get(id=session.credential.id)
    assert actors_again([credential.id], now)[credential.id] == actor_of_credential(credential)
    assert actor_of_credential(credential).role is Role.LAB
