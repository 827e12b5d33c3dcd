"""The streams that somebody follows in this process: who is on them, and what all of those are told.

An `EventStream` sends each event of a numbered stream, an `Image` the whole of a view whenever a numbered stream
below it moved. Whatever is told is made once and put to every socket. All of this runs on the one event loop, so
that between two `await`s nothing changes: a socket is put on a stream in the very step in which it has all that
the stream has told, and so misses nothing and gets nothing twice.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from django.utils import timezone

from apps.core.errors import Unavailable
from apps.core.models import OutboxEvent
from apps.core.outbox import REPLAY_AT_MOST, replay, stream_sequences
from apps.live import frames
from apps.live.events import ANNOUNCEMENTS
from apps.live.frames import Frame, Told
from apps.live.metrics import LAG
from apps.live.queries import Picture, Place, draw
from apps.live.rules import Held, is_current
from apps.live.sockets import Socket

if TYPE_CHECKING:
    from apps.live.hub import Hub


class Stream(ABC):
    """One followed stream and the sockets on it."""

    def __init__(self, hub: "Hub", place: Place) -> None:
        self.hub = hub
        self.place = place
        self.name = place.name
        self.sockets: set[Socket] = set()
        self.sources: dict[str, EventStream] = {}
        self.empty_since = hub.loop.time()
        self._work: asyncio.Task[None] | None = None

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


class EventStream(Stream):
    """A numbered stream of the outbox: its events, one by one, in order, without a gap.

    The newest ones are kept, so that those who lost their connection for a moment cost no query.
    """

    def __init__(self, hub: "Hub", place: Place) -> None:
        super().__init__(hub, place)
        self.images: set[Stream] = set()
        self.sequence = -1
        self.heard = -1
        self._recent: deque[Told] = deque(maxlen=REPLAY_AT_MOST)

    @property
    def number(self) -> int | None:
        return self.sequence if self.sequence >= 0 else None

    async def open(self) -> None:
        self.sequence = await self._last_number()
        self.wake()

    def hear(self, sequence: int) -> None:
        """The stream has come to this number: read on from where we are."""
        self.heard = max(self.heard, sequence)
        self.wake()

    def is_needed(self) -> bool:
        return bool(self.sockets or self.images)

    def is_behind(self) -> bool:
        return 0 <= self.sequence < self.heard

    async def step(self) -> None:
        missed = await self.hub.ask(replay, self.name, self.sequence)
        if missed.too_old or not missed.events:
            await self._show_whole()
        for event in missed.events:
            if event.sequence == self.sequence + 1:
                self._publish(event)
        for image in tuple(self.images):
            image.wake()

    async def read_up_to(self, sequence: int) -> None:
        """Wait until the events up to a number that is known to exist were told. Raises `Unavailable`."""
        self.hear(sequence)
        while self.sequence < sequence:
            await self.stepped()

    def _publish(self, event: OutboxEvent) -> None:
        told = frames.told(event)
        self.sequence = event.sequence
        self._recent.append(told)
        for socket in tuple(self.sockets):
            socket.put(told.to_staff if socket.is_staff else told.to_public)
        if event.type in ANNOUNCEMENTS:
            announced = frames.announced(event)
            for image in self.images:
                image.tell(announced)
        LAG.observe(max(0.0, (timezone.now() - event.occurred_at).total_seconds()))

    async def _show_whole(self) -> None:
        """Go on from the present: more was missed than is worth telling one by one."""
        while (picture := await self.hub.ask(draw, self.place)).sequence < self.sequence:
            pass  # more was told while it was drawn
        if picture.sequence > self.sequence:
            self._recent.clear()
        self.sequence = picture.sequence
        self.heard = max(self.heard, self.sequence)
        self.tell(frames.whole(picture))

    async def reassure(self) -> None:
        await self.read_up_to(self.heard)
        await self._show_whole()

    async def join(self, socket: Socket, held: Held | None) -> None:
        has: int | None = self.sequence
        if held is not None:
            has = held.numbers[0] if held.stream == self.name and len(held.numbers) == 1 else None
        while has != self.sequence:
            if has is not None and self.sequence < has <= (last := await self._last_number()):
                await self.read_up_to(last)
            else:
                has = await self._send_missed(socket, has)
                await socket.read_by_client()
        self.add(socket)

    async def _send_missed(self, socket: Socket, has: int | None) -> int:
        """Send what came after a number, from memory or from the outbox, or else the whole view; what it has now."""
        missed = self._kept_after(has) if has is not None else None
        if has is not None and missed is None:
            found = await self.hub.ask(replay, self.name, has)
            missed = [] if found.too_old else [frames.told(event) for event in found.events]
        if not missed:
            picture = await self.hub.ask(draw, self.place)
            socket.answer(frames.whole(picture))
            return picture.sequence
        for told in missed:
            socket.answer(told.to_staff if socket.is_staff else told.to_public)
        return missed[-1].event.sequence

    def _kept_after(self, number: int) -> list[Told] | None:
        """What is kept of the events after a number; None when some of them are not."""
        missing = self.sequence - number
        return list(self._recent)[-missing:] if 0 < missing <= len(self._recent) else None

    def event(self, number: int) -> OutboxEvent | None:
        """The event of a number, if it is still kept."""
        back = number - self.sequence - 1
        return self._recent[back].event if -len(self._recent) <= back < 0 else None

    async def _last_number(self) -> int:
        numbers = await self.hub.ask(stream_sequences, [self.name])
        return numbers[self.name]


class Image(Stream):
    """A view over numbered streams: drawn once per change, and not more often than its window allows."""

    def __init__(self, hub: "Hub", place: Place) -> None:
        super().__init__(hub, place)
        self.picture: Picture | None = None
        self._whole = Frame()
        self._drawn_at = hub.loop.time() - 60

    @property
    def number(self) -> int | None:
        return self.picture.sequence if self.picture else None

    async def open(self) -> None:
        await self._draw()

    def is_behind(self) -> bool:
        if self.picture is None:
            return True
        numbers = self.picture.numbers
        return any(source.sequence > numbers.get(name, -1) for name, source in self.sources.items())

    async def step(self) -> None:
        await asyncio.sleep(self._drawn_at + self.place.view.coalesce_ms / 1000 - self.hub.loop.time())
        before = self.picture
        await self._draw()
        if before is None or self.picture is None or before.numbers != self.picture.numbers:
            self.tell(self._news_since(before))

    async def _draw(self) -> None:
        """Draw the picture, and see to it that the events it follows were read."""
        self._drawn_at = self.hub.loop.time()
        picture = await self.hub.ask(draw, self.place)
        await self._follow(picture)
        for name, number in picture.numbers.items():
            await self.sources[name].read_up_to(number)
        self.picture = picture
        self._whole = frames.whole(picture)

    async def _follow(self, picture: Picture) -> None:
        """Follow the numbered streams of this picture, and no others."""
        for name in self.sources.keys() - picture.numbers.keys():
            self.sources.pop(name).images.discard(self)
        for name in picture.numbers.keys() - self.sources.keys():
            self.sources[name] = await self.hub.numbered(name)
            self.sources[name].images.add(self)

    def _news_since(self, before: Picture | None) -> Frame:
        """The frame of a change: with the last event it follows, where that is known and the streams are the same."""
        picture = self.picture
        if picture is None or before is None or before.numbers.keys() != picture.numbers.keys():
            return self._whole
        moved = [(name, number) for name, number in picture.numbers.items() if number != before.numbers[name]]
        events = [event for name, number in moved if (event := self.sources[name].event(number))]
        last = max(events, key=lambda event: event.occurred_at, default=None)
        return frames.drawn(picture, last) if last else self._whole

    async def reassure(self) -> None:
        for source in tuple(self.sources.values()):
            await source.read_up_to(source.heard)
        if self.is_behind():
            await self.stepped()
        self.tell(self._whole)

    async def join(self, socket: Socket, held: Held | None) -> None:
        if self.is_behind() and not self.sockets:
            await self.stepped()  # with sockets, somebody sees to it already
        assert self.picture is not None
        if not is_current(held, self.name, self.picture.numbers):
            socket.answer(self._whole)
        self.add(socket)
