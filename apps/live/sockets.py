"""The sending half of one client, and what happens to a client that does not read."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from apps.core.policy import Actor, ActorType
from apps.live.frames import Frame
from apps.live.greeting import GreetingProtocol
from apps.live.rules import UNSENT_FRAMES, UNSENT_SIZE

if TYPE_CHECKING:
    from apps.live.queries import OwnPlace
    from apps.live.streams import Stream

Send = Callable[[Any], Awaitable[None]]


class Gone(Exception):
    """Nobody is at the other end any more, and we were not told yet."""


class Socket(ABC):
    """One client that frames are put to. Putting never waits; what does not fit is dropped for a whole view."""

    __slots__ = (
        "_send",
        "_when_cut",
        "_work",
        "actor",
        "closing",
        "counted",
        "fetches_at",
        "id",
        "is_recovering",
        "place",
        "streams",
    )

    def __init__(self, send: Send, when_cut: Callable[["Socket", int], None]) -> None:
        self.id = uuid4().hex
        self.actor: Actor | None = None
        self.streams: dict[str, Stream] = {}
        self.counted: set[str] = set()
        self.closing: int | None = None
        self.is_recovering = False
        self.place: OwnPlace | None = None
        """What was told of the own place last; None where nothing was, or what was is not known to have come."""
        self.fetches_at = 0.0
        """When the page that was told last may be fetched, by the loop's clock; news in between do not hurry it."""
        self._send = send
        self._when_cut = when_cut
        self._work: asyncio.Task[None] | None = None

    @property
    def is_staff(self) -> bool:
        """Whether somebody of the staff looks."""
        return self.actor is not None and self.actor.type is ActorType.STAFF

    @property
    def subject_id(self) -> UUID | None:
        """What the link was made for by which somebody came; None for anybody else."""
        return self.actor.subject_id if self.actor and not self.is_staff else None

    @abstractmethod
    def put(self, frame: Frame) -> None:
        """Send a frame of a stream, or cut this socket off its streams when it has not read the ones before."""

    @abstractmethod
    def answer(self, frame: Frame) -> None:
        """Send a frame that this client asked for, however many wait. Whoever sends several waits in between."""

    @abstractmethod
    async def read_by_client(self) -> None:
        """Wait until all that was put has been taken by the client's machine, or by what lies before it."""

    @property
    @abstractmethod
    def unsent(self) -> int:
        """Bytes, or characters, that were put and not taken yet."""

    @abstractmethod
    def close(self, code: int) -> None:
        """End the connection after what was put. A client that does not read is given up by the consumer."""

    def leave(self) -> None:
        """The client is gone: nothing more is sent."""
        if self._work:
            self._work.cancel()

    async def _tell(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except (OSError, RuntimeError) as error:  # the second: the server has closed it, for what the client sent
            raise Gone from error

    def _cut(self, dropped: int) -> None:
        for stream in self.streams.values():
            stream.sockets.discard(self)
        self._when_cut(self, dropped)


class DirectSocket(Socket):
    """A client of our own server, whose transport is written to: the same bytes to everybody, and nothing in between.

    ADR 45. The transport counts what the client's machine has not taken; the server still writes its own frames.
    """

    __slots__ = ("_protocol", "_transport")

    def __init__(self, protocol: GreetingProtocol, when_cut: Callable[[Socket, int], None]) -> None:
        super().__init__(protocol.send, when_cut)
        self._protocol = protocol
        self._transport = protocol.transport
        self._transport.set_write_buffer_limits(high=UNSENT_SIZE // 2)  # `read_by_client` waits well before a cut

    def put(self, frame: Frame) -> None:
        if self.closing is not None or self._transport.is_closing():
            return
        unsent = self._transport.get_write_buffer_size()
        if unsent and unsent + len(frame.wire) > UNSENT_SIZE:
            self._cut(1)
        else:
            self._transport.write(frame.wire)

    def answer(self, frame: Frame) -> None:
        if self.closing is None and not self._transport.is_closing():
            unsaid, self._protocol.unsaid = self._protocol.unsaid, b""
            self._transport.write(unsaid + frame.wire)

    @property
    def unsent(self) -> int:
        return self._transport.get_write_buffer_size()

    async def read_by_client(self) -> None:
        await asyncio.sleep(0)  # whoever says a lot waits behind the others each time
        await self._protocol.writable.wait()

    def close(self, code: int) -> None:
        if self.closing is None:
            self.closing = code
            self._work = asyncio.get_running_loop().create_task(self._say_goodbye(code))

    async def _say_goodbye(self, code: int) -> None:
        with suppress(Gone):
            await self._tell({"type": "websocket.close", "code": int(code)})


class QueuedSocket(Socket):
    """A client of any other server: a short queue and a task that hands it over frame by frame."""

    __slots__ = ("_empty", "_news", "_queue", "_size")

    def __init__(self, send: Send, when_cut: Callable[[Socket, int], None]) -> None:
        super().__init__(send, when_cut)
        self._queue: deque[str] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._work = asyncio.get_running_loop().create_task(self._write())

    def put(self, frame: Frame) -> None:
        if self.closing is not None:
            return
        if self._queue and (len(self._queue) >= UNSENT_FRAMES or self._size + len(frame) > UNSENT_SIZE):
            dropped = len(self._queue) + 1
            self._queue.clear()
            self._size = 0
            self._cut(dropped)
        else:
            self.answer(frame)

    def answer(self, frame: Frame) -> None:
        self._queue.append(frame)
        self._size += len(frame)
        self._empty.clear()
        self._news.set()

    @property
    def unsent(self) -> int:
        return self._size

    async def read_by_client(self) -> None:
        await self._empty.wait()

    def close(self, code: int) -> None:
        if self.closing is None:
            self.closing = code
            self._news.set()

    async def _write(self) -> None:
        """Send what is put, one frame after the other, until the socket is closed from here or the client is gone.

        A server lets `send` wait while the client does not read.
        """
        with suppress(Gone):
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


def socket_of(send: Send, when_cut: Callable[[Socket, int], None]) -> Socket:
    """The client behind a server's `send`: written to directly where that is known to be right."""
    protocol = getattr(send, "__self__", None)
    if isinstance(protocol, GreetingProtocol) and not protocol.conn.extensions:
        return DirectSocket(protocol, when_cut)
    return QueuedSocket(send, when_cut)
