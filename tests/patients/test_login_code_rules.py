"""The arithmetic of six digits: what an attacker can hope for under the limits that hold."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest

from apps.patients.rules.login_codes import (
    CODES,
    DAY,
    NEVER,
    RUN,
    SMS_LENGTH,
    TRIES,
    Caps,
    Limit,
    LimitName,
    common_failure_limits,
    network_of,
    phone_failure_limits,
    prefix_of,
    seal_code,
    sending_limits,
    sms_text,
)
from apps.patients.rules.phones import country_of, typed_code
from opd.settings import CODE_CAPS

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
PEPPER = "ab" * 32
WORDING = "{hospital}: your code is {code}. It works for 5 minutes. Tell it to nobody."


def of(limits: list[Limit], name: LimitName) -> Limit:
    return next(limit for limit in limits if limit.name is name)


def test_one_code_is_found_with_five_in_a_million():
    assert TRIES / CODES <= 5e-6


def test_a_run_of_failures_finds_a_code_with_one_in_ten_thousand():
    run = of(phone_failure_limits("p"), LimitName.FAILURES_RUN)
    assert (run.most, run.window, run.resets_at(NOW)) == (RUN, None, NEVER)
    assert 1 - (1 - 1 / CODES) ** run.most <= 1e-4


def test_an_hour_has_room_for_three_codes_tries_on_one_phone():
    hour = of(phone_failure_limits("p"), LimitName.FAILURES_PHONE)
    assert (hour.most, hour.window, hour.quiet) == (15, timedelta(hours=1), True)


def test_a_day_of_spraying_finds_anything_with_half_a_percent():
    day = of(common_failure_limits("a", Caps(**CODE_CAPS)), LimitName.FAILURES_DAY)
    assert day.window == DAY
    assert 1 - (1 - 1 / CODES) ** day.most <= 5e-3


def test_a_phone_gets_three_codes_in_ten_minutes_and_ten_a_day():
    limits = sending_limits("p", "+9190000", "a", Caps(**CODE_CAPS))
    short, day = of(limits, LimitName.SENDS_SHORT), of(limits, LimitName.SENDS_DAY)
    assert (short.most, short.window, short.quiet) == (3, timedelta(minutes=10), True)
    assert (day.most, day.window) == (10, DAY)


def test_a_hall_behind_one_address_fits_into_the_limits():
    caps = Caps(**CODE_CAPS)
    assert caps.sends_address_hour >= 200
    assert caps.sends_prefix_hour >= 200


def test_a_million_simulated_attackers_who_use_every_try_of_a_run_find_what_the_arithmetic_says():
    """Each guesses as well as one can: a hundred different codes, five at a time, against a fresh code each time."""
    dice = Random(7)
    runs, found = 50_000, 0
    for _ in range(runs):
        found += any(dice.randrange(CODES) < TRIES for _ in range(RUN // TRIES))
    expected = 1 - (1 - TRIES / CODES) ** (RUN // TRIES)
    assert expected <= 1e-4
    assert found <= runs * expected + 4 * (runs * expected) ** 0.5


def test_a_stored_code_is_bound_to_its_row_and_to_the_pepper():
    row = uuid4()
    sealed = seal_code(row, "123456", PEPPER)
    assert len(sealed) == 64
    assert sealed != seal_code(uuid4(), "123456", PEPPER)
    assert sealed != seal_code(row, "123457", PEPPER)
    assert sealed != seal_code(row, "123456", "cd" * 32)


@pytest.mark.parametrize("hospital", ["Asha District Hospital", "The " + "Very " * 20 + "Long Hospital", "{x} & {0}"])
def test_the_message_is_one_text_and_ends_with_the_line_that_phones_read(hospital):
    text = sms_text(WORDING, hospital, "012345", "opd.asha-district-hospital.example")
    assert len(text) <= SMS_LENGTH
    assert text.endswith("\n\n@opd.asha-district-hospital.example #012345")
    assert text.startswith(hospital[:12])
    assert "code is 012345" in text


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "१२३४५६"])
def test_a_code_is_read_as_people_paste_it(typed):
    assert typed_code(typed) == "123456"


def test_what_counts_as_one_country_block_or_line():
    assert (country_of("+919876543210"), country_of("+14155552671")) == ("IN", "US")
    assert prefix_of("+919000000001") == prefix_of("+919000000040") == "+91900000"
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9") != network_of("2001:db8:1:3::4")
    assert network_of("192.0.2.1") == "192.0.2.1"
