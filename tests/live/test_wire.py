"""What is written to sockets past the server's own `send`: only where that is right, and the same bytes to all."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.live import frames
from apps.live.rules import UNSENT_SIZE, Close
from apps.live.sockets import DirectSocket, QueuedSocket, Socket, socket_of
from opd.serving.live import settings as settings_of_server
from tests.live.clients import PATIENCE
from tests.live.test_streams import Narrow

TEXT = "पंक्ति"


class Door:
    """An application that takes sockets, hears nothing and keeps them open until it is told."""

    def __init__(self) -> None:
        self.sockets: asyncio.Queue[Socket] = asyncio.Queue()
        self.cut: list[Socket] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        socket = socket_of(send, lambda socket, dropped: self.cut.append(socket))
        await self.sockets.put(socket)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        socket.leave()


@asynccontextmanager
async def served(door: Door, **changed: Any) -> AsyncIterator[str]:
    """The server as it serves sockets, in this loop; its address."""
    config = settings_of_server()
    config.app, config.loop, config.port = door, "none", 0
    for name, value in changed.items():
        setattr(config, name, value)
    server = uvicorn.Server(config)
    server.capture_signals = suppress  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE):
        while not server.started:
            await asyncio.sleep(0)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"ws://{host}:{port}/"
    server.should_exit = True
    await serving


@asynccontextmanager
async def viewer(door: Door, address: str, **how: Any) -> AsyncIterator[tuple[ClientConnection, Socket]]:
    async with asyncio.timeout(4 * PATIENCE), connect(address, **how) as client:
        yield client, await door.sockets.get()


async def test_our_own_server_is_written_to_directly_and_its_own_frames_go_between():
    door = Door()
    async with served(door) as address, viewer(door, address, compression=None) as (client, socket):
        assert isinstance(socket, DirectSocket)
        frame = frames.encode("queue-update", data=TEXT)
        for _ in range(3):
            socket.put(frame)
        socket._protocol.conn.send_ping(b"ping")
        socket._transport.write(b"".join(socket._protocol.conn.data_to_send()))
        socket.put(frame)
        assert [await client.recv() for _ in range(4)] == [str(frame)] * 4
        assert frame.wire is frame.wire  # made once
        await (await client.ping())  # and the server still answers
        socket.close(Close.NO_ACCESS)
        with pytest.raises(ConnectionClosed) as end:
            await client.recv()
        assert end.value.rcvd
        assert end.value.rcvd.code == Close.NO_ACCESS


@pytest.mark.parametrize("length", [1, 125, 126, 65_535, 65_536, 200_000])
async def test_frames_of_every_length_are_read(length):
    door = Door()
    async with served(door) as address, viewer(door, address, compression=None) as (client, socket):
        frame = frames.Frame("x" * length)
        socket.answer(frame)
        assert await client.recv() == frame


async def test_where_frames_are_compressed_or_the_server_is_another_one_send_is_used():
    door = Door()
    async with (
        served(door, ws_per_message_deflate=True) as address,
        viewer(door, address, compression="deflate") as (client, socket),
    ):
        assert isinstance(socket, QueuedSocket)
        socket.put(frames.encode("queue-update", data=TEXT))
        assert json.loads(await client.recv())["data"] == TEXT
    other = socket_of(Narrow(), lambda socket, dropped: None)
    assert isinstance(other, QueuedSocket)
    other.leave()


async def test_a_client_that_is_gone_or_going_is_not_written_to(caplog):
    door = Door()
    async with served(door) as address, viewer(door, address, compression=None) as (client, socket):
        client.transport.abort()
        async with asyncio.timeout(PATIENCE):
            while not socket._transport.is_closing():
                await asyncio.sleep(0)
        for say in (socket.put, socket.answer):
            say(frames.STALE)
        socket.close(Close.IDLE)
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_a_client_that_does_not_read_is_cut_before_it_costs_much_memory():
    door = Door()
    async with served(door) as address, viewer(door, address, compression=None, max_queue=1) as (client, socket):
        client.transport.pause_reading()
        frame = frames.encode("queue-update", data="x" * 8_000)
        while not door.cut:
            socket.put(frame)
            await asyncio.sleep(0)
        assert socket._transport.get_write_buffer_size() <= UNSENT_SIZE
        waiting = asyncio.create_task(socket.read_by_client())
        await asyncio.sleep(0)
        assert not waiting.done()
        client.transport.resume_reading()
        while not waiting.done():
            await client.recv()
            await asyncio.sleep(0)
        socket.put(frames.STALE)
        while (text := await client.recv()) == frame:
            pass
        assert text == frames.STALE
