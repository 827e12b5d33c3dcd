"""Taking a whole facility out of the database again: a demo that is loaded anew, a simulated day that is over.

Not for hospitals: their numbers, visits and records stay for good. The audit trail stays here too.
"""

import logging
import time
from datetime import datetime
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.db import OperationalError, ProgrammingError, connections, models, transaction
from django.db.backends.utils import CursorWrapper

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.events import department_stream, facility_stream
from apps.core.partitions import ROW_TRIGGER
from apps.core.policy import Actor, Permission, Scope, system_actor

FACILITY = "accounts.Facility"
GUARDS = [ROW_TRIGGER, "invoice_issued", "line_issued"]
"""Triggers that refuse a deletion."""

KEPT = frozenset({"audit"})
"""Apps whose rows outlive a facility."""

TRIES = 4
INSUFFICIENT_PRIVILEGE = "42501"
"""SQLSTATE."""

log = logging.getLogger(__name__)


def remove_facility(facility_id: UUID, now: datetime) -> None:
    """Remove a facility with everything that belongs to it.

    Raises `CommandError` for anybody but the tables' owner, who alone can lift append-only for it.
    """
    for left in range(TRIES - 1, -1, -1):
        try:
            _remove(facility_id)
            break
        except ProgrammingError as error:
            if getattr(error.__cause__, "sqlstate", "") != INSUFFICIENT_PRIVILEGE:
                raise
            raise CommandError("Only the tables' owner can remove a hospital. Set DATABASE_OWNER_URL.") from error
        except OperationalError as error:  # a deadlock, or a lock not got, beside commands at work
            if not left:
                raise
            log.info("removal repeated", extra={"error": type(error).__name__})
            time.sleep(0.2)
    _note(actor=system_actor("removal", facility_id), now=now, facility_id=facility_id)


@command
def _note(*, actor: Actor, now: datetime, facility_id: UUID) -> None:
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    record(action="facility.removed", entity_type="facility", entity_id=facility_id)


def _remove(facility_id: UUID) -> None:
    tables = _tables()
    owner = settings.OWNER_DATABASE
    with transaction.atomic(using=owner), connections[owner].cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        guarded = _guarded(cursor, list(tables))
        for name, guard in guarded:
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER {guard}")
        cursor.execute("SELECT id FROM scheduling_department WHERE facility_id = %s", [facility_id])
        streams = [facility_stream(facility_id), *(department_stream(id_) for (id_,) in cursor.fetchall())]
        cursor.execute("DELETE FROM core_stream WHERE name = ANY(%s)", [streams])
        for table, condition in tables.items():
            cursor.execute(f'DELETE FROM "{table}" WHERE {condition}', [facility_id])  # noqa: S608
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name, guard in guarded:
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER {guard}")


def _tables() -> dict[str, str]:
    """Every table with rows of facilities, those that others point at last, and which of its rows are one's own.

    A row says by a `facility_id`, or by a row it points at, where it belongs.
    """
    conditions: dict[type[models.Model], str] = {apps.get_model(FACILITY): "id = %s"}
    candidates = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label not in KEPT]
    for model in candidates:
        if any(field.column == "facility_id" for field in model._meta.concrete_fields):
            conditions[model] = "facility_id = %s"
    found = True
    while found:
        belonging = {m: _by_parent(m, conditions) for m in candidates if m not in conditions}
        found = any(belonging.values())
        conditions |= {model: condition for model, condition in belonging.items() if condition}
    return {model._meta.db_table: condition for model, condition in reversed(conditions.items())}


def _by_parent(model: type[models.Model], conditions: dict[type[models.Model], str]) -> str:
    for field in model._meta.concrete_fields:
        parent = field.related_model if isinstance(field, models.ForeignKey) else None
        if isinstance(parent, type) and parent in conditions:
            where = conditions[parent]
            return f'"{field.column}" IN (SELECT id FROM "{parent._meta.db_table}" WHERE {where})'  # noqa: S608
    return ""


def _guarded(cursor: CursorWrapper, tables: list[str]) -> list[tuple[str, str]]:
    """Tables and partitions that refuse a deletion, as SQL names, with the trigger that does."""
    cursor.execute(
        "SELECT quote_ident(c.relname), t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent"
        " WHERE t.tgname = ANY(%s) AND coalesce(p.relname, c.relname) = ANY(%s) ORDER BY c.relname",
        [GUARDS, tables],
    )
    return list(cursor.fetchall())
