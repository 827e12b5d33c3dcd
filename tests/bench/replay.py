"""Record the statements of a command once, and send the same ones again by bare psycopg for the next person."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid5

import psycopg
from django.db import connection

Statement = tuple[str, Any]


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Every statement sent meanwhile, with its parameters."""
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


def bare_connection() -> psycopg.Connection[Any]:
    """A plain psycopg connection to the same database, which keeps statements prepared after as many times as ours."""
    given = connection.get_connection_params()
    wanted = {key: given[key] for key in ("dbname", "user", "password", "host", "port") if given.get(key)}
    return psycopg.connect(**wanted, prepare_threshold=given["prepare_threshold"])


class Replay:
    """The recorded statements for another person: ids that the command made are made anew, known ones swapped."""

    def __init__(self, statements: list[Statement], known: set[UUID], number: int | None = None) -> None:
        self.statements = statements
        self.known = known
        self.number = number

    def run(self, bare: psycopg.Connection[Any], turn: int, swaps: dict[Any, Any]) -> None:
        """One transaction of bare psycopg. A counter's RETURNING takes the place of the recorded number."""
        with bare.transaction(), bare.cursor() as cursor:
            swaps = dict(swaps)
            for sql, params in self.statements:
                cursor.execute(sql, self._renewed(params, turn, swaps))
                if self.number is not None and "RETURNING last" in sql:
                    swaps[self.number] = cursor.fetchone()[0]
                elif cursor.description:
                    cursor.fetchall()

    def _renewed(self, params: Any, turn: int, swaps: dict[Any, Any]) -> Any:
        if isinstance(params, Mapping):
            return {name: self._one(value, turn, swaps) for name, value in params.items()}
        return [self._one(value, turn, swaps) for value in params or ()]

    def _one(self, value: Any, turn: int, swaps: dict[Any, Any]) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(self._one(v, turn, swaps) for v in value)
        if isinstance(value, UUID | str | int) and value in swaps:
            return swaps[value]
        if isinstance(value, UUID) and value not in self.known:
            return uuid5(value, str(turn))
        if isinstance(value, str) and len(value) == 64:
            return hashlib.sha256(f"{turn}{value}".encode()).hexdigest()
        return value
