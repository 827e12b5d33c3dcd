"""Reading the audit trail, and the check that nobody altered it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction

from apps.audit import anchor
from apps.audit.models import AuditEntry, Seal, Unsealed
from apps.audit.rules import Fault, Link, Values, Verdict, examine
from apps.core.policy import Actor

SEALED_WITHIN = timedelta(minutes=1)
"""How long an entry may wait for its seal before the check calls it wrong; the sealer needs about a second."""

OPENINGS = ("patient.opened", "patient.break_glass")
"""Actions by which somebody came to see a record."""

_BATCH = 5_000
_ENTRY, _SEAL, _UNSEALED = (model._meta.db_table for model in (AuditEntry, Seal, Unsealed))


def entries(
    facility_id: UUID | None,
    *,
    entity_type: str = "",
    entity_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> models.QuerySet[AuditEntry]:
    """A facility's entries, newest first; of one kind of record, of one record, of a time (both ends included)."""
    found = AuditEntry.trail.filter(facility_id=facility_id).order_by("-at", "-number")
    if entity_type:
        found = found.filter(entity_type=entity_type)
    if entity_id:
        found = found.filter(entity_id=entity_id)
    if since:
        found = found.filter(at__gte=since)
    if until:
        found = found.filter(at__lte=until)
    return found


def openings(facility_id: UUID | None, patient_id: UUID) -> models.QuerySet[AuditEntry]:
    """Who opened a person's record, also in an emergency, newest first."""
    return entries(facility_id, entity_type="patient", entity_id=str(patient_id)).filter(action__in=OPENINGS)


def who_did(entity_type: str, entity_ids: Iterable[UUID], actions: Iterable[str]) -> set[UUID]:
    """Members of staff who ever did one of these things to one of these records."""
    ids = [str(entity_id) for entity_id in entity_ids]
    found = AuditEntry.trail.filter(entity_type=entity_type, entity_id__in=ids, action__in=list(actions))
    return {staff_id for staff_id in found.values_list("actor_id", flat=True) if staff_id}


def recorded_since(
    since: datetime, actor: Actor, after: dict[str, str] | None, *, action: str, entity_id: str, reason: str
) -> bool:
    """Whether the trail tells of the very same since then; `after` is what tells apart actors without an id."""
    same = AuditEntry.trail.filter(
        entity_id=entity_id,
        at__gt=since,
        action=action,
        facility_id=actor.facility_id,
        actor_type=str(actor.type),
        actor_id=actor.id,
        actor_role=str(actor.role or ""),
        reason=reason,
    )
    return (same.filter(after=after) if after else same.filter(after__isnull=True)).exists()


def audit_key() -> bytes:
    """The key of the chain, which the database does not know."""
    return bytes.fromhex(settings.AUDIT_KEY)


def verify(now: datetime) -> Verdict:
    """Examine the whole trail: every link, the anchor, and that nothing was left or slipped in without a seal."""
    known = anchor.read()  # before the chain, which only grows meanwhile
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        verdict = examine(audit_key(), _links(), known)
        return verdict if verdict.fault else _unsealed(verdict, now)


def waiting_entries(limit: int) -> list[tuple[UUID, datetime, Values]]:
    """So many entries without a seal, in the order of their numbers: (id, at, values)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT u.entry_id, u.entry_at, {_spelled()} FROM (SELECT * FROM {_UNSEALED} LIMIT %s) u"  # noqa: S608
            f" CROSS JOIN {_entry_of('u')} ORDER BY e.number",
            [limit],
        )
        return [(row[0], row[1], _values(row[2:])) for row in cursor.fetchall()]


def _links() -> Iterator[Link]:
    """All seals with their entries, in order of position, in batches: the trail need not fit into memory."""
    after: list[Any] = [-(2**63), "-infinity"]
    while rows := _batch_of_links(after):
        for position, _, sealed_at, hash_, entry_id, present, *entry in rows:
            yield Link(position, sealed_at, hash_, entry_id, _values(entry) if present else None)
        after = [rows[-1][0], rows[-1][1]]


def _batch_of_links(after: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.position, s.sealed_at::text, extract(epoch FROM s.sealed_at)::text, s.hash,"  # noqa: S608
            f" s.entry_id::text, e.id IS NOT NULL, {_spelled()}"
            f" FROM (SELECT * FROM {_SEAL} WHERE (position, sealed_at) > (%s, %s::timestamptz)"
            f" ORDER BY position, sealed_at LIMIT {_BATCH}) s"
            f" LEFT JOIN {_entry_of('s')} ON true ORDER BY s.position, s.sealed_at",
            after,
        )
        return cursor.fetchall()


def _unsealed(verdict: Verdict, now: datetime) -> Verdict:
    """The same verdict, or the fault of an entry that no seal is for, or of one gone before it got its seal."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id::text FROM {_ENTRY} e"  # noqa: S608
            f" LEFT JOIN {_SEAL} s ON s.entry_id = e.id AND s.entry_at = e.at"
            " WHERE s.entry_id IS NULL AND e.written_at NOT BETWEEN %s AND %s ORDER BY e.number LIMIT 1",
            [now - SEALED_WITHIN, now + SEALED_WITHIN],
        )
        slipped_in = cursor.fetchone()
        cursor.execute(
            f"SELECT u.entry_id::text FROM {_UNSEALED} u"  # noqa: S608
            f" LEFT JOIN {_ENTRY} e ON e.id = u.entry_id AND e.at = u.entry_at WHERE e.id IS NULL LIMIT 1"
        )
        gone = cursor.fetchone()
    if slipped_in:
        return Verdict(verdict.links, verdict.head, Fault.UNSEALED, None, slipped_in[0])
    if gone:
        return Verdict(verdict.links, verdict.head, Fault.REMOVED, None, gone[0])
    return verdict


def _entry_of(row: str) -> str:
    """SQL for the entry `e` that a row names: looked up one by one, whatever the planner thinks of a new table."""
    return f"LATERAL (SELECT * FROM {_ENTRY} WHERE id = {row}.entry_id AND at = {row}.entry_at LIMIT 1) e"  # noqa: S608


def _spelled() -> str:
    """SQL that spells every stored column of an entry `e` as exact text, whatever the session's settings."""
    return ", ".join(
        f"extract(epoch FROM e.{field.column})::text"
        if isinstance(field, models.DateTimeField)
        else f"e.{field.column}::text"
        for field in AuditEntry._meta.concrete_fields
    )


def _values(row: Any) -> Values:
    return dict(zip((str(field.column) for field in AuditEntry._meta.concrete_fields), row, strict=True))
