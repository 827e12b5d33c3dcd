"""Views over numbered streams, each change of which is sent whole."""

import asyncio
from typing import TYPE_CHECKING

from apps.live import frames
from apps.live.frames import Frame
from apps.live.queries import Picture, Place, draw
from apps.live.rules import Held, is_current
from apps.live.sockets import Socket
from apps.live.streams.stream import Stream

if TYPE_CHECKING:
    from apps.live.hub import Hub


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
