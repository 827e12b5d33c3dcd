"""What is done beside: tasks of the loop, of which none is forgotten, and questions to the database in threads."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import connection

from apps.live.source import AWAY

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 4
"""For what the hub asks of the database."""

log = logging.getLogger(__name__)


class Work:
    """The tasks and threads of one hub."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._threads = ThreadPoolExecutor(THREADS, "live")
        self._tasks: set[asyncio.Task[Any]] = set()

    async def stop(self) -> None:
        """End, and leave the sockets to close themselves."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown()

    def spawn(self, work: Coroutine[Any, Any, R], name: str) -> asyncio.Task[R]:
        """Do something beside. What goes wrong in it is logged, in one line if it is the database being away."""
        task = self.loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, AWAY):
            log.warning("database away", extra={"work": task.get_name(), "error": type(error).__name__})
        elif error:
            log.error("live work failed", exc_info=error, extra={"work": task.get_name()})

    async def ask(self, question: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask something of the database, in a thread. Raises what is in `AWAY` when it is away."""

        def asked() -> R:
            try:
                return question(*args, **kwargs)
            finally:
                connection.close()

        return await self.loop.run_in_executor(self._threads, asked)
