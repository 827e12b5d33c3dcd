"""A flood of sign-ins: only so many passwords are hashed at once, and who waits too long is told to come again."""

import json
import threading
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import check_password, make_password

from apps.accounts import hashers
from apps.accounts.models import FailedTries
from apps.core.errors import Unavailable
from tests.conftest import IN_EARNEST
from tests.factories import PASSWORD

TOKEN, DOOR = "/api/v1/auth/token", "/login/staff/"


@pytest.fixture
def flood(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every turn is taken, and nobody waits long."""
    monkeypatch.setattr(hashers, "PATIENCE", 0.01)
    for _ in range(hashers.AT_ONCE):
        assert hashers._turns.acquire(timeout=60)
    yield
    for _ in range(hashers.AT_ONCE):
        hashers._turns.release()


def test_no_more_than_two_passwords_are_hashed_at_once(monkeypatch):
    monkeypatch.setattr(hashers, "PATIENCE", 120)
    lock, together = threading.Lock(), {"now": 0, "most": 0}
    hash_it = hashers.Argon2PasswordHasher.encode

    def counted(self, password: str, salt: str) -> str:
        with lock:
            together["now"] += 1
            together["most"] = max(together["most"], together["now"])
        try:
            return hash_it(self, password, salt)
        finally:
            with lock:
                together["now"] -= 1

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", counted)
    threads = [threading.Thread(target=make_password, args=("x",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < together["most"] <= hashers.AT_ONCE


def test_who_waits_too_long_is_refused_and_nothing_was_tried(flood):
    with pytest.raises(Unavailable):
        make_password("x")
    with pytest.raises(Unavailable):
        check_password("x", "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA")


def test_a_flood_is_503_with_a_time_to_come_again_and_counts_for_nobody(client, meera, flood):
    told = {"email": meera.email, "password": PASSWORD}
    answer = client.post(TOKEN, json.dumps(told), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    page = client.post(DOOR, told)
    assert page.status_code == 503
    assert "busy" in page.content.decode()
    assert not FailedTries.objects.exists()


def test_a_turn_is_given_back_also_after_an_error(monkeypatch):
    def break_down(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", break_down)
    for _ in range(hashers.AT_ONCE + 1):
        with pytest.raises(MemoryError):
            make_password("x")
    monkeypatch.undo()
    assert make_password("x")


def test_in_earnest_a_guess_costs_three_passes_over_forty_six_mebibytes():
    assert IN_EARNEST == {"time_cost": 3, "memory_cost": 46 * 1024}
