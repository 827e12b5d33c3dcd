"""Many who ask the same kind of thing at once cost one question."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from apps.live.hub import Hub

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

TOGETHER = 250
"""Asked about in one question: enough that ten thousand who come back at once are forty questions, and few enough
that nobody waits for long."""

MANY = 4
"""In one question: then more are coming."""


class Together(Generic[K, V]):
    """A question to the database about one of many. Whoever asks while one is under way is in the next one.

    `ask_of` gets what is asked about, each once, and answers for those of which there is something to say; `pause` is
    how many seconds others are waited for, where a question costs more than they do: four times as long while many
    come.
    """

    def __init__(
        self, hub: "Hub", ask_of: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], pause: float = 0.0
    ) -> None:
        self._hub = hub
        self._pause = pause
        self._ask_of = ask_of
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._last = 0

    async def ask(self, about: K) -> V | None:
        """What there is to say about one. Raises what is in `AWAY`."""
        answer = self._waiting.get(about)
        if answer is None:
            answer = self._waiting[about] = self._hub.loop.create_future()
        if self._asking is None or self._asking.done():
            self._asking = self._hub.spawn(self._ask(), "live questions")
        return await asyncio.shield(answer)

    async def _ask(self) -> None:
        while self._waiting:
            waiting: dict[K, asyncio.Future[V | None]] = {}
            try:
                if self._pause and len(self._waiting) < TOGETHER:
                    await asyncio.sleep(self._pause * (4 if self._last >= MANY else 1))
                waiting = {about: self._waiting.pop(about) for about in list(islice(self._waiting, TOGETHER))}
                self._last = len(waiting)
                answers = await self._ask_of(list(waiting))
            except Exception as error:
                _refuse(waiting, error)
            except BaseException:  # the process ends, and with it everybody's patience
                _refuse(waiting | self._waiting, TimeoutError())
                raise
            else:
                for about, answer in waiting.items():
                    answer.set_result(answers.get(about))


def _refuse(waiting: Mapping[K, "asyncio.Future[V | None]"], error: Exception) -> None:
    for answer in waiting.values():
        answer.set_exception(error)
        answer.exception()  # whoever asked may have left
