"""What is looked at, what is found, and how the database is asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at. `settled`: everything is expected to be delivered by now."""

    facilities: list[UUID]
    now: datetime
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant: how much was looked at, and the first offender; "" when it holds."""

    name: str
    seen: str
    offender: str

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.offender


Row = Sequence[Any]


def rows_of(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
    """What a statement finds, however long it takes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def count(sql: str, params: Sequence[Any]) -> int:
    """The one number that a statement answers."""
    return int(rows_of(sql, params)[0][0])


def first_of(rows: Iterable[Row], told: str) -> str:
    """The first row in words, "" for none."""
    return next((told.format(*row) for row in rows), "")
