"""The database backend that `settings.DATABASES` names.

A server that restarts leaves the pool full of dead connections. The pool can test each one it gives, but costs a
round trip for it and sleeps seconds between one dead connection and the next. A dead one shows without asking: its
socket has something to read although nobody asked anything. So that is looked at, and when it is so, all idle
connections are tested and replaced together, and the request goes on with a fresh one.

Django writes values into the text of each statement, which PostgreSQL then parses and plans every time. Statements
that come again all day go through `kept_cursor`: after `prepare_threshold` times (see `settings.DATABASES`) a
connection keeps them as prepared statements and only sends values.
"""

import re
import select
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from itertools import count
from typing import Any

from django.db.backends.postgresql import base, operations
from psycopg import RawCursor

KEPT_AT_MOST = 300
"""Statements that a connection keeps prepared; the one not used for longest goes first."""

LONGEST_KEPT = 16_000
"""Characters of a statement that is remembered with its numbers. One that writes many rows is longer, and new each
time."""


class KeptCursor(base.CursorMixin, RawCursor[Any]):
    """Sends values beside a statement that is always the same. psycopg would look for the places of the values in
    each long statement anew; here that is done once per text."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        """Run a statement written as everywhere in Django, its values in a sequence or by name."""
        if params is None:
            return super().execute(query, **kwargs)
        text, names = _numbered(query)
        values = [params[name] for name in names] if isinstance(params, Mapping) else params
        return super().execute(text, values, **kwargs)


def _numbered(sql: str) -> tuple[bytes, Sequence[str]]:
    """The statement with PostgreSQL's own numbers in place of `%s` and `%(name)s`, and the names by number."""
    return _kept_numbered(sql) if len(sql) <= LONGEST_KEPT else _number(sql)


def _number(sql: str) -> tuple[bytes, Sequence[str]]:
    numbers: dict[str, int] = {}
    values = count(1)

    def number(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%"
        return f"${numbers.setdefault(place[1], len(numbers) + 1) if place[1] else next(values)}"

    return re.sub(r"%(?:%|s|\((\w+)\)s)", number, sql).encode(), tuple(numbers)


_kept_numbered = lru_cache(maxsize=2 * KEPT_AT_MOST)(_number)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, which also says what a kept statement was."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The statement with its values, for logs and tests."""
        if isinstance(cursor, KeptCursor):
            return str(self.compose_sql(sql, params))
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, never through a pooled connection whose server is gone."""

    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection for this thread. Raises `PoolTimeout` (an `OperationalError`) when there is none in time."""
        connection = super().get_new_connection(conn_params)
        pool: Any = self.pool
        if pool and _is_dead(connection):
            connection.close()
            pool.putconn(connection)
            pool.check()
            connection = super().get_new_connection(conn_params)
        connection.prepared_max = KEPT_AT_MOST
        return connection

    def kept_cursor(self) -> Any:
        """A cursor that has PostgreSQL bind the values, for statements whose text is always the same."""
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = KeptCursor(self.connection)
        return self._prepare_cursor(cursor)  # type: ignore[attr-defined]  # the wrapper that counts and logs

    def until_commit(self) -> AbstractContextManager[Any]:
        """What is sent from here on goes out together with the COMMIT: nobody who waits for a lock waits for one more
        answer on its way. To be left after the transaction; what a statement breaks breaks the commit. Within a
        savepoint, of which the outcome must be known, nothing is held back."""
        return nullcontext() if self.savepoint_ids else self.connection.pipeline()


def _is_dead(connection: Any) -> bool:
    """Whether an idle connection's server has hung up."""
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))
