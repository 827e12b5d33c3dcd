"""Where changes come from can go away: every screen is told at once, and is right again when it is back."""

import asyncio
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.commands import NOTIFY_CHANNEL
from apps.core.models import OutboxEvent, Stream
from apps.live import hub as hub_module
from apps.live import source as source_module
from apps.live.source import listener_name
from tests.live.clients import BOARD, DOCTOR, PATIENCE, Client, Frame, done, listeners, open_socket

pytestmark = pytest.mark.usefixtures("hub")


def cut_the_source() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [listener_name()],
        )


async def listening(hub: hub_module.Hub) -> None:
    """Wait until the hub has a connection that listens."""
    async with asyncio.timeout(PATIENCE):
        while not await done(listeners):
            pass


async def everything(client: Client) -> list[str]:
    """The types of all frames up to the whole view."""
    types = []
    while not types or types[-1] != "resync":
        types.append((await client.next())["type"])
    return types


async def test_a_lost_connection_is_told_once_and_nothing_is_missed(house, hub, monkeypatch):
    monkeypatch.setattr(source_module, "FIRST_PAUSE", 1.0)
    async with open_socket(DOCTOR, await done(house.cookie)) as doctor, open_socket(BOARD) as board:
        await doctor.subscribe(house.dept)
        await board.subscribe(house.board)
        await board.hear("resync")
        await listening(hub)
        await done(cut_the_source)
        await doctor.hear("stale")
        await board.hear("stale")
        await done(house.move, times=3)
        assert await everything(doctor) == ["queue-update"] * 3 + ["resync"]
        whole = (await everything(board))[-1]
        assert whole == "resync"
        await done(house.move)
        assert (await doctor.hear("queue-update"))["sequence"] == 4
        assert (await board.hear("queue-update"))["sequence"] == 4
        stales = [text for client in (doctor, board) for text in client.texts if '"stale"' in text]
        assert len(stales) == 2


async def test_a_reader_that_ended_by_itself_is_missed_by_nobody_and_replaced(house, hub):
    async with open_socket(DOCTOR, await done(house.cookie)) as doctor:
        await doctor.subscribe(house.dept)
        await listening(hub)
        reader = hub.source._reader
        await done(_end, reader.info.backend_pid)
        await done(house.move)
        frames: list[Frame] = []
        while not {"queue-update", "resync"} <= {frame["type"] for frame in frames}:
            frames.append(await doctor.next())
        told = [frame["type"] for frame in frames]
        assert told.index("stale") < told.index("resync")  # the change or the look finds it, whichever is first
        assert [frame["sequence"] for frame in frames if frame["type"] == "queue-update"] == [1]
        await done(house.move)
        assert (await doctor.hear("queue-update"))["sequence"] == 2


async def test_a_screen_is_told_that_it_is_right_even_if_nothing_changed(house, hub):
    async with open_socket(BOARD) as board:
        await board.subscribe(house.board)
        await board.hear("resync")
        await listening(hub)
        await done(cut_the_source)
        await board.hear("stale")
        assert (await board.hear("resync"))["data"]["sequence"] == 0


async def test_nothing_looks_alive_while_the_source_is_gone(house, hub, monkeypatch):
    monkeypatch.setattr(source_module, "FIRST_PAUSE", 600.0)
    monkeypatch.setattr(hub_module, "HEARTBEAT_EVERY", 0.01)
    async with open_socket(BOARD) as board:
        await board.subscribe(house.board)
        await board.hear("resync")
        await listening(hub)
        await done(cut_the_source)
        await board.hear("stale")
        hub.spawn(hub._beat(), "a faster beat")
        for _ in range(3):
            await board.say("heartbeat")
            assert await board.next() == {"type": "stale"}
        async with open_socket(BOARD) as late:
            await late.subscribe(house.board)
            await late.hear("resync")
            assert await late.next() == {"type": "stale"}


async def test_what_no_notification_told_is_found_by_looking(house, hub):
    async with open_socket(DOCTOR, await done(house.cookie)) as doctor:
        await doctor.subscribe(house.dept)
        await listening(hub)
        await done(_write_silently, house.dept)
        assert (await doctor.hear("queue-update"))["sequence"] == 1


async def test_a_senseless_notification_is_passed_over(house, hub):
    async with open_socket(DOCTOR, await done(house.cookie)) as doctor:
        await doctor.subscribe(house.dept)
        await listening(hub)
        for payload in ("", ":", "nonsense", f"{house.dept}:", f"{house.dept}:-1", f"{house.dept}:x", "nowhere:7"):
            await done(_notify, payload)
        await done(house.move)
        assert (await doctor.hear("queue-update"))["sequence"] == 1


def _end(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def _notify(payload: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [NOTIFY_CHANNEL, payload])


def _write_silently(stream: str) -> None:
    Stream.objects.create(name=stream, sequence=1)
    OutboxEvent.objects.create(
        occurred_at=timezone.now(),
        stream=stream,
        sequence=1,
        type="visit.transitioned",
        actor={"type": "system"},
        trace_id="t",
        entity_type="visit",
        entity_id=uuid4(),
        entity_version=1,
        payload={},
    )


class Line:
    """A stretch of network between the hub and PostgreSQL that can be told to swallow everything."""

    def __init__(self) -> None:
        self.carries = asyncio.Event()
        self.carries.set()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection on to PostgreSQL, both ways, until either side hangs up."""
        there_reader, there_writer = await _reach_postgresql()
        await asyncio.gather(self._carry(reader, there_writer), self._carry(there_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            await self.carries.wait()
            writer.write(piece)
        writer.close()


async def _reach_postgresql() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    known = connection.get_connection_params()
    host, port = str(known.get("host", "")), int(known.get("port") or 5432)
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)


async def test_a_connection_that_hangs_is_found_within_five_seconds(house, hub, monkeypatch):
    line = Line()
    async with await asyncio.start_server(line.join, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        known = {**connection.get_connection_params(), "host": host, "port": port, "sslmode": "disable"}
        await hub.stop()  # it has connected already, and not by this line
        monkeypatch.setattr(source_module, "connection", Mock(get_connection_params=lambda: known))
        monkeypatch.setattr(hub_module, "_hub", None)
        hub = hub_module.here()
        async with open_socket(BOARD) as board:
            await board.subscribe(house.board)
            await board.hear("resync")
            await listening(hub)
            line.carries.clear()
            began = hub.loop.time()
            await board.hear("stale")
            assert hub.loop.time() - began < 5.5
            line.carries.set()
            assert (await board.hear("resync"))["data"]["sequence"] == 0
        await hub.stop()
