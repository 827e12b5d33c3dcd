"""What all streams have in common."""

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from apps.core.errors import Unavailable
from apps.live.frames import Frame
from apps.live.queries import Place
from apps.live.rules import Held
from apps.live.sockets import Socket

if TYPE_CHECKING:
    from apps.live.hub import Hub
    from apps.live.streams.events import EventStream


class Stream(ABC):
    """One followed stream and the sockets on it."""

    def __init__(self, hub: "Hub", place: Place) -> None:
        self.hub = hub
        self.place = place
        self.name = place.name
        self.sockets: set[Socket] = set()
        self.sources: dict[str, EventStream] = {}
        self.empty_since = hub.loop.time()
        self.told_at = hub.loop.time()
        """When something was said to all, by the loop's clock."""
        self._work: asyncio.Task[None] | None = None

    @property
    def may_be_open(self) -> bool:
        """Whether there are streams of this kind that anybody may see."""
        return self.place.view.is_open is not None

    def add(self, socket: Socket) -> None:
        """Put a socket on the stream that has all told so far, unless it left or was closed meanwhile."""
        if socket.streams.get(self.name) is self:
            self.sockets.add(socket)
            self.wake()

    def remove(self, socket: Socket) -> None:
        """Take a socket off."""
        self.sockets.discard(socket)
        if not self.sockets:
            self.empty_since = self.hub.loop.time()

    def tell(self, frame: Frame) -> None:
        """Say the same to everybody."""
        self.told_at = self.hub.loop.time()
        for socket in tuple(self.sockets):
            socket.put(frame)

    @property
    @abstractmethod
    def number(self) -> int | None:
        """The number of the last change that was told; None before the first look."""

    @abstractmethod
    async def open(self) -> None:
        """Get ready for the first socket."""

    @abstractmethod
    async def join(self, socket: Socket, held: Held | None) -> None:
        """Send what a socket misses of the stream, then put it on."""

    @abstractmethod
    async def reassure(self) -> None:
        """After a time without news: catch up, then show everybody the whole view, changed or not."""

    def close(self) -> None:
        """Follow nothing any more."""
        for source in self.sources.values():
            source.images.discard(self)

    def is_needed(self) -> bool:
        """Whether anybody follows it."""
        return bool(self.sockets)

    @abstractmethod
    def is_behind(self) -> bool:
        """Whether something is known to have happened that was not told yet."""

    @abstractmethod
    async def step(self) -> None:
        """Tell something of what was not told yet."""

    def wake(self) -> None:
        """See to it that what was not told yet is told; nothing is done for nobody."""
        if self.is_needed() and self.is_behind():
            self._stepping()

    async def stepped(self) -> None:
        """Wait for one step. Raises `Unavailable` when it failed."""
        work = self._stepping()
        await asyncio.wait({work})
        if work.cancelled() or work.exception():
            raise Unavailable

    def _stepping(self) -> asyncio.Task[None]:
        """The one step that is under way; a new one is begun if there is none. After it the next one follows."""
        if self._work is None or self._work.done():
            self._work = self.hub.spawn(self.step(), f"live {self.name}")
            self._work.add_done_callback(self._next)
        return self._work

    def _next(self, work: asyncio.Task[None]) -> None:
        if not work.cancelled() and not work.exception():
            self.wake()
