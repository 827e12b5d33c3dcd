"""Patients sign in over HTTP."""

import random
import statistics
import time

import pytest
from django.test import Client
from django_scopes import scope

from apps.notifications.models import Message
from apps.patients.rules.login_codes import TRIES
from tests.patients.codes import PHONE, REQUEST, VERIFY, code_on, messages, post, wrong_for
from tests.patients.conftest import open_desk

ME = "/api/v1/auth/me"


def verify(code, phone=PHONE, **how):
    return post(VERIFY, {"phone": phone, "code": code}, **how)


def test_from_the_phone_to_the_people_under_it(desk):
    asha = desk.register("Asha Devi")
    asked = post(REQUEST, {"phone": "98765 43210"})
    assert (asked.status_code, asked.json()) == (202, {"resendAfter": 30})
    came = verify(f" {code_on()[:3]} {code_on()[3:]} ")
    assert came.status_code == 200
    body = came.json()
    assert set(body) == {"access", "expiresAt", "patients"}
    assert body["patients"] == [{"id": str(asha.id), "name": "Asha Devi", "uhid": asha.uhid}]
    assert came["Cache-Control"] == "no-store"
    headers = {"Authorization": f"Bearer {body['access']}"}
    me = Client().get(ME, headers=headers)
    assert (me.status_code, me.json()["type"]) == (200, "patient")
    assert Client().post("/api/v1/auth/logout", headers=headers).status_code == 204
    assert Client().get(ME, headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["patients", "visits/6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11", "audit", "tokens"])
def test_a_patients_token_opens_nothing_of_the_staffs(desk, path):
    desk.register()
    post(REQUEST, {"phone": PHONE})
    headers = {"Authorization": f"Bearer {verify(code_on()).json()['access']}"}
    assert Client().get(f"/api/v1/{path}", headers=headers).status_code in (403, 404)


def test_a_wrong_code_is_401_and_after_the_fifth_429(desk):
    post(REQUEST, {"phone": PHONE})
    wrong = wrong_for(code_on())
    answers = [verify(wrong) for _ in range(TRIES + 2)]
    assert [a.status_code for a in answers] == [401] * TRIES + [429] * 2
    assert [a.json()["code"] for a in answers] == ["invalid_code"] * TRIES + ["too_many_tries"] * 2
    assert verify(code_on()).status_code == 429
    assert "Retry-After" in answers[-1]


def test_a_known_phone_an_unknown_one_and_one_that_gets_nothing_look_the_same(desk):
    desk.register("Asha Devi")
    answers = [post(REQUEST, {"phone": phone}) for phone in (PHONE, "+919876511111", PHONE, "+14155552671")]
    assert len({(a.status_code, a.content) for a in answers}) == 1
    assert Message.outgoing.count() == 2


@pytest.mark.parametrize(
    "body", [{}, {"phone": ""}, {"phone": "12345"}, {"phone": 98765}, {"phone": None}, {"phone": ["1"]}, []]
)
def test_only_what_is_no_number_is_refused(desk, body):
    assert post(REQUEST, body).status_code == 400


@pytest.mark.parametrize("code", ["", "abc", "0" * 41, 123456, None])
def test_what_is_no_code_at_all_is_never_right(desk, code):
    post(REQUEST, {"phone": PHONE})
    assert verify(code).status_code in (400, 401)


def test_who_guesses_on_and_on_with_forged_addresses_is_locked_out_all_the_same(desk):
    """A1 and A2: wrong codes and resends, with every header that could name another address."""
    dice = random.Random(5)
    looked_at = 0
    for _ in range(60):
        address = ".".join(str(dice.randrange(256)) for _ in range(4))
        headers = {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address}"}
        assert post(REQUEST, {"phone": PHONE}, headers=headers).status_code == 202
        looked_at += verify(wrong_for(code_on()), headers=headers).status_code == 401
    assert looked_at <= 15
    assert len(messages()) == 1, "no second code within half a minute"
    assert verify(code_on()).status_code == 429


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_a_known_phone_and_an_unknown_one_take_the_same_time(settings):
    """A7, over HTTP with real commits: the medians of 500 pairs, asked in turn, differ by less than a tenth."""
    settings.CODE_CAPS = dict.fromkeys(settings.CODE_CAPS, 1_000_000)
    opened = open_desk("ADH")
    with scope(facility=opened.facility.id):
        for number in range(500):
            opened.register(f"Person {number}", phone=f"+9198765{number:05}")
    client = Client()
    blocks = {"known": "+9198765", "unknown": "+9198785"}
    took: dict[str, dict[str, list[float]]] = {path: {block: [] for block in blocks} for path in (REQUEST, VERIFY)}
    for number in range(-20, 500):
        for block in random.Random(number).sample(sorted(blocks), 2):
            phone = f"{blocks[block]}{abs(number):05}"
            for path, body in ((REQUEST, {}), (VERIFY, {"code": "000000"})):
                began = time.perf_counter()
                post(path, {"phone": phone} | body, client)
                if number >= 0:
                    took[path][block].append(time.perf_counter() - began)
    for path, sides in took.items():
        known, unknown = (statistics.median(times) for times in sides.values())
        assert abs(known - unknown) < 0.1 * max(known, unknown), path
