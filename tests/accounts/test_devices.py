"""Devices of staff: known ones keep their owner from being locked out, and a hospital may want each one approved."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import commands
from apps.accounts.commands import DeviceWaits, SecondFactorMissing, SignInLocked, SignInRefused
from apps.accounts.models import Authenticator, Credential, FailedTries, Staff, StaffDevice
from apps.accounts.queries import actor_of_staff, devices_in
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.devices import UNKNOWN_DEVICE, WAITING_AT_MOST, ShownDevice, label_of, number_of
from apps.accounts.rules.tries import LOCK, MOST_FAILURES
from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, NotFound
from apps.core.policy import system_actor
from tests import cast
from tests.cast import app_code, give_app, open_browser
from tests.factories import PASSWORD, StaffFactory

DOOR, CODE, ENROL, DEVICES = "/login/staff/", "/login/staff/code/", "/login/staff/second-factor/", "/admin/devices/"
ME, TOKEN, REFRESH = "/api/v1/auth/me", "/api/v1/auth/token", "/api/v1/auth/refresh"
SESSION = CredentialKind.STAFF_SESSION
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
TABLET = ShownDevice("a-long-random-name-of-a-tablet", "Tablet")


def through_the_door(browser: Client, staff: Staff, password: str = PASSWORD) -> Any:
    answer = browser.post(DOOR, {"email": staff.email, "password": password}, headers={"User-Agent": CHROME})
    if answer.status_code == 302 and answer.url == CODE:
        answer = browser.post(CODE, {"code": app_code(staff)}, headers={"User-Agent": CHROME})
    return answer


def sign_in(staff: Staff, password: str = PASSWORD, device: ShownDevice = TABLET, **more: Any) -> Any:
    otp = app_code(staff) if Authenticator.objects.filter(user=staff).exists() else ""
    now = more.pop("now", None) or timezone.now()
    return commands.sign_in_staff(now=now, email=staff.email, password=password, kind=SESSION, device=device, otp=otp)


def fail(staff: Staff, times: int, device: ShownDevice = UNKNOWN_DEVICE, **more: Any) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            sign_in(staff, "wrong", device, **more)


def post(client: Client, path: str, body: dict[str, str], **how: Any) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", **how)


def actions() -> list[str]:
    return list(AuditEntry.trail.filter(entity_type="device").order_by("number").values_list("action", flat=True))


@pytest.fixture
def approval(settings: Any) -> None:
    """A hospital that wants to know its devices."""
    settings.DEVICE_APPROVAL = True


@pytest.fixture
def office(approval: None, farida: Staff) -> Client:
    """Farida in the browser that began the hospital."""
    give_app(farida)
    browser = Client()
    through_the_door(browser, farida)
    return browser


# --- what a device is called ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/141.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17 Safari/605.1", "Safari on Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/141 Safari/604.1", "Chrome on iPhone"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_device_is_called_by_words(agent, label):
    assert label_of(agent) == label


def test_a_device_has_a_number_of_four_digits_to_tell():
    assert {len(number_of(f"{i:064x}")) for i in (0, 1, 2**200, 2**255)} == {4}


# --- known devices and lock-outs --------------------------------------------------------------------------------


def test_a_browser_gets_a_name_of_its_own_that_scripts_cannot_read_and_keeps_it(client, meera):
    first = through_the_door(client, meera).cookies["device"]
    assert (first["httponly"], first["samesite"], first["path"]) == (True, "Lax", "/")
    assert first["max-age"] > 300 * 24 * 3600
    client.post("/logout/")
    assert through_the_door(client, meera).cookies["device"].value == first.value
    device = StaffDevice.objects.get()
    assert device.label == "Chrome on Windows"
    assert first.value not in str(StaffDevice.objects.values().get())


def test_who_locks_everybody_out_locks_nobody_out_of_their_own_browser(db):
    people = [StaffFactory(), StaffFactory(), cast.dr_rao(), cast.farida()]
    give_app(people[-1])
    browsers = [Client() for _ in people]
    for person, browser in zip(people, browsers, strict=True):
        assert through_the_door(browser, person).status_code == 302
        browser.post("/logout/")
    attacker = Client()
    for person in people:
        for i in range(MOST_FAILURES + 1):
            attacker.post(DOOR, {"email": person.email, "password": "x"}, headers={"X-Forwarded-For": f"10.0.0.{i}"})
        assert through_the_door(Client(), person).status_code == 429
    for person, browser in zip(people, browsers, strict=True):
        assert through_the_door(browser, person).status_code == 302
        assert browser.get(ME).json()["id"] == str(person.id)


def test_a_program_that_was_let_in_before_is_not_locked_out_either(client, meera):
    body = {"email": meera.email, "password": PASSWORD, "deviceId": "a-long-random-device-id"}
    assert post(client, TOKEN, body).status_code == 200
    fail(meera, MOST_FAILURES)
    assert post(client, TOKEN, body | {"deviceId": "another-random-device-id"}).status_code == 429
    assert post(client, TOKEN, body).status_code == 200


def test_a_known_device_locks_by_itself_after_five_failures_and_nobody_else(meera, now):
    sign_in(meera)
    fail(meera, MOST_FAILURES, TABLET, now=now)
    with pytest.raises(SignInLocked):
        sign_in(meera, now=now)
    assert sign_in(meera, device=UNKNOWN_DEVICE, now=now).staff == meera
    with pytest.raises(SignInLocked):
        sign_in(meera, now=now + LOCK - timedelta(seconds=1))
    assert sign_in(meera, now=now + LOCK).staff == meera


@pytest.mark.parametrize("header", ["Cookie", "deviceId"])
def test_inventing_devices_and_addresses_gives_no_further_try(meera, header):
    outcomes = []
    for i in range(12):
        client = Client()
        body = {"email": meera.email, "password": "wrong"}
        if header == "Cookie":
            client.cookies["device"] = f"{i:043}"
        else:
            body["deviceId"] = f"invented-device-number-{i}"
        spoofed = {"X-Forwarded-For": f"10.1.0.{i}", "X-Real-IP": f"10.2.0.{i}", "User-Agent": f"x{i}"}
        outcomes.append(post(client, TOKEN, body, headers=spoofed).status_code)
    assert outcomes == [401] * MOST_FAILURES + [429] * (12 - MOST_FAILURES)


def test_a_device_known_to_one_account_is_a_stranger_to_another(meera, farida):
    sign_in(meera)
    fail(farida, MOST_FAILURES)
    with pytest.raises(SignInLocked):
        sign_in(farida, "wrong")
    assert FailedTries.objects.count() == 1


def test_a_name_that_can_be_guessed_has_no_counter_of_its_own(meera):
    short = ShownDevice("tablet 7", "Tablet")
    sign_in(meera, device=short)
    fail(meera, MOST_FAILURES)
    with pytest.raises(SignInLocked):
        sign_in(meera, device=short)


def test_strangers_cannot_keep_somebody_signed_in_from_changing_their_password(meera, now):
    browser = open_browser(meera)
    fail(meera, MOST_FAILURES)
    answer = browser.post("/password/", {"current": PASSWORD, "new": "mazhai-varum-neram"})
    assert "changed" in answer.context


def test_a_session_has_five_tries_at_its_own_password(meera):
    browser = open_browser(meera)
    answers = [browser.post("/password/", {"current": "x", "new": "mazhai-varum-neram"}) for _ in range(7)]
    assert [a.status_code for a in answers] == [400] * MOST_FAILURES + [429] * 2
    assert sign_in(meera)


# --- approval ---------------------------------------------------------------------------------------------------


def test_the_first_device_of_the_first_administrator_is_approved_by_itself_and_no_other(office, farida):
    assert office.get(ME).json()["id"] == str(farida.id)
    assert actions() == ["device.approved"]
    assert AuditEntry.trail.get(action="device.approved").after["byItself"] is True
    assert through_the_door(Client(), farida).status_code == 403


def test_an_administrator_who_turned_the_last_device_away_does_not_begin_anew(office, farida):
    commands.revoke_device(actor=actor_of_staff(farida), now=timezone.now(), device_id=StaffDevice.objects.get().id)
    assert through_the_door(Client(), farida).status_code == 403
    assert office.get(ME).status_code == 401


def test_nobody_but_an_administrator_begins_a_hospital(approval, meera):
    with pytest.raises(DeviceWaits):
        sign_in(meera)


def test_an_unknown_device_waits_is_told_its_number_and_gets_no_session(office, farida):
    meera = cast.meera(farida.facility)
    browser = Client()
    for _ in range(2):
        answer = through_the_door(browser, meera)
        assert answer.status_code == 403
        assert StaffDevice.objects.get(staff=meera).number in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
    assert browser.get(ME).status_code == 401
    assert not Credential.objects.filter(staff=meera).exists()
    assert actions() == ["device.approved", "device.waits"]


def test_a_wrong_password_leaves_no_device_behind(office, farida):
    meera = cast.meera(farida.facility)
    assert through_the_door(Client(), meera, "wrong").status_code == 401
    assert not StaffDevice.objects.filter(staff=meera).exists()


def test_an_approved_device_comes_in_and_a_revoked_one_is_out_at_once(office, farida):
    meera = cast.meera(farida.facility)
    browser = Client()
    through_the_door(browser, meera)
    device = StaffDevice.objects.get(staff=meera)
    assert device.number in office.get(DEVICES).content.decode()
    assert office.post(f"{DEVICES}{device.id}/approve/").url == DEVICES
    assert through_the_door(browser, meera).status_code == 302
    assert browser.get(ME).status_code == 200
    assert office.post(f"{DEVICES}{device.id}/revoke/").status_code == 302
    assert browser.get(ME).status_code == 401
    assert through_the_door(browser, meera).status_code == 403
    assert devices_in(farida.facility_id)[0].id == device.id
    assert actions()[1:] == ["device.waits", "device.approved", "device.revoked", "device.waits"]


def test_a_program_waits_by_its_device_id_and_its_tokens_end_with_the_device(office, farida, client):
    meera = cast.meera(farida.facility)
    body = {"email": meera.email, "password": PASSWORD, "deviceId": "a-long-random-device-id"}
    nameless = post(client, TOKEN, body | {"deviceId": ""})
    assert (nameless.status_code, list(nameless.json()["errors"])) == (400, ["deviceId"])
    refused = post(client, TOKEN, body)
    device = StaffDevice.objects.get(staff=meera)
    assert (refused.status_code, refused.json()["code"], refused.json()["number"]) == (
        403,
        "device_waits",
        device.number,
    )
    office.post(f"{DEVICES}{device.id}/approve/")
    tokens = post(client, TOKEN, body).json()
    office.post(f"{DEVICES}{device.id}/revoke/")
    assert client.get(ME, headers={"Authorization": f"Bearer {tokens['access']}"}).status_code == 401
    assert post(client, REFRESH, {"refresh": tokens["refresh"]}).status_code == 401


def test_a_new_administrator_cannot_set_up_a_second_factor_from_a_device_that_waits(office, farida):
    other = cast.farida(farida.facility)
    browser = Client()
    assert through_the_door(browser, other).status_code == 403
    assert browser.get(ENROL).url == DOOR
    office.post(f"{DEVICES}{StaffDevice.objects.get(staff=other).id}/approve/")
    assert through_the_door(browser, other).url == ENROL
    with pytest.raises(DeviceWaits):
        sign_in(other)


def test_without_approval_an_administrator_is_told_of_the_missing_second_factor(farida):
    with pytest.raises(SecondFactorMissing):
        sign_in(farida)
    assert not StaffDevice.objects.exists()


def test_only_so_many_devices_of_one_person_wait(office, farida):
    meera = cast.meera(farida.facility)
    for i in range(WAITING_AT_MOST + 3):
        with pytest.raises(DeviceWaits):
            sign_in(meera, device=ShownDevice(f"a-random-device-name-{i}", str(i)), now=timezone.now())
    labels = StaffDevice.objects.filter(staff=meera).values_list("label", flat=True)
    assert sorted(labels) == [str(i) for i in range(3, WAITING_AT_MOST + 3)]


def test_devices_are_decided_by_administrators_of_the_same_hospital(office, farida):
    meera, stranger = cast.meera(farida.facility), cast.farida()
    with pytest.raises(DeviceWaits):
        sign_in(meera)
    device = StaffDevice.objects.get(staff=meera)
    for actor, refusal in [(actor_of_staff(meera), Forbidden), (actor_of_staff(stranger), NotFound)]:
        with pytest.raises(refusal):
            commands.approve_device(actor=actor, now=timezone.now(), device_id=device.id)
    with pytest.raises(NotFound):
        commands.revoke_device(actor=actor_of_staff(stranger), now=timezone.now(), device_id=device.id)
    assert office.post(f"{DEVICES}{device.id}/keep/").status_code == 404


def test_devices_that_nobody_approved_are_forgotten_after_a_month(office, farida, now):
    with pytest.raises(DeviceWaits):
        sign_in(cast.meera(farida.facility))
    for later, left in [(29, 2), (31, 1)]:
        commands.forget_old(actor=system_actor("upkeep"), now=now + timedelta(days=later))
        assert StaffDevice.objects.count() == left


def test_a_hospital_that_begins_to_ask_keeps_the_devices_it_knows(settings, meera):
    sign_in(meera)
    settings.DEVICE_APPROVAL = True
    assert sign_in(meera).staff == meera
    with pytest.raises(DeviceWaits):
        sign_in(meera, device=ShownDevice("some-other-long-random-name", ""))


def test_without_approval_nobody_waits_and_a_nameless_program_is_let_in(meera):
    assert sign_in(meera, device=UNKNOWN_DEVICE).staff == meera
    assert sign_in(meera).staff == meera
    assert StaffDevice.objects.get().approved_by is None
