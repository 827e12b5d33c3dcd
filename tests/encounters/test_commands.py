"""A prescription is written with the completion of its visit, or not at all."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden
from apps.core.models import OutboxEvent
from apps.encounters.commands import complete
from apps.encounters.models import Prescription
from apps.encounters.queries import signed_prescription
from apps.queue.commands.moving import NotAllowed, VersionConflict
from tests.ward import Ward, add_doctor, open_ward

TEXT = "Paracetamol 500 mg, morning and night, 3 days. Canary Zinnober."


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        yield opened


def in_the_room(ward: Ward):
    """Somebody whom Dr Rao has called in."""
    ward.arrive()
    return ward.start(ward.call_next())


def test_finishing_signs_what_was_prescribed(ward: Ward):
    done = ward.complete(in_the_room(ward), TEXT)
    signed = signed_prescription(done.id)
    assert (signed.content, signed.doctor_id, signed.version) == (TEXT, ward.doctor.id, 1)
    assert signed.signed_at == done.completed_at


def test_finishing_without_words_leaves_no_prescription(ward: Ward):
    done = ward.complete(in_the_room(ward), "  \n ")
    assert signed_prescription(done.id) is None


def test_a_refused_completion_leaves_no_prescription(ward: Ward):
    visit = in_the_room(ward)
    with pytest.raises(VersionConflict):
        complete(actor=ward.rao, now=ward.now, visit_id=visit.id, prescription_text=TEXT, expected_version=1)
    with pytest.raises(Forbidden):
        complete(actor=ward.meera, now=ward.now, visit_id=visit.id, prescription_text=TEXT)
    other = add_doctor(ward, [ward.department])
    with pytest.raises(Forbidden):
        complete(actor=ward.as_doctor(other), now=ward.now, visit_id=visit.id, prescription_text=TEXT)
    assert Prescription.objects.count() == 0


def test_a_waiting_person_gets_no_prescription(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(NotAllowed):
        complete(actor=ward.rao, now=ward.now, visit_id=visit.id, prescription_text=TEXT)
    assert Prescription.objects.count() == 0


def test_the_text_stands_sealed_and_appears_in_no_event_and_no_audit_row(ward: Ward):
    ward.complete(in_the_room(ward), TEXT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM encounters_prescription")
        (sealed,) = cursor.fetchone()
    told = [*AuditEntry.objects.values_list("before", "after", "reason"), *OutboxEvent.objects.values_list("payload")]
    assert "Zinnober" not in sealed
    assert "Zinnober" not in str(told)


@pytest.mark.parametrize(
    "change", ["UPDATE encounters_prescription SET content = ''", "DELETE FROM encounters_prescription"]
)
def test_a_signed_prescription_can_be_neither_changed_nor_removed(ward: Ward, change: str):
    ward.complete(in_the_room(ward), TEXT)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert Prescription.objects.count() == 1


def test_finishing_costs_few_statements(ward: Ward, django_assert_max_num_queries: Any):
    visit = in_the_room(ward)
    ward.complete(visit)
    again = in_the_room(ward)
    with django_assert_max_num_queries(12):
        ward.complete(again)
