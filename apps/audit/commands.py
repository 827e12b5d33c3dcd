"""Writing the audit trail: what was done, what was opened, what was refused; and sealing it."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.audit import anchor
from apps.audit.models import AuditEntry, Seal, Unsealed
from apps.audit.queries import audit_key, recorded_since, waiting_entries
from apps.audit.rules import GENESIS, Anchor, link_hash
from apps.core.admin import MasterChange
from apps.core.commands import collect, command, step, unit
from apps.core.errors import Forbidden
from apps.core.policy import Actor
from apps.core.statements import kept_cursor

BATCH = 2_000
"""Entries sealed in one transaction."""

OPENING_LASTS = timedelta(minutes=10)
"""Within this time the same person reads the same record once, however often their page asks for it."""

REFUSAL_LASTS = timedelta(minutes=1)
"""Within this time the same refusal of the same actor is one entry: a program that tries on cannot flood the trail."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
log = logging.getLogger(__name__)


class ChainBroken(Exception):
    """The chain in the database is not the one that was anchored; sealing on would hide it. See `verify_audit`."""


@step
def record(
    *,
    action: str,
    entity_type: str,
    entity_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    facility_id: UUID | None = None,
) -> None:
    """Say in the running command's transaction what its actor did. Values only; the actor's facility unless told."""
    running = unit()
    actor = running.actor
    collect(
        AuditEntry(
            at=running.now,
            facility_id=facility_id or actor.facility_id,
            actor_type=str(actor.type),
            actor_id=actor.id,
            actor_role=str(actor.role or ""),
            actor_via=actor.via or ("" if actor.id else actor.name[:40]),
            action=action,
            entity_type=entity_type,
            entity_id=str(entity_id),
            before=None if before is None else dict(before),
            after=None if after is None else dict(after),
            reason=reason,
            trace_id=running.trace_id,
        )
    )


_RECORD_EACH = """
INSERT INTO audit_auditentry (id, at, facility_id, actor_type, actor_id, actor_role, actor_via, action, entity_type,
    entity_id, before, after, reason, trace_id)
SELECT gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, %s, one.id,
    %s::jsonb || jsonb_build_object('version', one.version - 1),
    %s::jsonb || jsonb_build_object('version', one.version), %s, %s
FROM unnest(%s::uuid[], %s::int[]) AS one(id, version)
"""


@step
def record_each(
    *,
    action: str,
    entity_type: str,
    versions: Mapping[UUID, int],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str,
) -> None:
    """The same as `record` for each of many to whom one deed did the same, each with the version it brought them to:
    one statement, written at once, however many they are."""
    running = unit()
    actor = running.actor
    who = [str(actor.type), actor.id, str(actor.role or ""), actor.via or ("" if actor.id else actor.name[:40])]
    told = [action, entity_type, json.dumps(before), json.dumps(after), reason, running.trace_id]
    with kept_cursor() as cursor:
        everybody = [list(versions), list(versions.values())]
        cursor.execute(_RECORD_EACH, [running.now, actor.facility_id, *who, *told, *everybody])


@command
def record_opened(
    *,
    actor: Actor,
    now: datetime,
    entity_type: str,
    entity_id: object,
    reason: str = "",
    facility_id: UUID | None = None,
) -> None:
    """Say that somebody opened something that is not for everybody's eyes."""
    record(
        action=f"{entity_type}.opened",
        entity_type=entity_type,
        entity_id=entity_id,
        reason=reason,
        facility_id=facility_id,
    )


@command
def record_patient_opened(*, actor: Actor, now: datetime, patient_id: UUID, right: str = "") -> None:
    """Say that somebody opened a person's record and by what right beside their role; once in ten minutes."""
    _record_once_in(OPENING_LASTS, action="patient.opened", entity_type="patient", entity_id=patient_id, reason=right)


@command
def _record_refused(*, actor: Actor, now: datetime, permission: str) -> None:
    _record_once_in(REFUSAL_LASTS, action="refused", entity_type="permission", entity_id=permission)


def _record_once_in(span: timedelta, *, action: str, entity_type: str, entity_id: object, reason: str = "") -> None:
    """Record what the running command's actor did, unless they did the very same within this time before.

    The lock makes twins wait for each other. Who has no id of their own (a link, a screen) is told by the credential.
    """
    actor, now = unit().actor, unit().now
    who = {"credentialId": str(actor.credential_id)} if actor.id is None and actor.credential_id else None
    with connection.cursor() as cursor:
        same = f"audit {actor.id or actor.credential_id or actor.name} {action} {entity_id} {reason}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [same])
    if not recorded_since(now - span, actor, who, action=action, entity_id=str(entity_id), reason=reason):
        record(action=action, entity_type=entity_type, entity_id=entity_id, after=who, reason=reason)


def note_master_change(change: MasterChange) -> None:
    """Record what somebody did to plain master data in the admin."""
    record(
        action=change.action,
        entity_type=change.entity_type,
        entity_id=change.entity_id,
        before=change.before,
        after=change.after,
    )


def note_refusal(actor: Actor, refusal: Forbidden) -> None:
    """Say in a transaction of its own that somebody was refused. A database that is away makes no other answer."""
    try:
        _record_refused(actor=actor, now=timezone.now(), permission=str(refusal.params.get("permission", "")))
    except DatabaseError as error:
        log.error("refusal not recorded", extra={"error": type(error).__name__})


def seal(now: datetime) -> int:
    """Link every entry committed so far into the chain, then anchor the chain's head; the number sealed.

    The anchor is written after the commit: killed in between, it lags behind, which the next sealing mends.
    Raises `ChainBroken` instead of building on a chain that is not the anchored one.
    """
    sealed = 0
    with anchor.held():
        while True:
            known = anchor.read()
            count, head = _seal_batch(known, now)
            if head.position and head != known:
                anchor.write(head)
            sealed += count
            if count < BATCH:
                return sealed


def _seal_batch(known: Anchor | None, now: datetime) -> tuple[int, Anchor]:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('audit.chain'))")
        head = _head(known)
        waiting = waiting_entries(BATCH)
        seals = []
        for entry_id, entry_at, values in waiting:
            position = head.position + 1
            head = Anchor(position, link_hash(audit_key(), head.hash, position, _seconds(now), values))
            seals.append(Seal(position=position, sealed_at=now, entry_id=entry_id, entry_at=entry_at, hash=head.hash))
        Seal.objects.bulk_create(seals)
        Unsealed.objects.filter(entry_id__in=[entry_id for entry_id, _, _ in waiting]).delete()
    return len(waiting), head


def _head(known: Anchor | None) -> Anchor:
    """The chain's last link, once it is sure that the anchored one is still in it."""
    anchored = known is None or not known.position
    if known and known.position:
        anchored = Seal.objects.filter(position=known.position, hash=known.hash).exists()
    if not anchored:
        raise ChainBroken
    last = Seal.objects.order_by("-position").values_list("position", "hash").first()
    return Anchor(*last) if last else Anchor(0, GENESIS)


def _seconds(moment: datetime) -> str:
    """A time as PostgreSQL spells its seconds since 1970: exact to the microsecond."""
    micros = (moment - _EPOCH) // timedelta(microseconds=1)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"
