"""Hundreds check in at once over five departments: numbers 1…n in each, without gap or twin."""

from collections.abc import Iterator
from threading import local
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max

from apps.accounts.commands import LinkUsed
from apps.accounts.models import Credential
from apps.accounts.queries import draw_checkin, read_checkin
from apps.accounts.queries.checkin import row_of_checkin
from apps.core.commands import unit
from apps.core.once import InFlight, KeyReused, Once
from apps.queue import commands
from apps.queue.commands import arriving
from apps.queue.models import Visit
from apps.queue.queries.visits import snapshot
from apps.scheduling.models import Token, TokenCounter
from tests.proving import PROVE
from tests.races.threads import at_once
from tests.ward import Ward, came, open_ward

THREADS = 16
PEOPLE = 5_000 if PROVE else 400


@pytest.fixture
def hospital(transactional_db: None) -> Iterator[Ward]:
    """Five departments, each with room for everybody: nobody is called, so that all of them wait."""
    with open_ward(departments=5, doctors=5) as ward:
        for department in ward.departments:
            department.policy.queue_limit = PEOPLE
            department.policy.save()
        yield ward


def check_in_all(ward: Ward, people: int) -> list[Exception]:
    patients = [ward.register(name=f"Person {i}").id for i in range(people)]

    def work(index: int) -> int:
        mine = patients[index::THREADS]
        for place, patient_id in enumerate(mine):
            department = ward.departments[(index + place) % 5]
            commands.check_in(actor=ward.meera, now=ward.now, department_id=department.id, patient_id=patient_id)
        return len(mine)

    _, errors = at_once(work, THREADS, ward.facility.id)
    return errors


@pytest.mark.timeout(900)
def test_numbers_are_gap_free_in_every_department(hospital: Ward):
    assert check_in_all(hospital, PEOPLE) == []
    assert Visit.objects.count() == PEOPLE
    for department in hospital.departments:
        numbers = sorted(Token.objects.filter(department=department).values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        assert TokenCounter.objects.get(department=department).last == len(numbers)


@pytest.mark.timeout(300)
def test_the_control_with_max_plus_one_and_no_lock_gives_twins(hospital: Ward, monkeypatch: pytest.MonkeyPatch):
    real = arriving.issue_token

    def naive(*, department: Any, patient_id: Any, day: Any) -> Token:
        last = Token.objects.filter(department=department, day=day).aggregate(last=Max("number"))["last"] or 0
        token = real(department=department, patient_id=patient_id, day=day)
        token.number = last + 1
        return token

    def no_lock(*names: str) -> None:
        unit().streams.update(dict.fromkeys(names, 0))

    monkeypatch.setattr(arriving, "issue_token", naive)
    monkeypatch.setattr(arriving, "lock_streams", no_lock)
    errors = check_in_all(hospital, 200)
    assert any("token_number_once" in str(error) for error in errors)


def check_in_once(ward: Ward, patient_id: Any, key: str, fingerprint: str = "same") -> dict[str, Any]:
    return commands.check_in.answer(
        Once(key, "POST /api/v1/visits", fingerprint),
        lambda arrived: snapshot(arrived.visit),
        actor=ward.meera,
        now=ward.now,
        department_id=ward.department.id,
        patient_id=patient_id,
    )


def test_the_same_key_at_once_makes_one_visit_and_one_answer(hospital: Ward):
    patient = hospital.register()
    answers, errors = at_once(lambda _: check_in_once(hospital, patient.id, "k"), THREADS, hospital.facility.id)
    assert {type(error) for error in errors} <= {InFlight}
    assert len({answer["visitId"] for answer in answers}) == 1
    assert Visit.objects.count() == 1
    assert check_in_once(hospital, patient.id, "k") == answers[0]


def test_the_same_key_with_another_body_is_refused(hospital: Ward):
    patient = hospital.register()
    check_in_once(hospital, patient.id, "k")
    with pytest.raises(KeyReused):
        check_in_once(hospital, patient.id, "k", fingerprint="other")


def test_a_key_whose_first_request_still_runs_is_told_to_wait(hospital: Ward):
    patient = hospital.register()
    scope_of_key = f"staff{hospital.meera.role}:{hospital.meera.id}:POST /api/v1/visits k"

    def work(_: int) -> dict[str, Any]:
        return check_in_once(hospital, patient.id, "k")

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [scope_of_key])
        answers, errors = at_once(work, 1, hospital.facility.id)
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [scope_of_key])
    assert answers == []
    assert [type(error) for error in errors] == [InFlight]
    assert Visit.objects.count() == 0


REPLAYS = 100
"""How often one scanned link is sent at once."""


def come_in(ward: Ward, token: str, once: Once | None = None) -> dict[str, Any]:
    """Somebody sends the form of a link that was drawn from a screen."""
    return commands.self_check_in.answer(
        once,
        lambda arrived: snapshot(arrived.visit),
        **came(token),
        now=ward.now,
        department_id=ward.department.id,
        name="Ravi Kumar",
        age=36,
        symptoms=[],
    )


def test_a_hundred_replays_of_one_scanned_link_make_one_visit(hospital: Ward):
    token = draw_checkin(hospital.department.id, hospital.now)
    answers, errors = at_once(lambda _: come_in(hospital, token), REPLAYS, hospital.facility.id)
    assert (len(answers), {type(error) for error in errors}) == (1, {LinkUsed})
    assert Visit.objects.count() == Credential.objects.filter(kind="checkin").count() == 1


def test_a_hundred_replays_of_one_request_have_one_answer(hospital: Ward):
    token = draw_checkin(hospital.department.id, hospital.now)
    once = Once("phone-1", "POST /api/v1/patient/checkin", "same")
    answers, errors = at_once(lambda _: come_in(hospital, token, once), REPLAYS, hospital.facility.id)
    assert {type(error) for error in errors} <= {InFlight}
    assert len({answer["visitId"] for answer in answers}) == 1
    assert come_in(hospital, token, once) == answers[0]
    assert Visit.objects.count() == 1


def test_the_control_that_looks_before_the_lock_lets_several_in(hospital: Ward, monkeypatch: pytest.MonkeyPatch):
    lock, looked = arriving.lock_streams, local()

    def look_and_lock(*names: str) -> None:
        looked.used = Credential.objects.filter(kind="checkin", id=looked.link.credential_id).exists()
        lock(*names)

    def naive(link: Any, facility_id: Any, now: Any) -> Credential:
        if looked.used:
            raise LinkUsed
        row = row_of_checkin(link, facility_id)
        Credential.objects.bulk_create([row], ignore_conflicts=True)
        return row

    monkeypatch.setattr(arriving, "use_checkin_link", naive)
    monkeypatch.setattr(arriving, "lock_streams", look_and_lock)
    token = draw_checkin(hospital.department.id, hospital.now)

    def work(_: int) -> dict[str, Any]:
        looked.link = read_checkin(token)
        return come_in(hospital, token)

    answers, _errors = at_once(work, THREADS, hospital.facility.id)
    assert len(answers) > 1
