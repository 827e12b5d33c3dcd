"""What holders of links are told of their own place while a queue moves: drawn for all of them at once."""

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import UUID

from apps.live import frames
from apps.live.queries import own_places
from apps.live.rules import FETCHES_APART, OWN_PLACES_APART, OWN_PLACES_SHARE
from apps.live.sockets import Socket
from apps.live.source import AWAY

if TYPE_CHECKING:
    from apps.live.streams.events import EventStream


class OwnPlaces:
    """Tells each holder of a link on a stream where they stand, when that has changed, and when to fetch their page
    anew: so that a hall of phones asks for nothing at each call, and never all at once (ADR 54)."""

    def __init__(self, stream: "EventStream") -> None:
        self._stream = stream
        self._moved = False
        self._not_before = 0.0
        self._work: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """The stream has moved, or somebody has come: see to it that all are told."""
        if self._stream.place.view.own_places is None or not self._stream.sockets:
            return
        self._moved = True
        if self._work is None or self._work.done():
            self._work = self._stream.hub.spawn(self._go_on(), f"live {self._stream.name} own places")

    async def _go_on(self) -> None:
        loop = self._stream.hub.loop
        while self._moved:
            await asyncio.sleep(self._not_before - loop.time())
            self._moved, began = False, loop.time()
            try:
                await self._tell()
            except AWAY:
                self._moved = True
            self._not_before = loop.time() + max(OWN_PLACES_APART, (loop.time() - began) * OWN_PLACES_SHARE)

    async def _tell(self) -> None:
        """Tell those of whom something has changed; the nearest first, where their pages have to be fetched."""
        if not self._stream.hub.source.is_there:
            return  # nothing is known to be right; when it is there again, all are told
        by_subject: dict[UUID, list[Socket]] = defaultdict(list)
        for socket in self._stream.sockets:
            if socket.subject_id:
                by_subject[socket.subject_id].append(socket)
        if not by_subject:
            return
        places = await self._stream.hub.ask(own_places, self._stream.place, list(by_subject))
        now, turn = self._stream.hub.loop.time(), 0
        for subject_id, place in sorted(places.items(), key=lambda one: one[1].rank):
            for socket in by_subject[subject_id]:
                if socket not in self._stream.sockets or place == socket.place:
                    continue
                if socket.place is None or socket.place.page != place.page:
                    mine = now + turn * FETCHES_APART / 1000
                    socket.fetches_at = min(socket.fetches_at, mine) if socket.fetches_at > now else mine
                    turn += 1
                socket.place = place
                socket.put(frames.own_place(place, max(0, round((socket.fetches_at - now) * 1000))))
