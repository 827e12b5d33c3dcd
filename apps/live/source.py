"""Where changes come from: the numbers that commands announce when they commit, and the outbox behind them."""

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import Error as DatabaseError
from django.db import connection

from apps.core.commands import NOTIFY_CHANNEL
from apps.core.errors import Unavailable
from apps.core.outbox import NEWS, Replay, news, stream_sequences
from apps.live.metrics import SOURCE
from apps.live.rules import SOURCE_CHECKED_EVERY, SOURCE_PATIENCE

if TYPE_CHECKING:
    from apps.live.hub import Hub

AWAY = (DatabaseError, psycopg.Error, OSError, TimeoutError, Unavailable)
"""What it looks like when the database is away."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two tries to reach the source."""


def listener_name() -> str:
    """What this process's listening connection calls itself in PostgreSQL."""
    return f"opd-live {os.getpid()}"


log = logging.getLogger(__name__)


class Source:
    """One connection that LISTENs, one that reads, and a look every two seconds at the numbers of all followed streams.

    The look finds what a notification may have missed, and proves that both connections are there. Without that
    proof the hub is told that the source is gone, and when it is back.
    """

    def __init__(self, hub: "Hub") -> None:
        self.is_there = True
        self._hub = hub
        self._proved = hub.loop.time()
        self._reader: psycopg.AsyncConnection[Any] | None = None

    async def read(self, followers: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Replay]:
        """What these streams told after these numbers; of which nothing was found is not there. Asked on the loop
        itself: a change that is on its way to ten thousand screens waits for no thread. Raises what is in `AWAY`."""
        if self._reader is None:
            raise Unavailable
        async with asyncio.timeout(SOURCE_PATIENCE):
            names, numbers = zip(*followers, strict=True)
            answer = await self._reader.execute(NEWS, [list(names), list(numbers)], prepare=True)
            return news(await answer.fetchall())

    async def watch(self) -> None:
        """Listen as long as the process lives, over as many connections as that takes."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with await _connect() as listener, await _connect() as self._reader:
                    await self._reader.execute("SET TIME ZONE 'UTC'")
                    await listener.execute(f"LISTEN {NOTIFY_CHANNEL}")
                    await self._prove(listener)
                    pause = FIRST_PAUSE
                    await self._listen(listener)
            except AWAY as error:
                self._lost(error)
            finally:
                self._reader = None
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def doubt(self) -> None:
        """Take the source for gone when nothing proves the contrary: a connection can also hang."""
        while True:
            await asyncio.sleep(1)
            if self._hub.loop.time() - self._proved > SOURCE_PATIENCE:
                self._lost(TimeoutError())

    async def _listen(self, listener: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for notice in listener.notifies(timeout=SOURCE_CHECKED_EVERY):
                stream, _, number = notice.payload.rpartition(":")
                if number.isdecimal():  # anybody with a connection can notify anything
                    self._hub.hear(stream, int(number))
            async with asyncio.timeout(SOURCE_PATIENCE):
                await self._prove(listener)

    async def _prove(self, listener: psycopg.AsyncConnection[Any]) -> None:
        await listener.execute("SELECT 1")
        if self._reader is not None:
            await self._reader.execute(
                "SELECT 1"
            )  # it may have ended by itself: an idle limit, a read that was given up
        for stream, number in (await self._hub.ask(stream_sequences, self._hub.numbered_names())).items():
            self._hub.hear(stream, number)
        self._proved = self._hub.loop.time()
        SOURCE.set(1)
        if not self.is_there:
            self.is_there = True
            log.info("source of changes is back")
            self._hub.source_back()

    def _lost(self, error: Exception) -> None:
        if self.is_there:
            self.is_there = False
            SOURCE.set(0)
            log.warning("source of changes is gone", extra={"error": type(error).__name__})
            self._hub.source_gone()


async def _connect() -> psycopg.AsyncConnection[Any]:
    """A connection to Django's own database, as a plain asynchronous one."""
    known = connection.get_connection_params()
    wanted = {name: value for name, value in known.items() if name not in ("cursor_factory", "context")}
    return await psycopg.AsyncConnection.connect(
        **wanted,
        autocommit=True,
        application_name=listener_name(),
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=2,
    )
