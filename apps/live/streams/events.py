"""Numbered streams of the outbox, event by event."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from apps.core.models import OutboxEvent
from apps.core.outbox import REPLAY_AT_MOST, replay, stream_sequences
from apps.live import frames
from apps.live.events import ANNOUNCEMENTS
from apps.live.frames import Frame, Told
from apps.live.metrics import LAG
from apps.live.queries import Picture, Place, draw
from apps.live.rules import Held
from apps.live.sockets import Socket
from apps.live.source import AWAY
from apps.live.streams.own import OwnPlaces
from apps.live.streams.stream import Stream

if TYPE_CHECKING:
    from apps.live.hub import Hub


class Shown(NamedTuple):
    """A whole view as it is sent, and its number."""

    sequence: int
    frame: Frame


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
        self._shown: Shown | None = None
        self._drawing: asyncio.Task[Picture] | None = None
        self._own = OwnPlaces(self)

    @property
    def number(self) -> int | None:
        return self.sequence if self.sequence >= 0 else None

    async def open(self) -> None:
        """Begin at the present, with what was told last: after a restart all come back, and none of them costs a
        query."""
        self.sequence = await self._last_number()
        before = await self.hub.ask(replay, self.name, max(0, self.sequence - REPLAY_AT_MOST))
        told = [] if before.too_old else [Told(event) for event in before.events]
        self._recent.extend(one for one in told if one.event.sequence <= self.sequence)
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
        try:
            missed = await self.hub.news.ask((self.name, self.sequence))
        except AWAY:  # the connection on the loop, at least
            missed = None
        if missed is None:  # nor when it is not there yet, or not kept any more
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
        told = Told(event)
        self.sequence = event.sequence
        self._recent.append(told)
        self.told_at = self.hub.loop.time()
        for socket in tuple(self.sockets):
            socket.put(told.to_staff if socket.is_staff else told.to_public)
        if event.type in ANNOUNCEMENTS:
            announced = frames.announced(event)
            for image in self.images:
                image.tell(announced)
        self._own.wake()
        LAG.observe(max(0.0, (timezone.now() - event.occurred_at).total_seconds()))

    async def _show_whole(self) -> None:
        """Go on from the present: more was missed than is worth telling one by one."""
        while (shown := await self._drawn()).sequence < self.sequence:
            pass  # more was told while it was drawn
        if shown.sequence > self.sequence:
            self._recent.clear()
        self.sequence = shown.sequence
        self.heard = max(self.heard, self.sequence)
        self.tell(shown.frame)
        self._own.wake()

    async def _drawn(self) -> Shown:
        """The whole view, drawn once for all who want it at the same number."""
        if self._shown is None or self._shown.sequence < self.sequence:
            if self._drawing is None or self._drawing.done():
                self._drawing = self.hub.spawn(self.hub.ask(draw, self.place), f"live {self.name} drawing")
            await asyncio.wait({self._drawing})
            picture = self._drawing.result()
            self._shown = Shown(picture.sequence, frames.whole(picture))
        return self._shown

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
            missed = [] if found.too_old else [Told(event) for event in found.events]
        if not missed:
            shown = await self._drawn()
            socket.answer(shown.frame)
            return shown.sequence
        for told in missed:
            socket.answer(told.to_staff if socket.is_staff else told.to_public)
        return missed[-1].event.sequence

    def _kept_after(self, number: int) -> list[Told] | None:
        """What is kept of the events after a number; None when some of them are not."""
        missing = self.sequence - number
        return list(self._recent)[-missing:] if 0 < missing <= len(self._recent) else None

    def add(self, socket: Socket) -> None:
        socket.place = None
        super().add(socket)
        if socket.subject_id:
            self._own.wake()

    def event(self, number: int) -> OutboxEvent | None:
        """The event of a number, if it is still kept."""
        back = number - self.sequence - 1
        return self._recent[back].event if -len(self._recent) <= back < 0 else None

    async def _last_number(self) -> int:
        numbers = await self.hub.ask(stream_sequences, [self.name])
        return numbers[self.name]
