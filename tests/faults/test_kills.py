"""kill -9 in the middle of a living day: what was acknowledged is there once, and everything still holds."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.hospital import Hospital, until

pytestmark = [pytest.mark.timeout(900), pytest.mark.proof]

VICTIMS = ["web", "worker", "relay", "valkey", "postgres"]
ROUNDS = 20 if os.environ.get("OPD_PROVE") == "1" else 1
PEOPLE = 12
"""Check-ins around each kill; the kill comes after a third of them."""


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    """The demo hospital, running; Meera is signed in at the desk."""
    parent = Path(tempfile.mkdtemp(prefix="opd-faults-"))
    parent.chmod(0o711)
    opened = Hospital(parent / "home")
    opened.sign_in("reception@demo.opd")
    yield opened
    opened.close()
    shutil.rmtree(parent, ignore_errors=True)


def department(hospital: Hospital, code: str) -> str:
    rows = hospital.insist("GET", "/api/v1/departments")["results"]
    return next(row["id"] for row in rows if row["code"] == code)


def newcomers(hospital: Hospital, label: str) -> list[str]:
    """People with a file, by id."""
    made = []
    for number in range(PEOPLE):
        body = {"name": f"{label} {number}", "sex": "female", "age": 30 + number, "phone": ""}
        made.append(hospital.insist("POST", "/api/v1/patients", body, key=f"file {label} {number}")["id"])
    return made


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_loses_nothing_that_was_acknowledged(hospital: Hospital, victim: str, round_: int):
    label = f"{victim} {round_}"
    place = department(hospital, "LAB")
    people = newcomers(hospital, label)
    given = []
    for number, patient in enumerate(people):
        if number == PEOPLE // 3:
            hospital.kill(victim)
        body = {"departmentId": place, "patientId": patient}
        given.append(hospital.insist("POST", "/api/v1/visits", body, key=f"visit {label} {number}"))
    until(hospital.is_ready, "ready again")
    for number, (patient, first) in enumerate(zip(people, given, strict=True)):
        body = {"departmentId": place, "patientId": patient}
        assert hospital.insist("POST", "/api/v1/visits", body, key=f"visit {label} {number}") == first
    waiting = hospital.insist("GET", f"/api/v1/departments/{place}/queue")["waiting"]
    assert [row["patient"]["id"] for row in waiting if row["patient"]["id"] in people] == people


def test_the_control_without_a_key_refuses_the_repeat(hospital: Hospital):
    patient = newcomers(hospital, "no key")[0]
    body = {"departmentId": department(hospital, "LAB"), "patientId": patient}
    assert hospital.ask("POST", "/api/v1/visits", body).status == 201
    assert hospital.ask("POST", "/api/v1/visits", body).body["code"] == "already_waiting"


@pytest.fixture(scope="module")
def afterwards(hospital: Hospital) -> Hospital:
    """The hospital after all of the above (tests of a module run in a shuffled order: this kills once more)."""
    hospital.kill("web")
    until(hospital.is_ready, "ready again")
    return hospital


@pytest.mark.parametrize("command", ["check_invariants", "verify_audit"])
def test_everything_holds_afterwards(afterwards: Hospital, command: str):
    ended = afterwards.manage(command)
    assert ended.returncode == 0, ended.stdout + ended.stderr
