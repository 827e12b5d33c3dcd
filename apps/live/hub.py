"""The hub: one in each process that has sockets. It hears of a change once and tells all of them.

Redis has no part in this, and nothing here is needed after a restart: a client says what it has, and gets the rest.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings

from apps.core.errors import NotFound, TooMany, sentence
from apps.core.policy import Actor
from apps.live import frames
from apps.live.access import keep_checking
from apps.live.metrics import CONNECTIONS, DROPPED, STREAMS, UNSENT
from apps.live.queries import Picture, Place, actors_now, admit, draw, find, guests, numbers_of, places
from apps.live.rules import (
    EMPTY_KEPT,
    HEARTBEAT_EVERY,
    NOTHING_USABLE,
    SOURCE_CHECKED_EVERY,
    Close,
    Held,
)
from apps.live.sockets import Send, Socket, socket_of
from apps.live.source import AWAY, Source
from apps.live.streams import EventStream, Image, Stream
from apps.live.together import Together
from apps.live.work import Work

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

OTHERS_WAITED_FOR = 0.015
"""Seconds that somebody who comes is kept, so that those who come in the same moment are asked about with them."""


class TooManySockets(TooMany):
    code = "too_many_sockets"
    detail = sentence("Too many screens are open at once. Close one of them.")


class Hub(Work):
    """The sockets of a process and the streams they are on; all of it on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.began = time.monotonic()
        self.source = Source(self)
        self.sockets: set[Socket] = set()
        self.streams: dict[str, Stream] = {}
        self.dropped = 0
        self.news = Together(self, self.source.read)
        self.guests = Together(self, partial(self._ask_of_many, guests), OTHERS_WAITED_FOR)
        self.holders = Together(self, partial(self._ask_of_many, actors_now), OTHERS_WAITED_FOR)
        self.places = Together(self, partial(self._ask_of_many, places))
        self.open_to_all: set[str] = set()
        """Followed streams that anybody may see, as of the last check."""
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._open_by: Counter[str] = Counter()

    # --- work ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to listen."""
        watching = {"watch": self.source.watch(), "doubt": self.source.doubt(), "access": keep_checking(self)}
        for name, work in (watching | {"beat": self._beat()}).items():
            self.spawn(work, f"live {name}")

    async def _ask_of_many(self, question: Callable[[Sequence[K]], Mapping[K, V]], some: Sequence[K]) -> Mapping[K, V]:
        return await self.ask(question, some)

    async def _beat(self) -> None:
        """Give signs of life of every stream that was silent, as long as there is life in the source; forget what
        nobody follows."""
        while True:
            await asyncio.sleep(HEARTBEAT_EVERY / 8)
            for stream in tuple(self.streams.values()):
                silent = self.loop.time() - stream.told_at >= HEARTBEAT_EVERY
                if silent and self.source.is_there and stream.sockets:
                    stream.tell(frames.heartbeat(stream.name, stream.number))
                if not stream.is_needed() and self.loop.time() - stream.empty_since > EMPTY_KEPT:
                    stream.close()
                    del self.streams[stream.name]
            STREAMS.set(len(self.streams))
            UNSENT.set(sum(socket.unsent for socket in self.sockets))

    # --- what the source tells -----------------------------------------------------------------------------------

    def numbered_names(self) -> list[str]:
        """The numbered streams that somebody follows, or looks at a view of."""
        return [name for name, stream in self.streams.items() if isinstance(stream, EventStream)]

    def hear(self, name: str, sequence: int) -> None:
        """A numbered stream has come to this number."""
        stream = self.streams.get(name)
        if isinstance(stream, EventStream):
            stream.hear(sequence)
            for image in stream.images:
                image.wake()

    def source_gone(self) -> None:
        """Tell every screen that what it shows may be old."""
        for socket in self.sockets:
            if socket.streams:
                socket.put(frames.STALE)

    def source_back(self) -> None:
        """Tell every screen what it missed, and that it is right again."""
        for stream in self.streams.values():
            if stream.sockets:
                self.spawn(self._reassure(stream), f"live {stream.name} again")

    async def _reassure(self, stream: Stream) -> None:
        while self.source.is_there:
            try:
                return await stream.reassure()
            except AWAY:
                await asyncio.sleep(SOURCE_CHECKED_EVERY)
        return None

    # --- sockets -------------------------------------------------------------------------------------------------

    def enter(self, send: Send, address: str) -> Socket:
        """A new client. Raises `TooManySockets`."""
        socket = socket_of(send, self._cut)
        try:
            self._count(socket, f"address {address}", settings.LIVE_SOCKETS_PER_ADDRESS)
        except TooManySockets:
            socket.leave()
            raise
        self.sockets.add(socket)
        CONNECTIONS.set(len(self.sockets))
        return socket

    def identify(self, socket: Socket, actor: Actor) -> None:
        """Now it is known who a client is. Raises `TooManySockets`."""
        person = f"{actor.type} {actor.id or actor.credential_id}"
        if person not in socket.counted:
            self._count(socket, person, settings.LIVE_SOCKETS_PER_PERSON)
        socket.actor = actor

    def _count(self, socket: Socket, whose: str, at_most: int) -> None:
        if self._open_by[whose] >= at_most * settings.RATE_SCALE:
            raise TooManySockets
        self._open_by[whose] += 1
        socket.counted.add(whose)

    def leave(self, socket: Socket) -> None:
        """A client is gone."""
        socket.leave()
        for name in tuple(socket.streams):
            self.quit(socket, name)
        for whose in socket.counted:
            self._open_by[whose] -= 1
            if not self._open_by[whose]:
                del self._open_by[whose]
        self.sockets.discard(socket)
        CONNECTIONS.set(len(self.sockets))

    async def join(self, socket: Socket, name: str, held: Held | None) -> None:
        """Put a client on a stream that it may see, with all it missed. Raises what `admit` does."""
        known = self.streams.get(name) if name in self.open_to_all else None
        if known is None:
            actor = socket.actor
            known = await self.follow(await self.ask(admit, actor, name))
            if socket.actor is not actor:
                await self.ask(admit, socket.actor, name)  # somebody became another while we asked
        await self._seat(socket, await self.follow(known.place), held)

    async def join_own(self, socket: Socket, name: str, held: Held | None) -> None:
        """Put the holder of a link on the stream that was just found to be theirs."""
        known = self.streams.get(name)
        place = known.place if known else await self.places.ask(name)
        if place is None:
            raise NotFound
        await self._seat(socket, await self.follow(place), held)

    async def _seat(self, socket: Socket, stream: Stream, held: Held | None) -> None:
        self.quit(socket, stream.name)
        socket.streams[stream.name] = stream
        socket.answer(frames.encode("queue-joined", roomId=stream.name, sequence=stream.number))
        await self._put_on(socket, stream, held)

    async def _put_on(self, socket: Socket, stream: Stream, held: Held | None) -> None:
        await stream.join(socket, held)
        if not self.source.is_there:
            socket.answer(frames.STALE)

    def quit(self, socket: Socket, name: str) -> None:
        """Take a client off a stream, if it is on it."""
        if stream := socket.streams.pop(name, None):
            stream.remove(socket)

    def _cut(self, socket: Socket, dropped: int) -> None:
        self.dropped += dropped
        DROPPED.inc(dropped)
        if not socket.is_recovering:
            socket.is_recovering = True
            self.spawn(self._recover(socket), "live slow socket")

    async def _recover(self, socket: Socket) -> None:
        """Once a slow client reads again, show it the whole of every stream it was cut off."""
        try:
            while lost := [s for s in socket.streams.values() if socket not in s.sockets]:
                await socket.read_by_client()
                await self._put_on(socket, lost[0], NOTHING_USABLE)
        except AWAY:
            socket.close(Close.TRY_LATER)
        finally:
            socket.is_recovering = False

    # --- streams -------------------------------------------------------------------------------------------------

    async def follow(self, place: Place) -> Stream:
        """A stream, ready for sockets. Raises what is in `AWAY`."""
        name = place.name
        if name not in self.streams:
            self.streams[name] = (Image if place.view.streams_of else EventStream)(self, place)
            self._opening[name] = self.spawn(self._open(self.streams[name]), f"live {name} opening")
        stream = self.streams[name]
        if opening := self._opening.get(name):
            await asyncio.wait({opening})
            opening.result()
        return stream

    async def _open(self, stream: Stream) -> None:
        try:
            await stream.open()
        except BaseException:
            self.streams.pop(stream.name).close()
            raise
        finally:
            del self._opening[stream.name]

    async def numbered(self, name: str) -> EventStream:
        """The numbered stream of this name. Raises `NotFound` when no view is registered for its kind."""
        stream = await self.follow(await self.ask(find, name))
        assert isinstance(stream, EventStream)
        return stream

    async def picture(self, place: Place) -> Picture:
        """The whole of a stream as the database has it now; drawn anew only if it changed."""
        known = self.streams.get(place.name)
        if isinstance(known, Image) and known.picture and await self.ask(numbers_of, place) == known.picture.numbers:
            return known.picture
        return await self.ask(draw, place)

    def statistics(self, facility_id: UUID | None) -> dict[str, Any]:
        """How much goes through this process, and the streams of one facility. Safe to call from any thread."""
        rooms = [s for s in tuple(self.streams.values()) if s.place.facility_id == facility_id and s.sockets]
        return {
            "connections": len(self.sockets),
            "streams": len(self.streams),
            "dropped": self.dropped,
            "uptimeSeconds": int(time.monotonic() - self.began),
            "live": self.source.is_there,
            "rooms": [
                {"roomId": s.name, "connections": len(s.sockets), "sequence": s.number}
                for s in sorted(rooms, key=lambda s: s.name)
            ],
        }


_hub: Hub | None = None


def here() -> Hub:
    """The hub of the running event loop, which is that of the process; begun when the first socket comes."""
    global _hub
    loop = asyncio.get_running_loop()
    if _hub is None or _hub.loop is not loop:
        _hub = Hub(loop)
        _hub.start()
    return _hub


def statistics(facility_id: UUID | None) -> dict[str, Any]:
    """`Hub.statistics` of this process, all zero where no socket ever came."""
    if _hub is None:
        return {"connections": 0, "streams": 0, "dropped": 0, "uptimeSeconds": 0, "live": False, "rooms": []}
    return _hub.statistics(facility_id)
