"""Prepared questions ask what their querysets ask, for whoever asks them; writes touch one row."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError
from django_scopes import scope, scopes_disabled
from django_scopes.exceptions import ScopeError

from apps.accounts.models import Credential
from apps.core.statements import any_of, insert, prepared, write
from apps.patients.models import Patient
from apps.queue.queries.visits import active_visit_of
from apps.scheduling.models import Department, Doctor, Slot
from apps.scheduling.queries import doctors
from tests.bookings import open_slot
from tests.ward import Ward, open_ward


@prepared
def departments_called(code: str) -> QuerySet[Department]:
    return Department.objects.select_related("policy").filter(code=code)


@prepared
def names_of(ids: list[UUID]) -> QuerySet[Department, str]:
    return Department.objects.filter(id=any_of(ids)).order_by("code").values_list("name", flat=True)


@prepared
def doctor_with_departments(doctor_id: UUID) -> QuerySet[Doctor]:
    return doctors().filter(id=doctor_id)


@prepared
def locked_department(department_id: UUID) -> QuerySet[Department]:
    return Department.objects.filter(id=department_id).select_for_update()


@prepared
def patient_of(patient_id: UUID) -> QuerySet[Patient]:
    return Patient.objects.filter(id=patient_id)


@prepared
def credentials_seen(seen: Any) -> QuerySet[Credential, tuple[UUID, str]]:
    return Credential.objects.filter(last_seen_at__gt=seen).values_list("id", "kind")


def test_a_question_finds_the_rows_of_the_facility_in_which_it_is_asked(db: None, django_assert_num_queries: Any):
    with open_ward(departments=2) as here, open_ward() as there:
        with scope(facility=here.facility.id), django_assert_num_queries(2):
            first = departments_called.one(here.departments[1].code)
            assert first == here.departments[1]
            assert first.policy.department_id == first.id
            assert departments_called(code=here.department.code) == [here.department]
        with scope(facility=there.facility.id):
            assert departments_called(here.department.code) == [there.department]
            assert departments_called("NONE") == []


def test_postgres_keeps_what_is_asked_again_and_knows_the_states_that_it_asks_for(db: None):
    with open_ward() as ward, connection.cursor() as cursor:
        visit = ward.arrive()
        called = ward.call_next()
        for _ in range(4):
            assert active_visit_of.one(ward.doctor.id) == called == visit
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        kept = [statement for (statement,) in cursor.fetchall() if "queue_visit" in statement]
    assert any("IN ('CALLED', 'IN_CONSULTATION')" in statement and '"doctor_id" = $' in statement for statement in kept)


def test_outside_of_a_facility_a_question_is_refused(db: None):
    with open_ward() as ward:
        names_of([ward.department.id])
    with pytest.raises(ScopeError):
        names_of([ward.department.id])
    with scopes_disabled(), pytest.raises(ScopeError):
        names_of([ward.department.id])


def test_what_belongs_to_no_facility_is_found_from_anywhere(db: None):
    with open_ward() as ward:
        assert credentials_seen(seen=ward.now) == []
    assert credentials_seen(ward.now) == []


def test_several_values_single_columns_annotations_and_sealed_columns_are_read_as_by_a_queryset(db: None):
    with open_ward(departments=2) as ward:
        ids = [one.id for one in ward.departments]
        assert names_of(ids) == [one.name for one in sorted(ward.departments, key=lambda one: one.code)]
        assert names_of([]) == []
        assert names_of([uuid4()]) == []
        found = doctor_with_departments.one(ward.doctor.id)
        assert found is not None
        assert found.department_ids == [ward.department.id]
        assert found.room == ward.doctor.room
        asha = ward.register(phone="+919000000001")
        read = patient_of.one(asha.id)
        assert read is not None
        assert read.phone == asha.phone == "+919000000001"


def test_rows_are_locked_only_within_a_transaction(transactional_db: None):
    with open_ward() as ward:
        with transaction.atomic():
            assert locked_department.one(ward.department.id) == ward.department
        with pytest.raises(TransactionManagementError):
            locked_department.one(ward.department.id)


def test_a_value_that_a_question_does_not_name_is_an_error(db: None):
    with open_ward(), pytest.raises(KeyError):
        departments_called()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        any_of([uuid4()])


def test_writing_changes_the_named_columns_of_one_row_here_and_in_the_database(db: None):
    with open_ward() as ward:
        slot, other = open_slot(ward), open_slot(ward, hours=30)
        Slot.objects.filter(id=slot.id).update(walk_in_reserve=1)
        write(slot, taken=1, version=slot.version + 1)
        kept = Slot.objects.get(id=slot.id)
        assert (slot.taken, slot.version) == (kept.taken, kept.version) == (1, 2)
        assert kept.walk_in_reserve == 1, "what was not named stays as it is"
        assert Slot.objects.get(id=other.id).taken == 0
        slot.id = uuid4()
        with pytest.raises(DatabaseError):
            write(slot, taken=0)


def test_a_new_row_is_written_with_what_its_columns_say(db: None):
    with open_ward() as ward:
        made = open_slot(ward)
        twin = Slot.objects.get(id=made.id)
        twin.id, twin.starts_at, twin.ends_at = uuid4(), made.ends_at, made.ends_at + timedelta(hours=1)
        insert(twin)
        assert Slot.objects.get(id=twin.id).starts_at == made.ends_at
        doctor = Doctor.objects.get(id=ward.doctor.id)
        doctor.id, doctor.staff, doctor.license_number, doctor.working_days = uuid4(), None, "other", [0, 2]
        insert(doctor)
        assert Doctor.objects.get(id=doctor.id).working_days == [0, 2]


def test_the_sql_is_made_once(ward_anywhere: Ward):
    asked: list[Any] = []

    @prepared
    def counted(code: str) -> QuerySet[Department]:
        asked.append(code)
        return Department.objects.filter(code=code)

    for _ in range(3):
        assert counted.one(ward_anywhere.department.code) == ward_anywhere.department
    assert len(asked) == 1


@pytest.fixture
def ward_anywhere(db: None) -> Any:
    with open_ward() as ward:
        yield ward
