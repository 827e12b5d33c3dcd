"""Tables that only grow: partitioned by month, and append-only in the database itself.

A model says `partitioned_by = "<datetime column>"` and, where some columns may change, `changing = (...)`.
Its first migration uses `CreatePartitioned` and `AppendOnly`; `keep_partitions` makes the months to come.
Months are those of UTC. A row outside of every month stands in the DEFAULT partition: it is never refused.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

MONTHS_AHEAD = 3
ROW_TRIGGER = "append_only"
TRUNCATE_TRIGGER = "append_only_truncate"
_LOCK = "core.partitions"

_REFUSE = """
CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 AND to_jsonb(OLD) - TG_ARGV = to_jsonb(NEW) - TG_ARGV THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""
"""Lets through an update of nothing but the columns named as arguments; columns added later are guarded too."""


class CreatePartitioned(migrations.CreateModel):
    """Create a model's table partitioned by month, keyed by (id, column), with the partitions of now."""

    serialization_expand_args = ["fields", "options", "managers"]

    def __init__(self, name: str, fields: list[tuple[str, Any]], *, partitioned_by: str, **create_model: Any) -> None:
        self.partitioned_by = partitioned_by
        super().__init__(name, fields, **create_model)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        name, args, kwargs = super().deconstruct()
        return name, args, kwargs | {"partitioned_by": self.partitioned_by}

    def reduce(self, operation: Operation, app_label: str) -> Any:
        """Squashing must not fold this into a plain CreateModel."""
        return Operation.reduce(self, operation, app_label)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        table, key = model._meta.db_table, model._meta.pk.column
        column = _column(model, self.partitioned_by)
        sql, params = schema_editor.table_sql(model)
        alone = sql.replace(" PRIMARY KEY", "", 1)  # what is unique must name the partition's column too
        schema_editor.execute(f'{alone} PARTITION BY RANGE ("{column}")', params or None)
        schema_editor.execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY ("{key}", "{column}")')
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))  # type: ignore[attr-defined]
        if not schema_editor.collect_sql:
            with schema_editor.connection.cursor() as cursor:
                _add_months(cursor, table, column, datetime.now(UTC), MONTHS_AHEAD)


class AppendOnly(Operation):
    """Make the database refuse to alter a model's rows, except in the columns named as `changing`."""

    reversible = True

    def __init__(self, model_name: str, changing: Sequence[str] = ()) -> None:
        self.model_name = model_name
        self.changing = tuple(changing)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing that Django's models know of changes."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        table = model._meta.db_table
        schema_editor.execute(_REFUSE.format(function=_function(table)), None)
        schema_editor.execute(_guard(model, self.changing))
        with schema_editor.connection.cursor() as cursor:
            partitions = [] if schema_editor.collect_sql else _partitions(cursor, table)
        for name in (table, *partitions):
            schema_editor.execute(_refuse_truncate(table, name))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"DROP FUNCTION {_function(table)}() CASCADE")  # and the triggers with it

    def describe(self) -> str:
        return f"Make {self.model_name} append-only"


class MayChange(Operation):
    """Name anew which columns of an append-only model's rows may change."""

    reversible = True

    def __init__(self, model_name: str, changing: Sequence[str], before: Sequence[str]) -> None:
        self.model_name = model_name
        self.changing = tuple(changing)
        self.before = tuple(before)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing that Django's models know of changes."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        schema_editor.execute(_guard(to_state.apps.get_model(app_label, self.model_name), self.changing))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        schema_editor.execute(_guard(from_state.apps.get_model(app_label, self.model_name), self.before))

    def describe(self) -> str:
        return f"Say which columns of {self.model_name} may change"


def keep_partitions(now: datetime, months_ahead: int = MONTHS_AHEAD) -> list[str]:
    """Make every month's partition that is missing from last month on; the names of those made.

    Needs the tables' owner. Safe to run twice and by two at once; each table is one short transaction.
    """
    made: list[str] = []
    for model in apps.get_models():
        if partitioned_by := getattr(model, "partitioned_by", None):
            with (
                transaction.atomic(using=settings.OWNER_DATABASE),
                connections[settings.OWNER_DATABASE].cursor() as cursor,
            ):
                cursor.execute("SET LOCAL lock_timeout = '2s'")  # rather another day than a queue that stands
                made += _add_months(cursor, model._meta.db_table, _column(model, partitioned_by), now, months_ahead)
    return made


def _add_months(cursor: CursorWrapper, table: str, column: str, now: datetime, ahead: int) -> list[str]:
    """Add the months of one table that are missing; the lock lets one keeper at a time look and add."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{_LOCK}.{table}"])
    known = set(_partitions(cursor, table))
    missing = [
        (f"{table}_{first:%Y_%m}", first, after)
        for first, after in _months(now, ahead)
        if f"{table}_{first:%Y_%m}" not in known
    ]
    for name, first, after in missing:
        _add_month(cursor, table, column, name, first, after)
    return [name for name, _, _ in missing]


def _add_month(cursor: CursorWrapper, table: str, column: str, name: str, first: datetime, after: datetime) -> None:
    """Build a month beside the table, take its rows out of the DEFAULT partition, and attach it.

    Rows are moved below the triggers: to everybody else nothing is altered, and nothing is inserted again.
    """
    cursor.execute(f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')
    cursor.execute(f'ALTER TABLE "{table}_default" DISABLE TRIGGER USER')
    cursor.execute(
        f'WITH moved AS (DELETE FROM "{table}_default"'  # noqa: S608
        f' WHERE "{column}" >= %s AND "{column}" < %s RETURNING *)'
        f' INSERT INTO "{name}" SELECT * FROM moved',
        [first, after],
    )
    cursor.execute(f'ALTER TABLE "{table}_default" ENABLE TRIGGER USER')
    cursor.execute(
        f'ALTER TABLE "{table}" ATTACH PARTITION "{name}" FOR VALUES FROM (%s) TO (%s)',
        [first.isoformat(), after.isoformat()],
    )
    cursor.execute(
        "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s", [f'"{table}"', TRUNCATE_TRIGGER]
    )
    if cursor.fetchone():
        cursor.execute(_refuse_truncate(table, name))


def _months(now: datetime, ahead: int) -> Iterator[tuple[datetime, datetime]]:
    """From last month on, each month's first moment and the next one's."""
    current = now.astimezone(UTC)
    count = current.year * 12 + current.month - 1
    for month in range(count - 1, count + ahead + 1):
        first, after = (datetime(m // 12, m % 12 + 1, 1, tzinfo=UTC) for m in (month, month + 1))
        yield first, after


def _partitions(cursor: CursorWrapper, table: str) -> list[str]:
    cursor.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = %s::regclass ORDER BY c.relname",
        [f'"{table}"'],
    )
    return [name for (name,) in cursor.fetchall()]


def _column(model: type[models.Model], name: str) -> str:
    column: str = model._meta.get_field(name).column  # type: ignore[union-attr, assignment]
    return column


def _function(table: str) -> str:
    return f'"{table}_append_only"'


def _guard(model: type[models.Model], changing: Sequence[str]) -> str:
    """The trigger that lets through an update of these columns only; it takes the place of the one before."""
    table, columns = model._meta.db_table, ", ".join(f"'{_column(model, name)}'" for name in changing)
    return (
        f'CREATE OR REPLACE TRIGGER {ROW_TRIGGER} BEFORE UPDATE OR DELETE ON "{table}"'
        f" FOR EACH ROW EXECUTE FUNCTION {_function(table)}({columns})"
    )


def _refuse_truncate(table: str, name: str) -> str:
    """TRUNCATE triggers are not handed down to partitions, so that each gets its own."""
    return (
        f'CREATE TRIGGER {TRUNCATE_TRIGGER} BEFORE TRUNCATE ON "{name}"'
        f" FOR EACH STATEMENT EXECUTE FUNCTION {_function(table)}()"
    )
