"""The sending half of one client: a short queue, a writer, and what happens to a client that does not read."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from autobahn.exception import Disconnected

from apps.core.policy import Actor, ActorType
from apps.live.rules import UNSENT_FRAMES, UNSENT_SIZE

if TYPE_CHECKING:
    from apps.live.streams import Stream

Send = Callable[[Any], Awaitable[None]]

CODES_OF_APPLICATIONS = 3000
"""Below this, codes by which a connection ends are the protocol's own."""


class Socket:
    """One client that frames are put to. Putting never waits; what does not fit is dropped for a whole view."""

    def __init__(self, send: Send, when_cut: Callable[["Socket", int], None]) -> None:
        self.id = uuid4().hex
        self.actor: Actor | None = None
        self.streams: dict[str, Stream] = {}
        self.counted: set[str] = set()
        self.closing: int | None = None
        self.is_recovering = False
        self._wire = Wire(send)
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
        """End the connection after what is in the queue, without waiting for a client that does not read."""
        if self.closing is None:
            self.closing = code
            self._wire.resumeProducing()
            self._news.set()

    async def write(self) -> None:
        """Send what is put, one frame after the other, until the socket is closed from here."""
        while self.closing is None or self._queue:
            if self._queue:
                await self._wire.is_free()
            if self._queue:
                frame = self._queue.popleft()
                self._size -= len(frame)
                try:
                    await self._wire.send(frame)
                except Gone:
                    return
            else:
                self._empty.set()
                self._news.clear()
                await self._news.wait()
        await self._wire.close(self.closing)

    def _cut(self) -> None:
        dropped = len(self._queue) + 1
        self._queue.clear()
        self._size = 0
        for stream in self.streams.values():
            stream.sockets.discard(self)
        self._when_cut(self, dropped)


class Gone(Exception):
    """Nobody is at the other end any more."""


class Wire:
    """The server's side of a connection, with what ASGI has no words for.

    daphne takes every frame at once and keeps them without limit; Twisted, below it, tells a registered producer
    to pause at 64 KiB. And it ends connections only with codes of applications; those of the protocol (1008 to
    1013) go by the layer below, too. Other servers let `send` itself wait and take any code.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._free = asyncio.Event()
        self._free.set()
        protocol: Any = next(iter(getattr(send, "args", ())), None)
        self._twisted = protocol if hasattr(protocol, "registerProducer") else None
        if self._twisted:
            self._twisted.unregisterProducer()
            self._twisted.registerProducer(self, True)

    async def is_free(self) -> None:
        """Wait until the client has read enough for more."""
        await self._free.wait()

    async def send(self, frame: str) -> None:
        """Hand a frame to the server. Raises `Gone` when the client has left and we were not told yet."""
        try:
            await self._send({"type": "websocket.send", "text": frame})
        except (Disconnected, OSError) as error:
            raise Gone from error

    async def close(self, code: int) -> None:
        """End the connection."""
        if self._twisted and code < CODES_OF_APPLICATIONS:
            self._twisted.sendCloseFrame(code=int(code), isReply=False)
        else:
            await self._send({"type": "websocket.close", "code": int(code)})

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's word
        """Too much is waiting."""
        self._free.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's word
        """All of it is gone."""
        self._free.set()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's word
        """The client is gone, and nothing needs to wait for it."""
        self._free.set()
