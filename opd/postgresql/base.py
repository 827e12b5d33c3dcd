"""The database backend that `settings.DATABASES` names.

A server that restarts leaves the pool full of dead connections. The pool can test each one it gives, but costs a
round trip for it and sleeps seconds between one dead connection and the next. A dead one shows without asking: its
socket has something to read although nobody asked anything. So that is looked at, and when it is so, all idle
connections are tested and replaced together, and the request goes on with a fresh one.
"""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, never through a pooled connection whose server is gone."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection for this thread. Raises `PoolTimeout` (an `OperationalError`) when there is none in time."""
        connection = super().get_new_connection(conn_params)
        pool: Any = self.pool
        if pool and _is_dead(connection):
            connection.close()
            pool.putconn(connection)
            pool.check()
            connection = super().get_new_connection(conn_params)
        return connection


def _is_dead(connection: Any) -> bool:
    """Whether an idle connection's server has hung up."""
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))
