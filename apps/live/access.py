"""Whoever listens is asked again and again whether they still may: revoked means gone within five seconds."""

import asyncio
import logging
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from apps.accounts.commands import screens_seen
from apps.accounts.queries import actors_again, ended
from apps.core.errors import DomainError, NotFound
from apps.core.policy import Actor, ActorType
from apps.live.queries import Guest, admit, guests_again, not_open, refused
from apps.live.rules import AUTHORIZED_EVERY, NOTHING_USABLE, Close
from apps.live.sockets import Socket
from apps.live.source import AWAY

if TYPE_CHECKING:
    from apps.live.hub import Hub

CHECKED_TOGETHER = 500
"""Links and screens that are asked about in one question."""

log = logging.getLogger(__name__)


async def keep_checking(hub: "Hub") -> None:
    """Check all sockets every few seconds. While the database is away nothing new is shown, and nobody closed."""
    while True:
        await asyncio.sleep(AUTHORIZED_EVERY)
        try:
            await check(hub)
        except AWAY:
            continue
        except Exception:
            log.exception("access check failed")  # and go on: others may have to leave


async def check(hub: "Hub") -> None:
    """Close the sockets whose holders have lost their access, or may no longer see what they follow."""
    known = [(s, s.actor, s.actor.credential_id) for s in hub.sockets if s.actor and s.actor.credential_id]
    await _check_staff(hub, [one for one in known if one[1].type is ActorType.STAFF])
    over = await _check_guests(hub, [one for one in known if one[1].type is not ActorType.STAFF])
    await _check_closed(hub)
    await _note_screens(hub, [one for _, actor, one in known if actor.type is ActorType.SCREEN and one not in over])


Known = tuple[Socket, Actor, UUID]
"""A socket, whose it is as of the last look, and by which credential."""


async def _check_staff(hub: "Hub", known: list[Known]) -> None:
    credential_ids = {credential_id for _, _, credential_id in known}
    actors = await hub.ask(actors_again, credential_ids, timezone.now()) if credential_ids else {}
    for socket, actor, credential_id in known:
        if socket.actor is not actor:
            continue
        fresh = actors.get(credential_id)
        if fresh is None:
            socket.close(Close.NO_ACCESS)
        elif fresh != actor:
            await _change(hub, socket, actor, fresh)


async def _check_guests(hub: "Hub", known: list[Known]) -> set[UUID]:
    """Links and screens: some at a time, so that ten thousand of them keep nobody waiting. Which of them are over."""
    gone: set[UUID] = set()
    waiting = iter(known)
    while some := list(islice(waiting, CHECKED_TOGETHER)):
        shown = {(credential_id, actor.subject_id) for _, actor, credential_id in some}
        over, moved = await hub.ask(ended, list(shown), timezone.now())
        again = await hub.ask(guests_again, list(moved)) if moved else {}
        for socket, actor, credential_id in some if over or moved else ():
            if credential_id in over and socket.actor is actor:
                socket.close(Close.NO_ACCESS)
            elif credential_id in again and socket.actor is actor:
                hub.spawn(_lead(hub, socket, again[credential_id]), "live link moved")  # it may read slowly
        gone |= over
    return gone


async def _lead(hub: "Hub", socket: Socket, guest: Guest) -> None:
    """A link shows something else now, as when a booking has become a visit: its holder is led to the queue of that."""
    before, socket.actor = socket.actor, guest.actor
    left = [name for name in socket.streams if name != guest.stream]
    try:
        if left and guest.stream:
            await hub.join_own(socket, guest.stream, NOTHING_USABLE)
        elif left:
            socket.close(Close.NOT_ALLOWED)
        for stream in () if left else tuple(socket.streams.values()):
            stream.add(socket)  # it shows something else of the same queue now
        for name in left:
            hub.quit(socket, name)
    except NotFound:
        socket.close(Close.NOT_ALLOWED)
    except AWAY:
        socket.actor = before  # to be asked again


async def _note_screens(hub: "Hub", screens: list[UUID]) -> None:
    """Which screens are on. Last, and some at a time: nobody who has to leave stays because a row is locked."""
    waiting = iter(screens)
    while some := list(islice(waiting, CHECKED_TOGETHER)):
        await hub.ask(screens_seen, some, timezone.now())


async def _check_closed(hub: "Hub") -> None:
    """What is not open to all, or is so no longer, is seen only by those who may by themselves."""
    followed = {name for socket in hub.sockets for name in socket.streams}
    closed = await hub.ask(not_open, followed) if followed else set()
    hub.open_to_all = {name for name in followed - closed if name in hub.streams and hub.streams[name].may_be_open}
    looking = [(socket, name) for socket in hub.sockets for name in closed & socket.streams.keys()]
    known = set(await hub.ask(refused, {(socket.actor, name) for socket, name in looking})) if looking else set()
    for socket, name in looking:
        if (socket.actor, name) in known and name in socket.streams:
            socket.close(Close.NOT_ALLOWED)


async def _change(hub: "Hub", socket: Socket, before: Actor, fresh: Actor) -> None:
    """Somebody's role or departments changed: they stay only if they may still see all that they follow."""
    socket.actor = fresh
    try:
        for name in tuple(socket.streams):
            await hub.ask(admit, fresh, name)
    except AWAY:
        socket.actor = before  # to be asked again
    except DomainError:
        socket.close(Close.NOT_ALLOWED)
