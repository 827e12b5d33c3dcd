"""The sending half of one client: a short queue, a writer, and what happens to a client that does not read."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from apps.core.policy import Actor, ActorType
from apps.live.rules import UNSENT_FRAMES, UNSENT_SIZE

if TYPE_CHECKING:
    from apps.live.streams import Stream

Send = Callable[[Any], Awaitable[None]]


class Gone(Exception):
    """Nobody is at the other end any more, and we were not told yet."""


class Socket:
    """One client that frames are put to. Putting never waits; what does not fit is dropped for a whole view."""

    def __init__(self, send: Send, when_cut: Callable[["Socket", int], None]) -> None:
        self.id = uuid4().hex
        self.actor: Actor | None = None
        self.streams: dict[str, Stream] = {}
        self.counted: set[str] = set()
        self.closing: int | None = None
        self.is_recovering = False
        self._send = send
        self._when_cut = when_cut
        self._queue: deque[str] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def is_staff(self) -> bool:
        """Whether somebody of the staff looks."""
        return self.actor is not None and self.actor.type is ActorType.STAFF

    def put(self, frame: str) -> None:
        """Send a frame of a stream, or cut this socket off its streams when it has not read the ones before."""
        if self.closing is not None:
            return
        if self._queue and (len(self._queue) >= UNSENT_FRAMES or self._size + len(frame) > UNSENT_SIZE):
            self._cut()
        else:
            self.answer(frame)

    def answer(self, frame: str) -> None:
        """Send a frame that this client asked for, however many wait. Whoever sends several waits in between."""
        self._queue.append(frame)
        self._size += len(frame)
        self._empty.clear()
        self._news.set()

    async def read_by_client(self) -> None:
        """Wait until all that was put has been taken by the client's machine, or by what lies before it."""
        await self._empty.wait()

    def close(self, code: int) -> None:
        """End the connection after what is in the queue. A client that does not read is given up by the consumer."""
        if self.closing is None:
            self.closing = code
            self._news.set()

    async def write(self) -> None:
        """Send what is put, one frame after the other, until the socket is closed from here or the client is gone.

        The server lets `send` wait while the client does not read.
        """
        try:
            while self.closing is None or self._queue:
                if self._queue:
                    frame = self._queue.popleft()
                    self._size -= len(frame)
                    await self._tell({"type": "websocket.send", "text": frame})
                else:
                    self._empty.set()
                    self._news.clear()
                    await self._news.wait()
            await self._tell({"type": "websocket.close", "code": int(self.closing)})
        except Gone:
            return

    async def _tell(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except (OSError, RuntimeError) as error:  # the second: the server has closed it, for what the client sent
            raise Gone from error

    def _cut(self) -> None:
        dropped = len(self._queue) + 1
        self._queue.clear()
        self._size = 0
        for stream in self.streams.values():
            stream.sockets.discard(self)
        self._when_cut(self, dropped)
