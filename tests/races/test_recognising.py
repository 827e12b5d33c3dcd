"""Somebody unknown is recognised while they are sent to another department: their visit there is theirs too."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from apps.patients.queries import PatientNotActive
from apps.queue import commands
from apps.queue.commands import arriving, unknown
from apps.queue.models import Visit
from tests.races.threads import somebody_waits, without_row_locks
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    with open_ward(departments=2) as ward:
        yield ward


def recognise_while_transferred(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The transfer is done by another thread once `recognise` has looked where the person is; the known person."""
    known, lock = ward.register(name="Ravi Shankar"), unknown.lock_streams
    arrived = commands.take_in_unknown(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, reason="Unconscious"
    )
    visit = arrived.visit

    def transfer() -> None:
        with scope(facility=ward.facility.id):
            target = ward.departments[1].id
            commands.transfer(
                actor=ward.meera, now=ward.now, visit_id=visit.id, department_id=target, reason="wrong door"
            )
        connection.close()

    elsewhere = threading.Thread(target=transfer)

    def lock_after(*names: str) -> None:
        if elsewhere.ident is None:
            elsewhere.start()
            elsewhere.join()
        lock(*names)

    monkeypatch.setattr(unknown, "lock_streams", lock_after)
    commands.recognise(actor=ward.meera, now=ward.now, patient_id=visit.patient_id, known_id=known.id)
    return known


def test_who_was_sent_on_meanwhile_is_recognised_there_too(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    known = recognise_while_transferred(ward, monkeypatch)
    assert set(Visit.objects.values_list("patient_id", "state")) == {(known.id, "TRANSFERRED"), (known.id, "URGENT")}


def test_the_control_without_a_second_look_fails(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unknown, "require_locked", lambda _places: None)
    with pytest.raises(RuntimeError, match="not locked"):
        recognise_while_transferred(ward, monkeypatch)


def check_in_while_recognised(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[Exception]]:
    """The desk of another department checks the unknown person in: it has read the record, and before it writes the
    visit `recognise` runs as far as it gets; the known person, and what was raised."""
    known = ward.register(name="Ravi Shankar")
    visit = commands.take_in_unknown(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, reason="Unconscious"
    ).visit
    enter, errors = arriving.enter, []

    def recognise() -> None:
        try:
            with scope(facility=ward.facility.id):
                commands.recognise(actor=ward.meera, now=ward.now, patient_id=visit.patient_id, known_id=known.id)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    meanwhile = threading.Thread(target=recognise)

    def enter_late(*args: Any) -> Any:
        meanwhile.start()
        until_done_or_waiting(meanwhile)
        return enter(*args)

    monkeypatch.setattr(arriving, "enter", enter_late)
    commands.check_in(actor=ward.meera, now=ward.now, department_id=ward.departments[1].id, patient_id=visit.patient_id)
    meanwhile.join()
    return known, errors


def until_done_or_waiting(thread: threading.Thread) -> None:
    """Until a thread is through, or waits for a lock in the database."""
    while thread.is_alive():
        if somebody_waits():
            return
        thread.join(0.01)


def test_who_is_checked_in_elsewhere_meanwhile_is_recognised_there_too(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    known, errors = check_in_while_recognised(ward, monkeypatch)
    assert errors == []
    assert set(Visit.objects.values_list("patient_id", flat=True)) == {known.id}
    assert Visit.objects.count() == 2


def test_the_control_that_only_looks_at_the_record_leaves_a_visit_behind(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    without_row_locks(monkeypatch)
    known, _errors = check_in_while_recognised(ward, monkeypatch)
    assert Visit.objects.exclude(patient_id=known.id).exists()


def test_a_record_that_was_recognised_is_not_checked_in(ward: Ward):
    known = ward.register(name="Ravi Shankar")
    visit = commands.take_in_unknown(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, reason="Unconscious"
    ).visit
    commands.recognise(actor=ward.meera, now=ward.now, patient_id=visit.patient_id, known_id=known.id)
    with pytest.raises(PatientNotActive):
        commands.check_in(
            actor=ward.meera, now=ward.now, department_id=ward.departments[1].id, patient_id=visit.patient_id
        )
