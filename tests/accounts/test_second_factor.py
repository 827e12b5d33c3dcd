"""The second factor: nobody who has one comes in without it, and a code opens once."""

import base64
import json
import re
import threading
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken

from apps.accounts import commands
from apps.accounts.commands import InvalidOtp, OtpRequired, SecondFactorMissing, SignInLocked, SignInRefused, proving
from apps.accounts.models import Authenticator, Credential, FailedTries, Staff
from apps.accounts.queries import actor_of_staff, second_factor_of
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.demo import DEMO_SECRET
from apps.accounts.rules.devices import UNKNOWN_DEVICE
from apps.accounts.rules.second_factor import Verdict
from apps.accounts.rules.tries import MOST_FAILURES, TriesKind
from apps.accounts.views.browsers import HALFWAY_KEY
from apps.audit.models import AuditEntry
from apps.core.errors import Conflict, Forbidden, NotFound
from apps.core.policy import Actor, Role
from tests import cast
from tests.architecture.test_policy import ADDRESSES
from tests.cast import app_code, dr_rao, give_app, open_browser, signed_in
from tests.factories import PASSWORD, StaffFactory
from tests.races.threads import at_once

DOOR, CODE, ENROL, OWN = "/login/staff/", "/login/staff/code/", "/login/staff/second-factor/", "/account/second-factor/"
ME, TOKEN = "/api/v1/auth/me", "/api/v1/auth/token"
SESSION = CredentialKind.STAFF_SESSION
WRONG = "000000"


def sign_in(staff: Staff, otp: str = "", **more: Any) -> Any:
    return commands.sign_in_staff(
        now=timezone.now(), email=staff.email, password=PASSWORD, kind=SESSION, otp=otp, **more
    )


def post_token(client: Client, staff: Staff, **more: str) -> Any:
    body = {"email": staff.email, "password": PASSWORD} | more
    return client.post(TOKEN, json.dumps(body), content_type="application/json")


def give_password(client: Client, staff: Staff, **more: str) -> Any:
    return client.post(DOOR, {"email": staff.email, "password": PASSWORD} | more)


def code_for(secret: str, steps: int = 0) -> str:
    """What an app that holds this base32 secret shows now, or some steps later."""
    clock = TOTP(base64.b32decode(secret), drift=steps)
    return f"{clock.token():06}"


def set_up(actor: Actor, secret: str = DEMO_SECRET) -> tuple[str, ...]:
    return commands.set_up_second_factor(actor=actor, now=timezone.now(), secret=secret, code=code_for(secret))


def actor_in(staff: Staff) -> Actor:
    """Somebody who is signed in."""
    return actor_of_staff(staff, credential_id=signed_in(staff).credential.id)


def shown_secret(answer: Any) -> str:
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', answer.content.decode())
    assert found
    return found.group(1).replace(" ", "")


def actions() -> list[str]:
    return list(AuditEntry.trail.order_by("number").values_list("action", flat=True))


@pytest.fixture
def asked(meera: Staff) -> Staff:
    """Meera, who wants to be asked for a code."""
    give_app(meera)
    return meera


# --- what lets in -----------------------------------------------------------------------------------------------


def test_a_password_alone_does_not_let_in_who_has_an_app(asked):
    with pytest.raises(OtpRequired):
        sign_in(asked)
    assert not Credential.objects.exists()
    assert sign_in(asked, app_code(asked)).staff == asked


@pytest.mark.parametrize("code", [WRONG, "12345", "1234567", "abcdef", "bcdfg-hjkmn", "٠١٢٣٤٥", "1e5", "-12345"])
def test_a_wrong_code_is_refused_and_counts_like_a_wrong_password(asked, code):
    with pytest.raises(InvalidOtp):
        sign_in(asked, code)
    assert FailedTries.objects.get().failures == 1
    assert not Credential.objects.exists()


def test_five_wrong_codes_lock_the_account_for_password_and_code_alike(asked):
    for _ in range(MOST_FAILURES):
        with pytest.raises(InvalidOtp):
            sign_in(asked, WRONG)
    for code in (WRONG, app_code(asked), ""):
        with pytest.raises(SignInLocked):
            sign_in(asked, code)


def test_wrong_passwords_and_wrong_codes_add_up_and_a_password_alone_forgives_nothing(asked):
    for i in range(MOST_FAILURES - 1):
        with pytest.raises(InvalidOtp if i % 2 else SignInRefused):
            commands.sign_in_staff(
                now=timezone.now(), email=asked.email, password=PASSWORD if i % 2 else "no", kind=SESSION, otp=WRONG
            )
        with pytest.raises(OtpRequired):
            sign_in(asked)
    assert FailedTries.objects.get().failures == MOST_FAILURES - 1
    with pytest.raises(InvalidOtp):
        sign_in(asked, WRONG)
    with pytest.raises(SignInLocked):
        sign_in(asked, app_code(asked))


def test_a_code_works_once_and_sending_it_again_is_no_guess(asked):
    code = app_code(asked)
    sign_in(asked, code)
    for _ in range(MOST_FAILURES + 1):
        with pytest.raises(InvalidOtp):
            sign_in(asked, code)
    assert not FailedTries.objects.exists()
    assert Credential.objects.count() == 1


def test_a_code_is_taken_half_a_minute_early_or_late_and_not_more(asked):
    for steps, opens in [(-1, True), (1, True), (-2, False), (3, False)]:
        Authenticator.objects.update(last_t=-1, drift=0)
        if opens:
            assert sign_in(asked, code_for(DEMO_SECRET, steps))
        else:
            with pytest.raises(InvalidOtp):
                sign_in(asked, code_for(DEMO_SECRET, steps))


@pytest.mark.django_db(transaction=True)
def test_the_right_code_ten_times_at_once_gives_one_session(no_hurry):
    staff = StaffFactory()
    give_app(staff)
    for _ in range(3):
        code = app_code(staff)
        answers, errors = at_once(lambda _, c=code: _enter(staff, c), 10, staff.facility_id)
        assert (len(answers), {type(e) for e in errors}) == (1, {InvalidOtp})
    assert not FailedTries.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_on_the_person_the_same_code_opens_two(monkeypatch):
    """The control of the test above: both look at the code before either has used it up. The row of failures,
    which guards too, is each one's own here."""
    staff, judge, both = StaffFactory(), Authenticator.judge, threading.Barrier(2, timeout=60)
    give_app(staff)
    code = app_code(staff)

    def judged(self: Authenticator, number: int, now: datetime) -> Verdict:
        verdict = judge(self, number, now)
        both.wait()
        return verdict

    def own_counter(kind: TriesKind, _: str, now: datetime) -> FailedTries:
        return FailedTries.objects.create(kind=kind, key=uuid4(), since=now)

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **how: self)
    monkeypatch.setattr(proving, "locked_tries", own_counter)
    monkeypatch.setattr(Authenticator, "judge", judged)
    answers, errors = at_once(lambda _: _enter(staff, code), 2, staff.facility_id)
    assert (len(answers), errors) == (2, [])


def _enter(staff: Staff, code: str) -> Any:
    return commands.enter(now=timezone.now(), staff=staff, kind=SESSION, code=code)


def test_a_password_that_was_changed_since_it_was_proved_opens_nothing(meera, now):
    proved = commands.prove(meera.email, PASSWORD, now, UNKNOWN_DEVICE)
    actor = actor_in(meera)
    commands.change_password(actor=actor, now=now, current=PASSWORD, new="mazhai-varum-neram")
    with pytest.raises(SignInRefused):
        commands.enter(now=now, staff=proved, kind=SESSION)


# --- the API ----------------------------------------------------------------------------------------------------


def test_the_api_says_what_is_missing_or_wrong(client, asked):
    answers = [post_token(client, asked), post_token(client, asked, otp=""), post_token(client, asked, otp=WRONG)]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (401, "otp_required"),
        (401, "otp_required"),
        (401, "invalid_otp"),
    ]
    assert post_token(client, asked, otp=app_code(asked)).status_code == 200
    for _ in range(MOST_FAILURES):
        post_token(client, asked, otp=WRONG)
    locked = post_token(client, asked, otp=app_code(asked))
    assert (locked.status_code, locked.json()["code"], locked["Retry-After"]) == (429, "sign_in_locked", "900")


def test_an_administrator_without_a_second_factor_gets_no_token(client, farida):
    answer = post_token(client, farida)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_missing")
    with pytest.raises(SecondFactorMissing):
        sign_in(farida, WRONG)
    assert not Credential.objects.exists()


# --- pages: halfway in ------------------------------------------------------------------------------------------


def test_after_the_password_comes_the_code_and_then_where_one_wanted(client, asked):
    wanted = "/admin/desk/find/"
    halfway = give_password(client, asked, next=wanted)
    assert (halfway.status_code, halfway.url) == (302, CODE)
    assert asked.email in client.get(CODE).content.decode()
    answer = client.post(CODE, {"code": app_code(asked)})
    assert (answer.status_code, answer.url) == (302, wanted)
    assert client.get(ME).json()["id"] == str(asked.id)
    assert HALFWAY_KEY not in client.session


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/staff/", "/account/", "/password/", OWN])
def test_halfway_in_one_is_still_nobody(client, farida, path):
    give_app(farida)
    give_password(client, farida)
    assert client.get(path).url.startswith((DOOR, "/admin/login/"))
    assert client.get(ME).status_code == 401


def test_every_address_answers_to_somebody_halfway_in_as_to_nobody(farida):
    give_app(farida)
    nobody, halfway = Client(raise_request_exception=False), Client(raise_request_exception=False)
    give_password(halfway, farida)
    sample = "6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11"
    for address, _view in ADDRESSES:
        path = "/" + "/".join(sample if part.startswith("<") else part for part in address.split("/"))
        if "(?P" in address or path in (CODE, ENROL, "/logout/"):
            continue
        answers = [c.get(path) for c in (nobody, halfway)]
        assert answers[0].status_code == answers[1].status_code, path
        assert answers[0].get("Location") == answers[1].get("Location"), path


def test_nobody_gets_to_the_code_page_without_the_password(client, asked, farida):
    for path in (CODE, ENROL):
        assert client.get(path).url == DOOR
        assert client.post(path, {"code": app_code(asked)}).url == DOOR
    session = client.session
    session[HALFWAY_KEY] = signing.dumps([str(asked.id), "x" * 32, ""], salt="opd.accounts.halfway")
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert client.get(CODE).url == DOOR


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock that signatures are dated by."""
    began = time.time()
    return lambda **by: monkeypatch.setattr(time, "time", lambda: began + timedelta(**by).total_seconds())


def test_the_step_between_is_over_after_five_minutes(client, asked, pass_time):
    give_password(client, asked)
    pass_time(minutes=4, seconds=50)
    assert client.get(CODE).status_code == 200
    pass_time(minutes=5, seconds=10)
    assert client.get(CODE).url == DOOR


def test_the_step_between_is_over_with_another_password(client, asked):
    give_password(client, asked)
    asked.set_password("mazhai-varum-neram")
    asked.save()
    assert client.get(CODE).url == DOOR


def test_wrong_codes_on_the_page_say_so_and_lock(client, asked):
    give_password(client, asked)
    for _ in range(MOST_FAILURES):
        answer = client.post(CODE, {"code": WRONG})
        assert answer.status_code == 401
        assert answer["Cache-Control"] == "no-store"
    assert client.post(CODE, {"code": app_code(asked)}).status_code == 429
    assert give_password(Client(), asked).status_code == 429
    assert client.post(CODE, {"code": ""}).status_code == 400


def test_a_code_from_elsewhere_is_refused(asked):
    client = Client(enforce_csrf_checks=True)
    assert client.post(CODE, {"code": app_code(asked)}).status_code == 403


# --- setting up -------------------------------------------------------------------------------------------------


def test_an_administrator_without_an_app_sets_one_up_before_anything_else(client, farida):
    assert give_password(client, farida).url == ENROL
    page = client.get(ENROL)
    assert "<svg" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert client.get(ME).status_code == 401
    secret, offer = shown_secret(page), page.context["offer"]
    wrong = client.post(ENROL, {"offer": offer, "code": WRONG})
    assert (wrong.status_code, shown_secret(wrong)) == (401, secret)
    done = client.post(ENROL, {"offer": wrong.context["offer"], "code": code_for(secret)})
    assert done.status_code == 200
    codes = re.findall(r"<li><code>([^<]+)</code>", done.content.decode())
    assert len(set(codes)) == 10
    assert client.get(ME).json()["id"] == str(farida.id)
    assert "staff.second_factor_set_up" in actions()
    assert sign_in(farida, codes[0]).staff == farida


def test_a_secret_that_was_not_offered_to_this_person_is_not_taken(client, farida, meera):
    give_password(client, farida)
    other = open_browser(meera).get(OWN)
    for offer in ("", "x", other.context["offer"], signing.dumps([str(farida.id), DEMO_SECRET], salt="other")):
        assert client.post(ENROL, {"offer": offer, "code": code_for(DEMO_SECRET)}).url == ENROL
    assert not Authenticator.objects.exists()


def test_a_password_alone_never_replaces_a_second_factor(client, farida):
    give_password(client, farida)
    page = client.get(ENROL)
    give_app(farida)
    assert client.get(ENROL).url == DOOR
    late = client.post(ENROL, {"offer": page.context["offer"], "code": code_for(shown_secret(page))})
    assert late.url == DOOR
    with pytest.raises(Conflict):
        commands.enrol_and_enter(
            now=timezone.now(), staff=farida, secret=DEMO_SECRET, code=code_for(DEMO_SECRET), device=UNKNOWN_DEVICE
        )
    assert Authenticator.objects.count() == 1


def test_the_secret_stands_in_the_database_sealed_and_fits_its_column(farida):
    secret = commands.new_factor_secret()
    assert len(base64.b32decode(secret)) == 20
    give_app(farida, secret)
    kept = Authenticator.objects.values_list("key", flat=True).get()
    assert len(kept) == Authenticator._meta.get_field("key").max_length
    assert base64.b32decode(secret).hex() not in kept
    assert Authenticator.objects.get().bin_key == base64.b32decode(secret)


def test_anybody_may_have_a_second_factor_and_set_it_up_with_their_password(meera):
    browser, elsewhere = open_browser(meera), open_browser(meera)
    page = browser.get(OWN)
    filled = {"offer": page.context["offer"], "code": code_for(shown_secret(page))}
    assert browser.post(OWN, filled | {"current": "wrong"}).status_code == 400
    assert browser.post(OWN, filled | {"current": PASSWORD, "code": WRONG}).status_code == 401
    assert not Authenticator.objects.exists()
    assert browser.post(OWN, filled | {"current": PASSWORD}).status_code == 200
    assert [b.get(ME).status_code for b in (browser, elsewhere)] == [200, 401]
    with pytest.raises(OtpRequired):
        sign_in(meera)


def test_another_app_takes_the_place_of_the_one_before(asked):
    old = app_code(asked)
    browser = open_browser_with_code(asked)
    page = browser.get(OWN)
    secret = shown_secret(page)
    browser.post(OWN, {"offer": page.context["offer"], "code": code_for(secret), "current": PASSWORD})
    with pytest.raises(InvalidOtp):
        sign_in(asked, old)
    assert sign_in(asked, code_for(secret, 1)).staff == asked


def open_browser_with_code(staff: Staff) -> Client:
    client = Client()
    give_password(client, staff)
    client.post(CODE, {"code": app_code(staff)})
    return client


def test_who_may_go_without_may_remove_it_and_an_administrator_may_not(asked, farida):
    browser, admin = open_browser_with_code(asked), open_browser(farida)
    for client, status in ((browser, 302), (admin, 409)):
        assert client.get(f"{OWN}remove/").status_code == 200
        assert client.post(f"{OWN}remove/", {"current": "wrong"}).status_code == 400
        assert client.post(f"{OWN}remove/", {"current": PASSWORD}).status_code == status
    assert sign_in(asked).staff == asked
    with pytest.raises(OtpRequired):
        sign_in(farida)


# --- recovery codes ---------------------------------------------------------------------------------------------


def test_recovery_codes_open_once_each_and_stand_in_the_database_as_fingerprints(meera):
    codes = set_up(actor_in(meera))
    kept = list(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert all(len(token) == 16 and not any(token in c or c.replace("-", "") in token for c in codes) for token in kept)
    assert sign_in(meera, codes[3].upper()).staff == meera
    with pytest.raises(InvalidOtp):
        sign_in(meera, codes[3])
    assert sign_in(meera, codes[4].replace("-", " ")).staff == meera
    assert second_factor_of(meera).recovery_codes == 8
    assert actions().count("staff.second_factor_recovery_used") == 2


def test_a_recovery_code_is_one_persons_only(meera):
    codes = set_up(actor_in(meera))
    rao = dr_rao()
    give_app(rao)
    with pytest.raises(InvalidOtp):
        sign_in(rao, codes[0])
    assert sign_in(meera, codes[0])


@pytest.mark.django_db(transaction=True)
def test_one_recovery_code_ten_times_at_once_gives_one_session():
    staff = StaffFactory()
    codes = set_up(actor_in(staff))
    answers, errors = at_once(lambda _: _enter(staff, codes[0]), 8, staff.facility_id)
    assert len(answers) == 1
    assert {type(e) for e in errors} <= {InvalidOtp, SignInLocked}


def test_new_recovery_codes_end_the_old_ones(meera):
    browser = open_browser(meera)
    assert browser.post(f"{OWN}recovery/", {"current": PASSWORD}).status_code == 404
    codes = set_up(actor_in(meera))
    browser = open_browser_with_recovery(meera, codes[0])
    page = browser.post(f"{OWN}recovery/", {"current": PASSWORD})
    fresh = re.findall(r"<li><code>([^<]+)</code>", page.content.decode())
    assert len(fresh) == 10
    with pytest.raises(InvalidOtp):
        sign_in(meera, codes[1])
    assert sign_in(meera, fresh[1])


def open_browser_with_recovery(staff: Staff, code: str) -> Client:
    client = Client()
    give_password(client, staff)
    client.post(CODE, {"code": code})
    return client


# --- reset by an administrator ----------------------------------------------------------------------------------


def test_an_administrator_resets_a_lost_second_factor_and_ends_all_sessions(farida):
    colleague = cast.meera(farida.facility)
    give_app(colleague)
    browser = open_browser_with_code(colleague)
    commands.reset_second_factor(actor=actor_of_staff(farida), now=timezone.now(), staff_id=colleague.id)
    assert browser.get(ME).status_code == 401
    assert sign_in(colleague).staff == colleague
    entry = AuditEntry.trail.get(action="staff.second_factor_reset")
    assert (entry.actor_id, entry.entity_id) == (farida.id, str(colleague.id))


def test_nobody_else_resets_anybodys_and_nobody_their_own_there(farida, meera):
    colleague = cast.meera(farida.facility)
    give_app(colleague)
    give_app(farida)
    for actor, target, refusal in [
        (actor_of_staff(farida), farida, Forbidden),
        (actor_of_staff(colleague), farida, Forbidden),
        (actor_of_staff(meera), colleague, NotFound),
        (actor_of_staff(cast.farida()), colleague, NotFound),
    ]:
        with pytest.raises(refusal):
            commands.reset_second_factor(actor=actor, now=timezone.now(), staff_id=target.id)
    assert Authenticator.objects.count() == 2


def test_only_the_system_hands_out_a_known_secret(farida):
    with pytest.raises(Forbidden):
        commands.hand_out_second_factor(
            actor=actor_of_staff(farida), now=timezone.now(), staff_id=farida.id, secret=DEMO_SECRET
        )


# --- the demonstration ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_demonstrations_code_page_shows_a_code_that_opens_and_no_other_page_does(client, settings):
    admin = StaffFactory(email="admin@demo.opd", role=Role.ADMIN)
    give_app(admin)
    settings.DEMO = True
    for _ in range(2):
        browser = Client()
        give_password(browser, admin)
        code = browser.get(CODE).context["demo_code"]
        assert browser.post(CODE, {"code": code}).status_code == 302
    settings.DEMO = False
    give_password(client, admin)
    assert client.get(CODE).context["demo_code"] == ""
    settings.DEMO = True
    Authenticator.objects.all().delete()
    give_app(admin, commands.new_factor_secret())
    assert client.get(CODE).context["demo_code"] == ""
