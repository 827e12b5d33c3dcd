"""Brings the database to the state that this version needs: tables, partitions, and the application's rights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg import sql

from apps.core.partitions import ROW_TRIGGER, keep_partitions


class Command(BaseCommand):
    """Works on the owner's database (`DATABASE_OWNER_URL`). Safe to run again, and by several at once."""

    help = "Migrate, make partitions, and give the application's database role exactly the rights it needs."

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        owner = connections[settings.OWNER_DATABASE]
        with owner.cursor() as cursor, _alone(cursor):
            call_command("migrate", database=settings.OWNER_DATABASE, interactive=False, verbosity=verbosity)
            keep_partitions(timezone.now())
            role = connections["default"].settings_dict["USER"]
            if role and role != owner.settings_dict["USER"]:
                grant(cursor, role)


@contextmanager
def _alone(cursor: CursorWrapper) -> Iterator[None]:
    """One set-up at a time, and as long as it takes; the session is left as it was, for the pool's next."""
    cursor.execute("SET statement_timeout = 0")
    cursor.execute("SET lock_timeout = 0")
    cursor.execute("SELECT pg_advisory_lock(hashtext('setup_database'))")
    try:
        yield
    finally:
        cursor.execute("SELECT pg_advisory_unlock(hashtext('setup_database'))")
        cursor.execute("RESET statement_timeout")
        cursor.execute("RESET lock_timeout")


def grant(cursor: CursorWrapper, role: str) -> None:
    """Let a role read and write rows, but only add them to append-only tables; partitions only by their table."""
    who = sql.Identifier(role)
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(who))
    cursor.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(who))
    cursor.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(who))
    cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(who))
    for table, append_only, changing in _tables(cursor):
        rights: list[sql.Composable] = [sql.SQL("SELECT"), sql.SQL("INSERT")]
        if not append_only:
            rights += [sql.SQL("UPDATE"), sql.SQL("DELETE")]
        if changing:
            rights.append(sql.SQL("UPDATE ({})").format(sql.SQL(", ").join(map(sql.Identifier, changing))))
        cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(", ").join(rights), sql.Identifier(table), who))


def _tables(cursor: CursorWrapper) -> list[tuple[str, bool, list[str]]]:
    """Every table that is no partition: (name, whether append-only, the columns that may change all the same)."""
    cursor.execute(
        "SELECT c.relname, t.oid IS NOT NULL, encode(t.tgargs, 'escape')"
        " FROM pg_class c LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = %s"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " ORDER BY c.relname",
        [ROW_TRIGGER],
    )
    return [
        (table, append_only, [name for name in (arguments or "").split("\\000") if name])
        for table, append_only, arguments in cursor.fetchall()
    ]
