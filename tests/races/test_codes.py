"""The right code ten times at once: one session. And no guess that nobody counted."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from apps.accounts.models import Credential
from apps.patients.commands import InvalidCode, codes
from apps.patients.models import Allowance, LoginCode
from apps.patients.rules.login_codes import TRIES
from tests.factories import FacilityFactory
from tests.patients.codes import ask, code_on, enter, failed, messages, wrong_for
from tests.patients.conftest import NOW
from tests.proving import PROVE
from tests.races.threads import at_once

AT_ONCE = 10
ROUNDS = 200 if PROVE else 20


@pytest.fixture
def hall(transactional_db: None) -> Iterator[Any]:
    facility = FacilityFactory.create()
    with scope(facility=facility.id):
        yield facility


def phone(number: int) -> str:
    return f"+9198765{number:05}"


@pytest.mark.timeout(600)
def test_the_right_code_ten_times_at_once_opens_one_session(hall: Any) -> None:
    for number in range(ROUNDS):
        mine = phone(number)
        ask(NOW, phone=mine, address=f"192.0.2.{number % 250}")
        code = code_on(mine)
        came, errors = at_once(lambda _, code=code, mine=mine: enter(NOW, code, phone=mine), AT_ONCE, hall.id)
        assert (len(came), {type(error) for error in errors}) == (1, {InvalidCode})
    assert Credential.objects.filter(kind="patient_login").count() == ROUNDS


def test_the_control_that_looks_first_and_marks_afterwards_opens_several(
    hall: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock on the phone's count and without the condition, as one would write it at first."""

    def look_then_mark(live: LoginCode, code: str, now: object) -> bool | None:
        row = LoginCode.objects.get(id=live.id)
        if row.ended_at:
            return None
        LoginCode.objects.filter(id=live.id).update(ended_at=now)
        return True

    monkeypatch.setattr(codes, "_use", look_then_mark)
    monkeypatch.setattr(codes, "take", lambda limits, now: None)
    opened = 0
    for number in range(10):
        mine = phone(number)
        ask(NOW, phone=mine)
        code = code_on(mine)
        came, _ = at_once(lambda _, code=code, mine=mine: enter(NOW, code, phone=mine), AT_ONCE, hall.id)
        opened += len(came)
    assert opened > 10


def test_of_twenty_wrong_codes_at_once_five_are_looked_at(hall: Any) -> None:
    ask(NOW, phone=phone(1))
    wrong = wrong_for(code_on(phone(1)))
    refusals, errors = at_once(lambda _: failed(NOW, wrong, phone=phone(1)), 20, hall.id)
    assert errors == []
    assert LoginCode.objects.get().tries == TRIES
    assert Allowance.objects.get(name="failures_run").used == TRIES
    assert len(refusals) == 20


def test_a_budget_is_not_overdrawn_by_many_at_once(hall: Any, settings: Any) -> None:
    settings.CODE_CAPS = settings.CODE_CAPS | {"failures_hour": 10}
    refusals, errors = at_once(lambda n: failed(NOW, "000000", phone=phone(n)), 20, hall.id)
    assert errors == []
    assert sorted(refusals) == ["invalid_code"] * 10 + ["too_many_tries"] * 10


def test_of_ten_requests_at_once_one_sends(hall: Any) -> None:
    _, errors = at_once(lambda _: ask(NOW, phone=phone(1)), AT_ONCE, hall.id)
    assert errors == []
    assert len(messages(phone(1))) == 1
    ask(NOW + timedelta(seconds=30), phone=phone(1))
    assert len(messages(phone(1))) == 2
