"""Somebody unknown is recognised while they are sent to another department: their visit there is theirs too."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from apps.queue import commands
from apps.queue.commands import unknown
from apps.queue.models import Visit
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
