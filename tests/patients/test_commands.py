from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from apps.audit.models import AuditEntry
from apps.core.commands import command
from apps.core.errors import Forbidden, Invalid, NotFound
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, ActorType, Permission, Role
from apps.patients import queries
from apps.patients.commands import IdentifierTaken, VersionConflict, add_identifier, change, register, register_in
from apps.patients.models import Patient, PatientIdentifier, UhidCounter
from apps.patients.rules.identifiers import IdentifierKind
from apps.patients.rules.people import Sex, Status
from apps.patients.rules.uhid import make_uhid
from tests.cast import DESK
from tests.patients.conftest import NOW, Desk

ABHA = "91-1234-5678-9012"


def change_record(desk: Desk, patient: Patient, **changes: Any) -> Patient:
    return change(actor=desk.meera, now=NOW, patient_id=patient.id, expected_version=patient.version, **changes)


def identify(desk: Desk, patient: Patient, value: str, kind: IdentifierKind = IdentifierKind.ABHA_NUMBER) -> Any:
    return add_identifier(actor=desk.meera, now=NOW, patient_id=patient.id, kind=kind, value=value)


def everything_stored() -> str:
    """Every row that the registry's writes left behind, as the database has them."""
    tables = (
        "patients_patient",
        "patients_patientidentifier",
        "core_outboxevent",
        "core_idempotencykey",
        "audit_auditentry",
    )
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} AS t")
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_people_get_uhids_in_the_order_they_are_registered(desk: Desk) -> None:
    assert [desk.register().uhid for _ in range(3)] == [make_uhid("ADH", 2026, n) for n in (1, 2, 3)]


def test_the_year_of_a_uhid_is_the_facility_s(desk: Desk) -> None:
    new_year_in_kolkata = datetime.fromisoformat("2026-12-31T19:00:00+00:00")
    patient = register(actor=desk.meera, now=new_year_in_kolkata, name="Asha", sex=Sex.FEMALE, age=3)
    assert patient.uhid == make_uhid("ADH", 2027, 1)


def test_a_record_keeps_what_was_said(desk: Desk) -> None:
    patient = desk.register(
        "முருகன்", phone="098765-43210", address="12 Beach Road,\nChennai", age=67, pregnant=False, disabled=True
    )
    kept = Patient.objects.get(id=patient.id)
    assert (kept.name, kept.phone, kept.phone_last4) == ("முருகன்", "+919876543210", "3210")
    assert kept.address == "12 Beach Road, Chennai"
    assert (kept.birth_date, kept.birth_date_estimated) == (date(1959, 5, 1), True)
    assert (kept.disabled, kept.pregnant, kept.status, kept.version) == (True, False, Status.ACTIVE, 1)


@pytest.mark.parametrize("name", ["मीरा कुमारी", "محمد خان", "ශ්‍රී", "<script>alert(1)</script>", "=1+1 Devi"])
def test_names_in_any_script_survive_the_round_trip(desk: Desk, name: str) -> None:
    assert Patient.objects.get(id=desk.register(name).id).name == name


def test_a_family_shares_one_phone(desk: Desk) -> None:
    family = [desk.register(name).id for name in ("Asha Devi", "Ravi Kumar", "Baby Kumar")]
    found = queries.search("98765 43210", DESK)
    assert sorted(p.id for p in found) == sorted(family)


def test_nobody_needs_a_phone(desk: Desk) -> None:
    patient = desk.register(phone="")
    assert (patient.phone, patient.phone_index, patient.phone_last4) == ("", "", "")


@pytest.mark.parametrize("wrong", [{"name": "?"}, {"phone": "123"}, {"age": 300}, {"address": "x" * 301}])
def test_a_refused_registration_takes_no_number(desk: Desk, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        desk.register(**wrong)
    assert desk.register().uhid == make_uhid("ADH", 2026, 1)


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.CASHIER, Role.LAB])
def test_who_does_not_register_is_refused(desk: Desk, role: Role) -> None:
    with pytest.raises(Forbidden):
        register(actor=desk.staff(role), now=NOW, name="Asha", sex=Sex.FEMALE, age=30)
    assert not Patient.objects.exists()


def test_phone_address_and_identifiers_stand_nowhere_in_clear_text(desk: Desk) -> None:
    patient = desk.register(address="12 Beach Road")
    change_record(desk, patient, phone="98400 11122", address="7 Hill Street")
    identify(desk, patient, ABHA)
    stored = everything_stored()
    for secret in ("9876543210", "9840011122", "Beach", "Hill Street", "91123456789012", "56789012"):
        assert secret not in stored
    assert "1122" in stored


def test_the_same_phone_is_sealed_differently_each_time(desk: Desk) -> None:
    desk.register("Asha")
    desk.register("Ravi")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT phone), count(DISTINCT phone_index) FROM patients_patient")
        assert cursor.fetchone() == (2, 1)


def test_a_registration_leaves_one_audit_row_and_one_event_of_ids(desk: Desk) -> None:
    patient = desk.register(address="12 Beach Road")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.entity_id) == ("patient.registered", str(patient.id))
    assert entry.actor_id == desk.meera.id
    told = entry.after or {}
    assert (told["phone_last4"], told["address"], "phone" in told) == ("3210", "sealed", False)
    event = OutboxEvent.objects.get()
    assert (event.type, event.entity_id, event.payload) == ("patient.registered", patient.id, {})
    assert (event.stream, event.sequence) == (f"facility.{desk.facility.id}", 1)


def test_registering_takes_few_statements(desk: Desk) -> None:
    desk.register()
    actor = desk.meera
    with CaptureQueriesContext(connection) as captured:
        register(actor=actor, now=NOW, name="Asha", sex=Sex.FEMALE, age=30)
    statements = [q["sql"] for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    assert len(statements) <= 4, statements


def test_a_correction_changes_what_it_names_and_nothing_else(desk: Desk) -> None:
    patient = desk.register(address="12 Beach Road")
    changed = change_record(desk, patient, name="Asha Kumari", birth_date=date(1990, 2, 3), status="INACTIVE")
    kept = Patient.objects.get(id=patient.id)
    assert (kept.name, kept.birth_date, kept.birth_date_estimated) == ("Asha Kumari", date(1990, 2, 3), False)
    assert (kept.status, kept.version, changed.version) == ("INACTIVE", 2, 2)
    assert (kept.phone, kept.address, kept.uhid) == ("+919876543210", "12 Beach Road", patient.uhid)
    assert [p.id for p in queries.search("Kumari", DESK)] == [patient.id]


def test_a_new_phone_finds_the_record_and_the_old_one_does_not(desk: Desk) -> None:
    patient = desk.register()
    change_record(desk, patient, phone="98400 11122")
    assert not queries.search("98765 43210", DESK).exists()
    assert queries.search("98400 11122", DESK).exists()


def test_a_correction_is_audited_before_and_after(desk: Desk) -> None:
    change_record(desk, desk.register(), name="Asha Kumari", phone="98400 11122")
    entry = AuditEntry.objects.get(action="patient.changed")
    assert entry.before == {"name": "Asha Devi", "phone": "sealed", "phone_last4": "3210"}
    assert entry.after == {"name": "Asha Kumari", "phone": "sealed", "phone_last4": "1122"}


def test_a_correction_that_changes_nothing_leaves_no_trace(desk: Desk) -> None:
    patient = desk.register()
    assert change_record(desk, patient, name="Asha Devi", phone="98765 43210").version == 1
    assert not AuditEntry.objects.filter(action="patient.changed").exists()


def test_whoever_saw_an_older_version_is_refused(desk: Desk) -> None:
    patient = desk.register()
    change_record(desk, patient, name="Asha Kumari")
    with pytest.raises(VersionConflict) as refusal:
        change(actor=desk.meera, now=NOW, patient_id=patient.id, expected_version=1, name="Asha Rani")
    assert refusal.value.extra == {"state": "ACTIVE", "version": 2, "allowed": []}
    assert Patient.objects.get(id=patient.id).name == "Asha Kumari"


def test_nobody_becomes_merged_by_a_correction(desk: Desk) -> None:
    with pytest.raises(Invalid):
        change_record(desk, desk.register(), status="MERGED")


def test_an_identifier_belongs_to_one_person(desk: Desk) -> None:
    asha, ravi = desk.register("Asha"), desk.register("Ravi")
    identify(desk, asha, ABHA)
    with pytest.raises(IdentifierTaken) as refusal:
        identify(desk, ravi, "91 1234 5678 9012")
    assert refusal.value.extra == {"patientId": str(asha.id)}
    identify(desk, ravi, ABHA, IdentifierKind.NATIONAL_ID)
    assert PatientIdentifier.objects.count() == 2


def test_the_database_too_refuses_an_identifier_of_two_people(desk: Desk) -> None:
    identifier = identify(desk, desk.register(), ABHA)
    twin = desk.register("Ravi")
    identifier.pk, identifier.patient = UUID(int=1), twin
    with pytest.raises(IntegrityError, match="identifier_of_one_patient"), transaction.atomic():
        identifier.save(force_insert=True)


def test_registering_with_a_taken_identifier_registers_nobody(desk: Desk) -> None:
    identify(desk, desk.register(), ABHA)
    with pytest.raises(IdentifierTaken):
        desk.register("Ravi", identifiers=[(IdentifierKind.ABHA_NUMBER, ABHA)])
    assert Patient.objects.count() == 1


def test_an_identifier_counts_as_a_change_of_the_record(desk: Desk) -> None:
    patient = desk.register()
    identify(desk, patient, ABHA)
    assert Patient.objects.get(id=patient.id).version == 2
    entry = AuditEntry.objects.get(action="patient.identifier_added")
    assert entry.after == {"kind": "abha_number", "last4": "9012"}
    assert OutboxEvent.objects.filter(type="patient.changed", entity_version=2).exists()


def test_another_facility_can_neither_change_nor_identify_a_record(desk: Desk, elsewhere: Desk) -> None:
    patient = desk.register()
    with scope(facility=elsewhere.facility.id):
        with pytest.raises(NotFound):
            change_record(elsewhere, patient, name="Somebody")
        with pytest.raises(NotFound):
            identify(elsewhere, patient, ABHA)
    with pytest.raises(NotFound):
        change_record(elsewhere, patient, name="Somebody")


def test_each_facility_counts_for_itself(desk: Desk, elsewhere: Desk) -> None:
    desk.register()
    with scope(facility=elsewhere.facility.id):
        assert elsewhere.register().uhid == make_uhid("LOT", 2026, 1)
        assert UhidCounter.objects.get().last == 1


def test_a_self_check_in_registers_within_its_own_command(desk: Desk) -> None:
    holder = Actor(
        ActorType.LINK, None, "checkin", desk.facility.id, granted=frozenset({Permission.VISIT_SELF_CHECK_IN})
    )

    @command
    def check_in_self(*, actor: Actor, now: datetime) -> Patient:
        return register_in(name="Ravi", age=40)

    patient = check_in_self(actor=holder, now=NOW)
    kept = Patient.objects.get(id=patient.id)
    assert (kept.name, kept.sex, kept.phone, kept.uhid) == ("Ravi", "unknown", "", make_uhid("ADH", 2026, 1))
    assert AuditEntry.objects.get().actor_type == "link"


def test_registering_in_refuses_to_run_outside_of_a_command(desk: Desk) -> None:
    with pytest.raises(RuntimeError):
        register_in(name="Ravi", age=40)
