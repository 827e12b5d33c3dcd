"""Breaking the glass: a record of other departments is opened in an emergency, with a reason and an end.

It is an alarm as much as a key: audited, told to the facility, counted, and looked at by an administrator afterwards.
It opens nothing for writing and nothing of another facility.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.audit.commands import record, record_opened, record_patient_opened
from apps.core.commands import command
from apps.core.errors import Conflict, Forbidden, Invalid, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.patients import events
from apps.patients.models import EmergencyAccess
from apps.patients.queries import get, open_access
from apps.patients.rules.emergency import LASTS, LONGEST_REASON, clean_reason


class AlreadyOpen(Conflict):
    code = "already_open"
    detail = sentence("You have this record open already.")


class NotOpen(Conflict):
    code = "not_open"
    detail = sentence("You do not have this record open.")


class AlreadyReviewed(Conflict):
    code = "already_reviewed"
    detail = sentence("Somebody has looked at this already.")


@command
def break_glass(*, actor: Actor, now: datetime, patient_id: UUID, reason: str) -> EmergencyAccess:
    """Open a patient's whole record to read for half an hour. Raises `Invalid`, `NotFound`, `AlreadyOpen`."""
    actor.require(Permission.BREAK_GLASS, Scope(actor.facility_id))
    if actor.id is None:
        raise Forbidden(permission=str(Permission.BREAK_GLASS))
    why = clean_reason(reason)
    patient = get(patient_id)
    lock_streams(facility_stream(patient.facility_id))
    if known := open_access(actor, patient_id, now):
        raise AlreadyOpen(extra={"endsAt": known.ends_at.isoformat()})
    access = EmergencyAccess(
        facility_id=patient.facility_id,
        staff_id=actor.id,
        patient=patient,
        reason=why,
        opened_at=now,
        ends_at=now + LASTS,
    )
    access.save(force_insert=True)
    record(
        action="patient.break_glass",
        entity_type="patient",
        entity_id=patient_id,
        after={"accessId": str(access.id), "endsAt": access.ends_at.isoformat()},
        reason=why,
    )
    emit(events.glass_broken(patient.facility_id, patient_id, patient.version, access.id))
    return access


@command
def end_break_glass(*, actor: Actor, now: datetime, patient_id: UUID) -> EmergencyAccess:
    """Close one's own emergency access before its time. Raises `NotFound`, and `NotOpen` when none is open."""
    actor.require(Permission.BREAK_GLASS, Scope(actor.facility_id))
    access = open_access(actor, get(patient_id).id, now, lock=True)
    if access is None:
        raise NotOpen
    access.ended_at = now
    access.save(update_fields=["ended_at"])
    record(
        action="patient.break_glass_ended",
        entity_type="patient",
        entity_id=patient_id,
        after={"accessId": str(access.id)},
    )
    return access


@command
def review_emergency_access(*, actor: Actor, now: datetime, access_id: UUID, note: str) -> EmergencyAccess:
    """Note what an administrator found out about an emergency access, once, and never about one's own.

    Raises `Invalid` without a note, `NotFound`, `AlreadyReviewed`, `Forbidden`.
    """
    actor.require(Permission.BREAK_GLASS_REVIEW, Scope(actor.facility_id))
    found = note.strip()
    if not 0 < len(found) <= LONGEST_REASON:
        raise Invalid({"note": [sentence("Write in up to 300 characters what you found out.")]})
    access = EmergencyAccess.objects.select_for_update().filter(id=access_id).first()
    if access is None:
        raise NotFound
    if access.staff_id == actor.id:
        raise Forbidden(permission=str(Permission.BREAK_GLASS_REVIEW))
    if access.reviewed_at:
        raise AlreadyReviewed
    access.reviewed_at, access.reviewed_by_id, access.review_note = now, actor.id, found
    access.save(update_fields=["reviewed_at", "reviewed_by", "review_note"])
    record(
        action="patient.break_glass_reviewed",
        entity_type="patient",
        entity_id=access.patient_id,
        after={"accessId": str(access.id)},
        reason=found,
    )
    return access


def note_opened(*, actor: Actor, now: datetime, patient_id: UUID, by: str = "", each: bool = False) -> None:
    """Say that somebody opened a record and by what right: an emergency access that is open, else as told. Once in ten
    minutes, or each time, where something leaves the house with it (a print, a file)."""
    access = open_access(actor, patient_id, now)
    right = f"emergency access {access.id}" if access else by
    if each:
        record_opened(actor=actor, now=now, entity_type="patient", entity_id=patient_id, reason=right)
    else:
        record_patient_opened(actor=actor, now=now, patient_id=patient_id, right=right)


def note_listed(*, actor: Actor, now: datetime, patient_ids: Iterable[UUID], by: str) -> None:
    """The same of everybody about whose health a list tells."""
    for patient_id in sorted(set(patient_ids)):
        note_opened(actor=actor, now=now, patient_id=patient_id, by=by)
