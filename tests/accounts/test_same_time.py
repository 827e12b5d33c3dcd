"""A7: how long a refusal takes tells nobody whether an account exists."""

import json
import statistics
import time
from random import Random

import pytest
from django.test import Client

from apps.accounts.hashers import StaffPasswordHasher
from tests.conftest import IN_EARNEST
from tests.factories import StaffFactory, _encoded

PAIRS = 500


@pytest.mark.proof
@pytest.mark.timeout(1200)
@pytest.mark.django_db(transaction=True)
def test_a_known_address_and_an_unknown_one_are_refused_alike_and_take_the_same_time(monkeypatch: pytest.MonkeyPatch):
    for name, cost in IN_EARNEST.items():
        monkeypatch.setattr(StaffPasswordHasher, name, cost)
    _encoded.cache_clear()
    for number in range(PAIRS + 10):
        StaffFactory.create(email=f"known{number}@hospital.test")
    client = Client()
    took: dict[str, list[float]] = {"known": [], "nobody": []}
    answers = set()
    for number in range(PAIRS + 10):
        for who in Random(number).sample(sorted(took), 2):
            body = json.dumps({"email": f"{who}{number}@hospital.test", "password": "wrong-word-1234"})
            began = time.perf_counter()
            answer = client.post("/api/v1/auth/token", body, content_type="application/json")
            if number >= 10:
                took[who].append(time.perf_counter() - began)
            answers.add((answer.status_code, answer.content))
    assert len(answers) == 1, answers
    known, nobody = (statistics.median(times) for times in took.values())
    assert abs(known - nobody) < 0.1 * max(known, nobody)
