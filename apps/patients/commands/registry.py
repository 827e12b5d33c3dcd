"""Writes of the registry: register, change, add an identifier."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, Forbidden, Invalid, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Fields, Permission, Scope
from apps.core.queries import one
from apps.patients import events
from apps.patients.models import (
    Patient,
    PatientIdentifier,
    identifier_fingerprint,
    phone_fingerprint,
)
from apps.patients.rules.identifiers import IdentifierKind, clean_identifier, tail
from apps.patients.rules.names import clean_name, name_key
from apps.patients.rules.people import SETTABLE, Sex, Status, birth
from apps.patients.rules.phones import clean_phone
from apps.patients.rules.texts import clean_address
from apps.patients.rules.uhid import make_uhid

DEFAULT_LANGUAGE = "en"


class VersionConflict(Conflict):
    code = "version_conflict"
    detail = sentence("Somebody else changed this record meanwhile. Look again and repeat if needed.")


class IdentifierTaken(Conflict):
    code = "identifier_taken"
    detail = sentence("Another record already has this identifier.")


class NotProvisional(Conflict):
    code = "not_provisional"
    detail = sentence("It is known whose record this is. Correct the record instead.")


@command
def register(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    sex: Sex,
    birth_date: date | None = None,
    age: int | None = None,
    phone: str = "",
    address: str = "",
    identifiers: Sequence[tuple[IdentifierKind, str]] = (),
    pregnant: bool = False,
    disabled: bool = False,
    language: str = DEFAULT_LANGUAGE,
) -> Patient:
    """Register a person and give them the next UHID. Exactly one of birth date and age (years) is given.

    Raises `Invalid`, `IdentifierTaken`.
    """
    actor.require(Permission.PATIENT_REGISTER, Scope(actor.facility_id))
    patient = register_in(
        name=name,
        sex=sex,
        birth_date=birth_date,
        age=age,
        phone=phone,
        address=address,
        pregnant=pregnant,
        disabled=disabled,
        language=language,
    )
    if identifiers:
        actor.require_sight(Fields.IDENTIFIERS)
    for kind, value in identifiers:
        _attach(patient, kind, value)
    return patient


@step
def register_in(
    *,
    name: str,
    sex: Sex = Sex.UNKNOWN,
    birth_date: date | None = None,
    age: int | None = None,
    phone: str = "",
    address: str = "",
    pregnant: bool = False,
    disabled: bool = False,
    language: str = DEFAULT_LANGUAGE,
    provisional: bool = False,
) -> Patient:
    """Register a person within a command (a self check-in knows little more than name and age; of a `provisional`
    record nobody knows whose it is).

    The caller has asked for permission. Locks the facility's stream, so department streams come before.
    """
    facility_id = _facility_of(unit().actor)
    lock_streams(facility_stream(facility_id))
    facility = facility_facts(facility_id)
    day = facility.day_of(unit().now)
    born, estimated = birth(birth_date, age, day)
    kept_name = clean_name(name)
    patient = Patient(
        facility_id=facility_id,
        uhid=make_uhid(facility.code, day.year, next_number(facility_id)),
        name=kept_name,
        name_key=name_key(kept_name),
        sex=sex,
        birth_date=born,
        birth_date_estimated=estimated,
        address=clean_address(address),
        pregnant=pregnant,
        disabled=disabled,
        language=language,
        provisional=provisional,
        created_at=unit().now,
        **_phone_columns(phone),
    )
    patient.save(force_insert=True)
    record(action="patient.registered", entity_type="patient", entity_id=patient.id, after=_told(patient))
    emit(events.patient_event(events.REGISTERED, facility_id, patient.id, patient.version))
    return patient


def next_number(facility_id: UUID) -> int:
    """The next number of the counter, whose row stays locked until the command ends: numbers have no gaps."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_uhidcounter AS c (facility_id, last) VALUES (%s, 1)"
            " ON CONFLICT (facility_id) DO UPDATE SET last = c.last + 1 RETURNING last",
            [facility_id],
        )
        number: int = cursor.fetchone()[0]
    return number


@command
def change(*, actor: Actor, now: datetime, patient_id: UUID, expected_version: int, **changes: Any) -> Patient:
    """Correct a record: name, sex, birth_date or age, phone, address, pregnant, disabled, language, status.

    A name makes a provisional record an ordinary one. Raises `VersionConflict` when somebody was faster, `Invalid`,
    `NotFound`.
    """
    patient = _locked(actor, patient_id)
    if expected_version != patient.version:
        raise VersionConflict(extra={"state": patient.status, "version": patient.version, "allowed": []})
    wanted = _columns(changes, facility_facts(patient.facility_id).day_of(now))
    changed = {column: value for column, value in wanted.items() if getattr(patient, column) != value}
    if not changed:
        return patient
    before = {column: getattr(patient, column) for column in changed}
    for column, value in changed.items():
        setattr(patient, column, value)
    patient.version += 1
    patient.save(update_fields=[*changed, "version"])
    record(
        action="patient.changed",
        entity_type="patient",
        entity_id=patient.id,
        before=_masked(before),
        after=_masked(changed),
    )
    emit(events.patient_event(events.CHANGED, patient.facility_id, patient.id, patient.version))
    return patient


@step
def give_up_provisional(patient_id: UUID, known_id: UUID) -> None:
    """It is known now whose a provisional record is, and that person has one: this one is out of use.

    The caller has asked for permission. Raises `NotFound`, `NotProvisional`.
    """
    facility_id = _facility_of(unit().actor)
    lock_streams(facility_stream(facility_id))
    patient = one(Patient.objects.select_for_update().filter(id=patient_id))
    if patient is None:
        raise NotFound
    if not patient.provisional or patient.status != Status.ACTIVE or patient_id == known_id:
        raise NotProvisional
    patient.status, patient.version = Status.INACTIVE, patient.version + 1
    patient.save(update_fields=["status", "version"])
    record(
        action="patient.recognised",
        entity_type="patient",
        entity_id=patient.id,
        before={"status": str(Status.ACTIVE)},
        after={"status": str(Status.INACTIVE), "knownAs": str(known_id)},
    )
    emit(events.patient_event(events.CHANGED, facility_id, patient.id, patient.version))


@command
def add_identifier(
    *, actor: Actor, now: datetime, patient_id: UUID, kind: IdentifierKind, value: str
) -> PatientIdentifier:
    """Add an identifier to a record. Raises `Invalid`, `NotFound`, and `IdentifierTaken` also for its own."""
    actor.require_sight(Fields.IDENTIFIERS)
    patient = _locked(actor, patient_id)
    identifier = _attach(patient, kind, value)
    patient.version += 1
    patient.save(update_fields=["version"])
    emit(events.patient_event(events.CHANGED, patient.facility_id, patient.id, patient.version))
    return identifier


def _facility_of(actor: Actor) -> UUID:
    if actor.facility_id is None:
        raise Forbidden
    return actor.facility_id


def _locked(actor: Actor, patient_id: UUID) -> Patient:
    """A record to be changed, under the lock of its facility's registry."""
    facility_id = _facility_of(actor)
    actor.require(Permission.PATIENT_REGISTER, Scope(facility_id))
    lock_streams(facility_stream(facility_id))
    patient = one(Patient.objects.select_for_update().filter(id=patient_id, facility_id=facility_id))
    if patient is None:
        raise NotFound
    return patient


def _attach(patient: Patient, kind: IdentifierKind, value: str) -> PatientIdentifier:
    """Write an identifier under the registry's lock, so that looking before writing is safe."""
    cleaned = clean_identifier(kind, value)
    fingerprint = identifier_fingerprint(kind, cleaned)
    holder = PatientIdentifier.objects.filter(kind=kind, value_index=fingerprint).first()
    if holder is not None:
        raise IdentifierTaken(extra={"patientId": str(holder.patient_id)})
    identifier = PatientIdentifier(
        facility_id=patient.facility_id,
        patient=patient,
        kind=kind,
        value=cleaned,
        value_index=fingerprint,
        last4=tail(cleaned),
        created_at=unit().now,
    )
    identifier.save(force_insert=True)
    record(
        action="patient.identifier_added",
        entity_type="patient",
        entity_id=patient.id,
        after={"kind": str(kind), "last4": identifier.last4},
    )
    return identifier


def _phone_columns(phone: str) -> dict[str, str]:
    number = clean_phone(phone)
    return {"phone": number, "phone_index": phone_fingerprint(number), "phone_last4": number[-4:]}


def _columns(changes: dict[str, Any], day: date) -> dict[str, Any]:
    """The columns that a correction sets, checked. Raises `Invalid`."""
    plain = ("sex", "pregnant", "disabled", "language")
    columns: dict[str, Any] = {key: changes[key] for key in plain if key in changes}
    if "name" in changes:
        name = clean_name(changes["name"])
        columns |= {"name": name, "name_key": name_key(name), "provisional": False}
    if "phone" in changes:
        columns |= _phone_columns(changes["phone"])
    if "address" in changes:
        columns["address"] = clean_address(changes["address"])
    if "status" in changes:
        columns["status"] = _settable(changes["status"])
    if "birth_date" in changes or "age" in changes:
        born, estimated = birth(changes.get("birth_date"), changes.get("age"), day)
        columns |= {"birth_date": born, "birth_date_estimated": estimated}
    return columns


def _settable(status: str) -> Status:
    if status not in SETTABLE:
        raise Invalid({"status": [sentence("A record can be active, inactive or deceased.")]})
    return Status(status)


_SEALED = ("phone", "address")
_DERIVED = ("name_key", "phone_index")


def _told(patient: Patient) -> dict[str, Any]:
    """A new record as the audit trail keeps it."""
    columns = ("uhid", "name", "sex", "birth_date", "birth_date_estimated", "phone_last4", "address", "pregnant")
    return _masked({c: getattr(patient, c) for c in (*columns, "disabled", "language", "status", "provisional")})


def _masked(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns for the audit trail: of what stands sealed only whether there is something; no search keys."""
    return {
        column: ("sealed" if value else "") if column in _SEALED else _plain(value)
        for column, value in columns.items()
        if column not in _DERIVED
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
