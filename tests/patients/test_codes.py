"""Codes for signing in: sent, tried, used up, and limited."""

import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Credential, Facility
from apps.accounts.queries import actor_of_token
from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.policy import Permission, Role, system_actor
from apps.notifications.models import Message
from apps.patients.commands import change, forget_codes, reopen_code_login, request_code
from apps.patients.models import Allowance, LoginCode
from apps.patients.queries import patients_of, spent_limits
from apps.patients.rules.login_codes import LIFETIME, RUN, TRIES
from tests.factories import FacilityFactory
from tests.patients.codes import ADDRESS, MINUTE, PHONE, ask, code_on, enter, failed, messages, wrong_for
from tests.patients.conftest import NOW
from tests.races.threads import at_once

OTHER = "+919876500000"
UNKNOWN = "+919876511111"


def refused_until_dead(now, phone=PHONE):
    """Use up all tries of the code on a phone."""
    wrong = wrong_for(code_on(phone))
    return [failed(now, wrong, phone=phone) for _ in range(TRIES)]


def test_the_code_on_the_phone_opens_a_session_of_24_hours_for_everybody_under_the_phone(desk):
    asha, ravi = desk.register("Asha Devi"), desk.register("Ravi", age=7)
    desk.register("Somebody else", phone=OTHER)
    ask(NOW)
    came = enter(NOW, code_on())
    assert came.expires_at == NOW + timedelta(hours=24)
    actor = actor_of_token(came.secret, NOW)
    assert actor is not None
    assert set(patients_of(actor)) == {asha, ravi}
    assert Permission.PATIENT_OWN in actor.permissions
    assert not actor.permissions & {Permission.PATIENT_READ, Permission.QUEUE_READ, Permission.MASTERS_READ}
    assert actor_of_token(came.secret, came.expires_at) is None


def test_whose_it_is_is_asked_anew_each_time(desk):

    asha = desk.register("Asha Devi")
    ask(NOW)
    actor = actor_of_token(enter(NOW, code_on()).secret, NOW)
    ravi = desk.register("Ravi", age=7)
    assert set(patients_of(actor)) == {asha, ravi}
    change(actor=desk.meera, now=NOW, patient_id=asha.id, expected_version=1, phone=OTHER)
    assert set(patients_of(actor)) == {ravi}


def test_a_phone_that_nobody_is_registered_under_works_too(desk):
    ask(NOW, phone=UNKNOWN)
    actor = actor_of_token(enter(NOW, code_on(UNKNOWN), phone=UNKNOWN).secret, NOW)
    assert list(patients_of(actor)) == []


def test_any_spelling_of_a_number_is_the_same_phone(desk):
    for minutes, spelling in enumerate(["098765 43210", "98765-43210", "+91 (98765) 43210"]):
        now = NOW + minutes * MINUTE
        ask(now, phone=spelling)
        assert enter(now, code_on(), phone="9876543210")


@pytest.mark.parametrize("phone", ["", "  ", "12", "98765", "call me", "9" * 60])
def test_what_is_no_number_is_refused(desk, phone):
    with pytest.raises(Invalid):
        ask(NOW, phone=phone)
    with pytest.raises(Invalid):
        enter(NOW, "123456", phone=phone)


def test_the_message_names_the_hospital_in_the_language_of_the_page_and_ends_with_the_host(desk, settings):
    settings.PUBLIC_BASE_URL = "https://opd.asha.example:8443"
    ask(NOW)
    assert desk.facility.name in messages()[0]
    assert messages()[0].endswith(f"\n\n@opd.asha.example #{code_on()}")
    ask(NOW + MINUTE, language="hi")
    row = Message.outgoing.order_by("-created_at").first()
    assert (row.language, row.not_after, row.urgent) == ("hi", NOW + MINUTE + LIFETIME, True)


def test_the_code_is_nowhere_but_in_the_sealed_message(desk, caplog):
    caplog.set_level(logging.DEBUG)
    ask(NOW)
    code = code_on()
    failed(NOW, wrong_for(code))
    with connection.cursor() as cursor:
        for table in ("patients_logincode", "patients_allowance", "notifications_message", "audit_auditentry"):
            cursor.execute(f"SELECT coalesce(string_agg(row_to_json(t)::text, ' '), '') FROM {table} t")
            stored = cursor.fetchone()[0]
            assert f'"{code}"' not in stored
            assert "9876543210" not in stored
    assert code not in caplog.text
    assert "98765" not in caplog.text


def test_a_code_works_once(desk):
    ask(NOW)
    code = code_on()
    enter(NOW, code)
    assert failed(NOW, code) == "invalid_code"
    assert Credential.objects.filter(kind="patient_login").count() == 1


def test_a_code_is_over_after_five_minutes(desk):
    ask(NOW)
    assert failed(NOW + LIFETIME, code_on()) == "invalid_code"


def test_a_new_code_ends_the_one_before(desk):
    ask(NOW)
    first = code_on()
    ask(NOW + MINUTE)
    assert failed(NOW + MINUTE, first) == "invalid_code"
    assert enter(NOW + MINUTE, code_on())


def test_one_phones_code_is_nothing_for_another(desk):
    ask(NOW)
    ask(NOW, phone=OTHER)
    mine = code_on()
    if mine != code_on(OTHER):
        assert failed(NOW, mine, phone=OTHER) == "invalid_code"


def test_after_the_fifth_wrong_try_the_right_code_is_refused_too(desk):
    ask(NOW)
    assert refused_until_dead(NOW) == ["invalid_code"] * TRIES
    assert failed(NOW, code_on()) == "too_many_tries"


def test_a_resend_does_not_reset_the_count_and_fifteen_failures_close_the_phone_for_an_hour(desk):
    now = NOW
    for _ in range(3):
        ask(now)
        refused_until_dead(now)
        now += MINUTE
    now += 10 * MINUTE
    before = len(messages())
    ask(now)
    assert len(messages()) == before, "no code is sent that may not be tried"
    assert failed(now, "123456") == "invalid_code", "nothing to hit"
    ask(now + timedelta(hours=1))
    assert len(messages()) == before + 1
    assert enter(now + timedelta(hours=1), code_on())


def test_a_success_ends_the_run_but_not_the_hour(desk):
    ask(NOW)
    failed(NOW, wrong_for(code_on()))
    enter(NOW, code_on())
    assert not Allowance.objects.filter(name="failures_run").exists()
    assert Allowance.objects.get(name="failures_phone").used == 1
    assert Allowance.objects.get(name="failures_all_day").used == 1


def close_for_good(now=NOW):
    """A hundred failures in a row, as fast as the limits let them come; when it was over."""
    failures = 0
    while failures < RUN:
        before = len(messages())
        ask(now)
        if len(messages()) > before:
            wrong = wrong_for(code_on())
            failures += sum(failed(now, wrong) == "invalid_code" for _ in range(TRIES))
        now += timedelta(hours=2)
    return now


def test_a_hundred_failures_in_a_row_close_the_phone_until_the_desk_opens_it(desk):
    asha = desk.register("Asha Devi")
    now = close_for_good()
    sent = len(messages())
    assert sent == RUN / TRIES
    for days in range(1, 30):
        ask(now + timedelta(days=days))
    assert len(messages()) == sent
    now += timedelta(days=30)
    assert spent_limits(now)["failures_run"] == 1
    reopen_code_login(actor=desk.meera, now=now, phone="98765 43210")
    assert AuditEntry.objects.filter(action="login_code.reopened").count() == 1
    ask(now)
    assert set(patients_of(actor_of_token(enter(now, code_on()).secret, now))) == {asha}


def test_a_closed_phone_closes_no_other(desk):
    now = close_for_good()
    ask(now, phone=OTHER)
    assert enter(now, code_on(OTHER), phone=OTHER)


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.CASHIER, Role.LAB])
def test_only_the_desk_opens_a_phone_again(desk, role):
    with pytest.raises(Forbidden):
        reopen_code_login(actor=desk.staff(role), now=NOW, phone=PHONE)


@pytest.mark.parametrize(
    ("offsets", "sent"),
    [
        ([0, 10, 29], 1),
        ([0, 30, 60], 3),
        ([0, 60, 120, 180, 599, 719], 3),
        ([0, 60, 120, 720], 4),
    ],
)
def test_codes_are_sent_half_a_minute_apart_and_three_in_ten_minutes(desk, offsets, sent):
    for seconds in offsets:
        ask(NOW + timedelta(seconds=seconds))
    assert len(messages()) == sent


def test_a_phone_gets_ten_codes_a_day(desk):
    for number in range(30):
        ask(NOW + timedelta(minutes=40) * number)
    assert len(messages()) == 10


@pytest.mark.parametrize(
    ("cap", "name"),
    [
        ("sends_prefix_hour", "sends_prefix"),
        ("sends_address_hour", "sends_address"),
        ("sends_day", "sends_all"),
    ],
)
def test_a_cap_stops_sending_for_everybody_it_covers_and_raises_one_alarm(desk, settings, caplog, cap, name):
    settings.CODE_CAPS = settings.CODE_CAPS | {cap: 3}
    for number in range(6):
        ask(NOW, phone=f"+91987654{number:04}")
    assert Message.outgoing.count() == 3
    assert spent_limits(NOW)[name] == 1
    entries = AuditEntry.objects.filter(action="login_code.limit_reached")
    assert [(entry.entity_id, entry.facility_id) for entry in entries] == [(name, desk.facility.id)]
    assert "98765" not in caplog.text


def test_another_address_or_block_of_numbers_is_not_stopped(desk, settings):
    settings.CODE_CAPS = settings.CODE_CAPS | {"sends_address_hour": 1, "sends_prefix_hour": 1}
    ask(NOW)
    ask(NOW, phone="+919111111111", address="198.51.100.1")
    assert Message.outgoing.count() == 2


def test_two_hundred_people_in_one_hall_all_come_in(desk):
    phones = [f"+9198765{number:05}" for number in range(200)]
    for phone in phones:
        ask(NOW, phone=phone)
    codes = {message.recipient: message.text[-6:] for message in Message.outgoing.all()}
    assert set(codes) == set(phones)
    for phone in phones:
        assert enter(NOW, codes[phone], phone=phone)


@pytest.mark.parametrize("cap", ["failures_address_hour", "failures_hour", "failures_day"])
def test_spraying_one_try_over_many_phones_uses_up_a_budget(desk, settings, cap):
    settings.CODE_CAPS = settings.CODE_CAPS | {cap: 20}
    ask(NOW)
    refusals = [failed(NOW, "000000", phone=f"+9191234{n:05}") for n in range(30)]
    assert refusals == ["invalid_code"] * 20 + ["too_many_tries"] * 10
    assert failed(NOW, code_on()) == "too_many_tries", "the right one would tell what was guessed"
    assert AuditEntry.trail.filter(action="login_code.limit_reached").count() == 1
    if cap == "failures_address_hour":
        assert enter(NOW, code_on(), address="198.51.100.9")


def test_right_codes_use_up_no_budget(desk, settings):
    settings.CODE_CAPS = settings.CODE_CAPS | {"failures_address_hour": 2}
    for number in range(5):
        ask(NOW, phone=f"+9198765{number:05}")
        enter(NOW, code_on(f"+9198765{number:05}"), phone=f"+9198765{number:05}")


def test_codes_go_to_the_countries_that_the_hospital_allows(desk, settings):
    ask(NOW, phone="+14155552671")
    assert not Message.outgoing.exists()
    settings.CODE_COUNTRIES = ["IN", "US"]
    ask(NOW, phone="+14155552671")
    assert Message.outgoing.count() == 1


def test_a_known_phone_and_an_unknown_one_run_the_same_statements(desk):
    desk.register("Asha Devi")

    def shapes(phone):
        with CaptureQueriesContext(connection) as told:
            ask(NOW, phone=phone)
        with CaptureQueriesContext(connection) as tried:
            failed(NOW, wrong_for(code_on(phone)), phone=phone)
        return [q["sql"].split('"s')[0].split(" WHERE")[0][:60] for q in [*told, *tried]]

    assert shapes(PHONE) == shapes(UNKNOWN)


def test_with_several_facilities_a_phone_signs_in_where_it_is_known_or_where_it_says(desk, elsewhere):
    Facility.objects.filter(id=desk.facility.id).update(name="B")
    Facility.objects.filter(id=elsewhere.facility.id).update(name="A")
    desk.register("Asha Devi")
    ask(NOW)
    assert enter(NOW, code_on()).facility_id == desk.facility.id
    ask(NOW, phone=UNKNOWN)
    assert enter(NOW, code_on(UNKNOWN), phone=UNKNOWN).facility_id == elsewhere.facility.id
    ask(NOW + MINUTE, facility_code=elsewhere.facility.code)
    came = enter(NOW + MINUTE, code_on())
    assert came.facility_id == elsewhere.facility.id


def test_the_sweep_forgets_what_is_over_and_nothing_that_still_limits(desk):
    close_for_good()
    ask(NOW + timedelta(days=400), phone=OTHER)
    later = NOW + timedelta(days=400, minutes=1)
    sweep = system_actor("upkeep")
    assert forget_codes(actor=sweep, now=later) > 0
    assert forget_codes(actor=sweep, now=later) == 0
    assert LoginCode.objects.count() == 1
    assert Allowance.objects.filter(name="failures_run", used=RUN).exists()
    assert Allowance.objects.filter(name="sends_day").count() == 1
    assert enter(later, code_on(OTHER), phone=OTHER)


@pytest.mark.django_db
def test_without_any_facility_nothing_is_sent_and_nothing_fails():
    request_code(actor=system_actor("code login"), now=timezone.now(), phone=PHONE, address=ADDRESS, language="en")
    assert not Message.outgoing.exists()
    assert failed(timezone.now(), "123456") == "invalid_code"


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_forget_each_thing_once():
    facility = FacilityFactory.create()
    for number in range(50):
        ask(NOW, phone=f"+9198765{number:05}")
    held = LoginCode.objects.count() + Allowance.objects.count()
    later = NOW + timedelta(days=2)
    sweep = system_actor("upkeep")
    counts, errors = at_once(lambda _: forget_codes(actor=sweep, now=later), 4, facility.id)
    assert errors == []
    assert sum(counts) == held
    assert not LoginCode.objects.exists()
