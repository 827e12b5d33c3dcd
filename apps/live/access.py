"""Whoever listens is asked again and again whether they still may: revoked means gone within five seconds."""

import asyncio
import logging
from typing import TYPE_CHECKING

from django.utils import timezone

from apps.accounts.commands import screens_seen
from apps.accounts.queries import actors_again
from apps.core.errors import DomainError
from apps.core.policy import Actor, ActorType
from apps.live.queries import admit, not_open
from apps.live.rules import AUTHORIZED_EVERY, Close
from apps.live.sockets import Socket
from apps.live.source import AWAY

if TYPE_CHECKING:
    from apps.live.hub import Hub

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
    known = [(s, s.actor, s.actor.credential_id) for s in hub.sockets if s.actor]
    credential_ids = {credential_id for _, _, credential_id in known if credential_id}
    actors = await hub.ask(actors_again, credential_ids, timezone.now()) if credential_ids else {}
    for socket, actor, credential_id in known:
        if credential_id is None or socket.actor is not actor:
            continue
        fresh = actors.get(credential_id)
        if fresh is None:
            socket.close(Close.NO_ACCESS)
        elif fresh != actor:
            await _change(hub, socket, actor, fresh)
    screens = [credential_id for credential_id, actor in actors.items() if actor.type is ActorType.SCREEN]
    if screens:
        await hub.ask(screens_seen, screens, timezone.now())
    await _check_closed(hub)


async def _check_closed(hub: "Hub") -> None:
    """What is not open to all, or is so no longer, is seen only by those who may by themselves."""
    followed = {name for socket in hub.sockets for name in socket.streams}
    closed = await hub.ask(not_open, followed) if followed else set()
    hub.open_to_all = {name for name in followed - closed if name in hub.streams and hub.streams[name].may_be_open}
    for socket in [socket for socket in hub.sockets if closed & socket.streams.keys()]:
        try:
            for name in closed & socket.streams.keys():
                await hub.ask(admit, socket.actor, name)
        except DomainError:
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
