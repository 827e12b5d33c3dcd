"""The talk with one client: what it may ask, how it is answered, and when it is ended. What it is told is the hub's.

Whatever a client sends, it gets an `error` frame or is closed; nothing of it reaches the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.utils import timezone

from apps.accounts.queries import credential_of_ticket
from apps.core.addresses import address_of_scope
from apps.core.errors import DomainError, Forbidden, NotFound, TooMany, Unauthenticated, Unavailable, sentence
from apps.core.policy import Actor, Permission, Policy
from apps.live import frames
from apps.live.hub import Hub, TooManySockets, here
from apps.live.queries import admit, held_of_event
from apps.live.rules import (
    FIRST_FRAME_WITHIN,
    FRAMES_PER_MINUTE,
    IDLE_AFTER,
    JOIN_WITHIN,
    LARGEST_FRAME,
    NOTHING_USABLE,
    STREAMS_PER_SOCKET,
    BadFrame,
    Close,
    Held,
    read_frame,
    read_held,
    split_name,
)
from apps.live.sockets import Socket
from apps.live.source import AWAY

Frame = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]


class TooManyStreams(TooMany):
    code = "too_many_streams"
    detail = sentence("One screen cannot follow that many queues.")


class LiveConsumer(AsyncConsumer):
    """Base of the sockets: reads frames one by one and answers each; `policy` says for every type who may send it.

    Channels' own loop is not used: it would subscribe every socket to Redis and hop to a thread for every frame.
    """

    policy: ClassVar[Mapping[str, Policy]] = {}
    offers: ClassVar[frozenset[str]] = frozenset()
    """The kinds of streams that can be subscribed to here."""

    hub: Hub
    socket: Socket
    own = ""
    """The stream that belongs to the link shown last."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        await receive()  # websocket.connect, before anything else
        await send({"type": "websocket.accept"})
        self.hub = here()
        self.began = self.minute = self.hub.loop.time()
        self.frames = 0
        try:
            self.socket = self.hub.enter(send, address_of_scope(scope))
        except TooManySockets as error:
            await send({"type": "websocket.send", "text": frames.refused(error)})
            await send({"type": "websocket.close", "code": int(Close.TOO_MANY)})
            return
        try:
            await self._greet(scope)
            while message := await self._next(receive):
                await self._hear(message)
        finally:
            self.hub.leave(self.socket)

    async def _greet(self, scope: dict[str, Any]) -> None:
        try:
            actor = await self.opened_by(scope)
            if actor:
                self.hub.identify(self.socket, actor)
            self.socket.answer(frames.encode("connected", clientId=self.socket.id))
        except TooManySockets as error:
            self._end(error, Close.TOO_MANY)
        except AWAY:
            self._end(Unavailable(), Close.TRY_LATER)

    async def opened_by(self, scope: dict[str, Any]) -> Actor | None:
        """Who opens a socket, by the cookies or bearer token of its handshake; here everybody is nobody at first."""
        return None

    async def _next(self, receive: Receive) -> dict[str, Any] | None:
        """The next message of the client; None once it is gone, or was told to go and did not answer."""
        while True:
            try:
                message = await self._received(receive, self._patience())
            except TimeoutError:
                if self.socket.closing is not None:
                    return None
                self.socket.close(Close.IDLE if self._is_known() else Close.NO_ACCESS)
                continue
            if message["type"] == "websocket.disconnect":
                return None
            if self.socket.closing is None:
                return message

    @staticmethod
    async def _received(receive: Receive, patience: float) -> dict[str, Any]:
        """The next message. Raises `TimeoutError`, also at the end of patience with somebody who never stops to talk:
        there what comes is there at once, and a timeout alone would never have its turn."""
        if patience <= 0:
            raise TimeoutError
        async with asyncio.timeout(patience):
            return await receive()

    def _is_known(self) -> bool:
        return bool(self.socket.actor or self.socket.streams)

    def _patience(self) -> float:
        if self.socket.closing is not None:
            return FIRST_FRAME_WITHIN
        return IDLE_AFTER if self._is_known() else self.began + FIRST_FRAME_WITHIN - self.hub.loop.time()

    async def _hear(self, message: dict[str, Any]) -> None:
        text = message.get("text") or ""
        if len(message.get("bytes") or text.encode(errors="surrogatepass")) > LARGEST_FRAME:
            return self.socket.close(Close.TOO_LARGE)
        if self._is_flooding():
            return self.socket.close(Close.FLOODING)
        try:
            async with asyncio.timeout(JOIN_WITHIN):
                await self.socket.read_by_client()
                await self._answer(read_frame(text))
        except TooManySockets as error:
            self._end(error, Close.TOO_MANY)
        except AWAY:
            self._end(Unavailable(), Close.TRY_LATER)
        except DomainError as error:
            self.socket.answer(frames.refused(error))

    def _is_flooding(self) -> bool:
        now = self.hub.loop.time()
        if now - self.minute >= 60:
            self.minute, self.frames = now, 0
        self.frames += 1
        return self.frames > FRAMES_PER_MINUTE * settings.RATE_SCALE

    def _end(self, error: DomainError, code: Close) -> None:
        self.socket.answer(frames.refused(error))
        self.socket.close(code)

    async def _answer(self, frame: Frame) -> None:
        answer = ANSWERS.get(frame["type"])
        policy = self.policy.get(frame["type"])
        if answer is None or policy is None:
            raise BadFrame
        shown = await self._shown(frame)
        if self.socket.closing is not None:
            return
        actor = shown or self.socket.actor
        if isinstance(policy, Permission):
            if actor is None:
                raise Unauthenticated
            if not actor.may(policy):
                raise Forbidden
        if shown and (self.socket.actor is None or frame["type"] == "join-queue"):
            self.hub.identify(self.socket, shown)
        await answer(self, frame, actor)

    async def _shown(self, frame: Frame) -> Actor | None:
        """Whoever a frame shows a credential of. One that is not (or no longer) good ends the connection."""
        if "ticket" in frame:
            credential_id = credential_of_ticket(frame["ticket"], timezone.now())
            actor = await self.hub.holders.ask(credential_id) if credential_id else None
        elif "token" in frame:
            guest = await self.hub.guests.ask(frame["token"])
            actor, self.own = (guest.actor, guest.stream) if guest else (None, "")
        else:
            return None
        if actor is None:
            self._end(NotFound(), Close.NO_ACCESS)
        return actor

    # --- the frames of a client ----------------------------------------------------------------------------------

    async def join_queue(self, frame: Frame, actor: Actor | None) -> None:
        """The holder of a tracking link wants to see their place; of several links the last one counts."""
        if actor is None or "token" not in frame:
            raise BadFrame
        if not self.own:
            raise NotFound
        held = await self._held(frame)
        self._leave_all()
        await self.hub.join_own(self.socket, self.own, held)

    async def subscribe(self, frame: Frame, actor: Actor | None) -> None:
        """Somebody wants to follow a stream, from where they left off if they say so."""
        name = self._offered(frame)
        if name not in self.socket.streams and len(self.socket.streams) >= STREAMS_PER_SOCKET:
            raise TooManyStreams
        await self.hub.join(self.socket, name, await self._held(frame))

    async def leave_queue(self, frame: Frame, actor: Actor | None) -> None:
        """Somebody wants no more of a stream, or of any."""
        if "stream" in frame:
            self.hub.quit(self.socket, frame["stream"])
        else:
            self._leave_all()
        self.began = self.hub.loop.time()

    async def get_queue_status(self, frame: Frame, actor: Actor | None) -> None:
        """Somebody wants the whole view once: of a link, of a stream they name, or of the last they joined."""
        if "token" in frame and actor:
            name = self.own
        elif "stream" in frame:
            name = self._offered(frame)
        else:
            name = next(reversed(self.socket.streams), "")
        place = await self.hub.ask(admit, actor, name)
        self.socket.answer(frames.status(await self.hub.picture(place)))

    async def heartbeat(self, frame: Frame, actor: Actor | None) -> None:
        """Somebody is still there; so are we, unless what we have to tell is old."""
        there = frames.encode("heartbeat-ack", at=datetime.now(UTC))
        self.socket.answer(there if self.hub.source.is_there else frames.STALE)

    async def _held(self, frame: Frame) -> Held | None:
        """What a client has, by its `lastReceivedEventId`; None when it says nothing."""
        last = frame.get("lastReceivedEventId")
        held = read_held(last)
        if isinstance(held, UUID):
            return await self.hub.ask(held_of_event, held)
        return held or (None if last is None else NOTHING_USABLE)

    def _offered(self, frame: Frame) -> str:
        name = frame.get("stream")
        prefix, key = split_name(name) or ("", "")
        if prefix not in self.offers:
            raise NotFound
        return f"{prefix}.{key}"

    def _leave_all(self) -> None:
        for name in tuple(self.socket.streams):
            self.hub.quit(self.socket, name)


ANSWERS: dict[str, Callable[[Any, Frame, Actor | None], Awaitable[None]]] = {
    "join-queue": LiveConsumer.join_queue,
    "subscribe": LiveConsumer.subscribe,
    "leave-queue": LiveConsumer.leave_queue,
    "get-queue-status": LiveConsumer.get_queue_status,
    "heartbeat": LiveConsumer.heartbeat,
}
"""What a client may say, where its `type` has a policy."""
