"""Every socket × message × stream × ten principals × here, there and away."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from uuid import UUID

import jwt
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.utils import timezone

from apps.accounts.rules.passes import Use, make_pass
from apps.live.hub import here as hub_here
from apps.live.queries import views
from apps.live.routing import websocket_urlpatterns
from apps.live.talk import LiveConsumer
from tests.live.clients import PATIENCE, Client, done, listeners, open_socket
from tests.matrix.table import BOARDS, MESSAGES, PATIENTS, SOCKETS, STREAMS, Who, sees
from tests.matrix.world import Principal, Where, World, open_world

CONSUMERS = {str(pattern.pattern): pattern.callback.consumer_class for pattern in websocket_urlpatterns}


@pytest.fixture
def committed(transactional_db: None) -> Iterator[World]:
    """The world with real commits: sockets look at it over connections of their own."""
    with open_world() as opened:
        yield opened


@pytest.fixture
async def hub(committed: World) -> AsyncIterator[None]:
    """The hub of the test's own event loop, ended with it."""
    hub = hub_here()
    yield
    await hub.stop()
    async with asyncio.timeout(PATIENCE):
        while await done(listeners):
            pass
    await sync_to_async(connections.close_all)()


def test_every_socket_message_and_stream_is_in_the_table():
    said = {path: frozenset(c.policy) for path, c in CONSUMERS.items() if path and issubclass(c, LiveConsumer)}
    assert said == MESSAGES
    assert set(SOCKETS) == set(MESSAGES)
    assert {stream.partition(".")[0] for stream in STREAMS} == set(views())


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("path", SOCKETS)
async def test_who_may_follows_a_stream_and_nobody_else_is_told_anything(committed: World, path: str):
    words = {where: await done(place.words) for where, place in committed.places.items()}
    wrong: list[str] = []
    for who in Principal:
        async with AsyncExitStack() as stack:
            client = await enter(stack, committed, path, who)
            for stream in STREAMS:
                for where in Where:
                    texts = await ask(client, stream.format(**words[where]))
                    wrong += judge(
                        committed, f"{path} {stream} of {where} as {who}", texts, who, where, SOCKETS[path].get(stream)
                    )
    assert not wrong, "\n".join(wrong)


async def enter(stack: AsyncExitStack, world: World, path: str, who: Principal) -> Client:
    """A socket of somebody: staff and screens by their cookie, patients by a ticket, a link by its token."""
    key = world.keys[who]
    cookie = key.cookies.output(header="", sep=";").strip()
    client = await stack.enter_async_context(open_socket(f"/{path}", cookie))
    if path == BOARDS:
        return client
    if who in PATIENTS:
        await client.say("heartbeat", ticket=await done(ticket_of, world, who))
    elif who is Principal.LINK:
        await client.say("heartbeat", token=key.bearer)
    else:
        await client.say("heartbeat")
    assert (await client.next())["type"] == "heartbeat-ack"
    return client


def ticket_of(world: World, who: Principal) -> str:
    """A socket ticket, as the API gives it."""
    answer = world.ask(who, "POST", "/api/v1/auth/socket-ticket", b"{}")
    ticket: str = answer.json()["ticket"]
    return ticket


async def ask(client: Client, stream: str) -> list[str]:
    """All that is told to somebody who wants to follow a stream and to see it once."""
    before = len(client.texts)
    await client.say("subscribe", stream=stream)
    await client.say("get-queue-status", stream=stream)
    await client.say("leave-queue", stream=stream)
    await client.say("heartbeat")
    while (await client.next())["type"] != "heartbeat-ack":
        pass
    return client.texts[before:]


def judge(world: World, cell: str, texts: list[str], who: Principal, where: Where, known: Who | None) -> list[str]:
    """What is wrong with the answers."""
    heard = "\n".join(texts)
    let_in = known is not None and known.may(who, where)
    wrong = []
    if let_in and not ('"queue-joined"' in heard and '"queue-status"' in heard):
        wrong.append(f"{cell}: was not let in: {heard}")
    if not let_in and (any(kind in heard for kind in ("queue-joined", "queue-status", "resync", "queue-update"))):
        wrong.append(f"{cell}: was not refused: {heard[:300]}")
    shown = [(of, kind) for of, kind in world.shown(heard) if not (let_in and kind in sees(who, of))]
    return wrong + [f"{cell}: is shown {kind} of {of}" for of, kind in shown]


@pytest.mark.usefixtures("hub")
async def test_a_link_shows_its_own_visit_and_cannot_choose_another(committed: World):
    here, there = committed.places[Where.HERE], committed.places[Where.THERE]
    async with open_socket("/ws/patient-queue/") as client:
        for place in (there, here):
            await client.say("join-queue", token=place.tracking_token, stream=f"dept.{there.department.id}")
            assert (await client.hear("queue-joined"))["roomId"] == f"dept.{place.department.id}"
        await client.say("get-queue-status", token=here.tracking_token, stream=f"dept.{there.department.id}")
        while "page" in (told := (await client.hear("queue-status"))["data"]):
            pass  # the own place, which is told unasked
        assert str(here.department.id) in told["stream"]


def passes(world: World) -> dict[str, str]:
    """What looks like a ticket and is none that counts."""
    good, now = ticket_of(world, Principal.ADMIN), timezone.now()
    known = jwt.decode(good, options={"verify_signature": False})

    def made(credential_id: str = known["sid"], now: datetime = now, secret: str = str(settings.SECRET_KEY)) -> str:
        return make_pass(
            Use.SOCKET, credential_id=UUID(credential_id), holder_id=UUID(known["sub"]), now=now, secret=secret
        )[0]

    return {
        "expired": made(now=now - timedelta(hours=1)),
        "forged": made(secret="x" * 50),
        "of the future": made(now=now + timedelta(hours=1)),
        "of nobody": made(credential_id=known["sub"]),
        "an access token": world.keys[Principal.ADMIN].bearer,
        "changed": good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        "unsigned": good.rpartition(".")[0] + ".",
    }


@pytest.mark.usefixtures("hub")
async def test_a_ticket_that_does_not_count_ends_the_connection(committed: World):
    for what, ticket in (await done(passes, committed)).items():
        async with open_socket("/ws/admin-dashboard/") as client:
            await client.say("subscribe", stream=f"dept.{committed.places[Where.HERE].department.id}", ticket=ticket)
            assert await client.refusal() == "not_found", what
            assert await client.closed() == 4401, what
