"""Statements of hot paths: said by querysets and models as everywhere, turned into SQL once per process.

Django spends more than half of a busy request on turning the same querysets into the same SQL. `prepared` does that
once and from then on only binds values. What is kept is SQL, never data::

    @prepared
    def _doctor(doctor_id: UUID) -> QuerySet[Doctor]:
        return doctors().filter(id=doctor_id)

    _doctor.one(doctor_id=doctor.id)

The function is called once, with a stand-in for each value, which it can hand to `filter` but not look at. None is
NULL and equals nothing; where a column may have one of several, it is compared with `any_of(values)`. The facility is
that of the scope in which the question is asked; outside of one it is refused, as by the querysets themselves, and
where scopes are switched off too.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models
from django.db.models.expressions import DatabaseDefault, RawSQL, Value
from django.db.models.query import FlatValuesListIterable, ModelIterable, QuerySet, get_related_populators
from django.db.transaction import TransactionManagementError
from django_scopes import get_scope, scope
from django_scopes.exceptions import ScopeError
from psycopg.sql import Literal

P = ParamSpec("P")
Row = TypeVar("Row")
_FACILITY = "facility of the scope"


class Given(Value):
    """Stands in a queryset for a value that is known only when it is asked; `value` is the name of it."""

    pattern = "%s"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """A place that is filled when it is asked."""
        return self.pattern, [self]

    def _resolve_output_field(self) -> None:
        """The column that it is compared with knows."""


class GivenSeveral(Given):
    """Stands for a list, of which a column has one."""

    pattern = "ANY(%s)"


def any_of(values: Iterable[Any]) -> Any:
    """What a prepared question compares a column with that may have one of several values."""
    if not isinstance(values, Given):
        raise TypeError("This belongs into a prepared question.")
    return GivenSeveral(values.value)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A queryset as SQL, and what makes of a row in the database what the queryset yields."""

    sql: str
    names: tuple[str, ...]
    locks: bool
    read: Callable[[Sequence[Any]], Any]


class Prepared(Generic[P, Row]):
    """A question that is asked all day. Called with its values it answers with all rows."""

    def __init__(self, build: Callable[P, QuerySet[Any, Row]]) -> None:
        self.build: Callable[..., QuerySet[Any, Row]] = build
        self.names = tuple(inspect.signature(build).parameters)
        functools.update_wrapper(self, build)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[Row]:
        compiled = self.compiled
        if compiled.locks and connection.get_autocommit():
            raise TransactionManagementError("Rows can only be locked within a transaction.")
        values = dict(zip(self.names, args, strict=False), **kwargs)
        with kept_cursor() as cursor:
            cursor.execute(compiled.sql, [_value(name, values) for name in compiled.names])
            return [compiled.read(row) for row in cursor.fetchall()]

    def one(self, *args: P.args, **kwargs: P.kwargs) -> Row | None:
        """The first row; None without it."""
        found = self(*args, **kwargs)
        return found[0] if found else None

    def compile(self) -> _Compiled:
        """What the queryset comes to as SQL."""
        with scope(facility=Given(_FACILITY)):
            rows = self.build(**{name: Given(name) for name in self.names})
        compiler = rows.query.get_compiler(using=rows.db)
        sql, params = compiler.as_sql()
        names = tuple(param.value for param in params if isinstance(param, Given))
        return _Compiled(_filled(sql, params), names, rows.query.select_for_update, _reader(rows, compiler))

    @functools.cached_property
    def compiled(self) -> _Compiled:
        """The same, made once."""
        return self.compile()


def prepared(build: Callable[P, QuerySet[Any, Row]]) -> Prepared[P, Row]:
    """Make of a function that builds a queryset a question whose SQL is made once."""
    return Prepared(build)


def kept_cursor() -> Any:
    """A cursor for statements whose text is the same each time: PostgreSQL parses and plans them once (the backend's
    `kept_cursor`)."""
    return connection.kept_cursor()  # type: ignore[attr-defined]  # of opd.postgresql


def _filled(sql: str, params: Iterable[Any]) -> str:
    """The statement with what never changes written into it, so that a kept plan may use indexes made for just these
    states."""
    connection.ensure_connection()
    left = iter(params)

    def fill(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%%"
        param = next(left)
        if isinstance(param, Given):
            return "%s"
        return Literal(param).as_string(connection.connection).replace("%", "%%")

    return re.sub("%[%s]", fill, sql)


def _value(name: str, values: dict[str, Any]) -> Any:
    return _facility() if name is _FACILITY else values[name]


def _facility() -> UUID:
    """Whose rows may be seen here. Raises `ScopeError` where nobody has said so."""
    here = get_scope()
    if not here.get("_enabled") or here.get("facility") is None:
        raise ScopeError("A facility needs to be active for this question.")
    facility: UUID = here["facility"]
    return facility


def _reader(rows: QuerySet[Any, Any], compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """What `QuerySet` does with each row of its own, made ready once."""
    columns = [column for column, *_ in compiler.select[: compiler.col_count]]
    make = _maker(rows, compiler)
    converters = [(at, found, column) for at, (found, column) in compiler.get_converters(columns).items()]
    if not converters:
        return make

    def read(row: Sequence[Any]) -> Any:
        values = list(row)
        for at, found, column in converters:
            for convert in found:
                values[at] = convert(values[at], column, connection)
        return make(values)

    return read


def _maker(rows: QuerySet[Any, Any], compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """Rows of a model with what is selected beside them, single values, or tuples."""
    if rows._iterable_class is FlatValuesListIterable:
        return lambda row: row[0]
    if rows._iterable_class is not ModelIterable:
        return tuple
    about, annotations = compiler.klass_info, list((compiler.annotation_col_map or {}).items())
    first, last = about["select_fields"][0], about["select_fields"][-1] + 1
    names = [column.target.attname for column, *_ in compiler.select[first:last]]
    related = get_related_populators(about, compiler.select, rows.db)  # type: ignore[call-arg]  # of Django 6 in the stubs

    def make(row: Sequence[Any]) -> Any:
        thing = about["model"].from_db(rows.db, names, row[first:last])
        for populator in related:
            populator.populate(row, thing)
        for name, at in annotations:
            setattr(thing, name, row[at])
        return thing

    return make


def write(row: models.Model, **changes: Any) -> None:
    """Change some columns of a row, here and in the database: `save(update_fields=…)` in one known statement."""
    for name, value in changes.items():
        setattr(row, name, value)
    sql, fields = _update_sql(type(row), tuple(changes))
    here = connections[DEFAULT_DB_ALIAS]
    with kept_cursor() as cursor:
        cursor.execute(sql, [*(_stored(row, one, here) for one in fields), row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError("The row to change is not there.")


@functools.cache
def _update_sql(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[Any]]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    changes = ", ".join(f'"{one.column}" = {_place(one)}' for one in fields)
    key = model._meta.pk.column
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE "{key}" = %s', fields  # noqa: S608


def insert(row: models.Model) -> None:
    """Write a new row: `save(force_insert=True)` in one known statement. What it breaks breaks the transaction."""
    with kept_cursor() as cursor:
        cursor.execute(*insert_sql([row]))
    row._state.adding = False


def insert_sql(rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    """One INSERT with its values for rows of one model; what the database has a default for may be left to it, and a
    value may be what the database finds out by itself (`RawSQL`)."""
    head, fields = _insert_head(type(rows[0]))
    here = connections[DEFAULT_DB_ALIAS]
    places: list[str] = []
    params: list[Any] = []
    for row in rows:
        values = [_stored(row, one, here, adding=True) for one in fields]
        places.append(_places(type(row), tuple(_instead(value) for value in values)))
        for value in values:
            if isinstance(value, RawSQL):
                params += value.params
            elif not isinstance(value, DatabaseDefault):
                params.append(value)
    return f"{head} VALUES {', '.join(places)}", params


@functools.cache
def _insert_head(model: type[models.Model]) -> tuple[str, list[Any]]:
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]
    columns = ", ".join(f'"{one.column}"' for one in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({columns})', fields


@functools.cache
def _places(model: type[models.Model], instead: tuple[str, ...]) -> str:
    _, fields = _insert_head(model)
    return f"({', '.join(other or _place(one) for one, other in zip(fields, instead, strict=True))})"


def _instead(value: Any) -> str:
    """What stands in the place of a value that is not handed over; empty for one that is."""
    if isinstance(value, RawSQL):
        return value.sql
    return "DEFAULT" if isinstance(value, DatabaseDefault) else ""


def _place(column: Any) -> str:
    """Where a column's value goes; some say of what type it is."""
    return str(column.get_placeholder(None, None, connection)) if hasattr(column, "get_placeholder") else "%s"


def _stored(row: models.Model, column: Any, here: Any, *, adding: bool = False) -> Any:
    """What the database is given for a column of a row; `here` is the connection, which is costly to find each time."""
    value = column.pre_save(row, adding)
    return value if isinstance(value, DatabaseDefault) else column.get_db_prep_save(value, here)
