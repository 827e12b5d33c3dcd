"""A real server with real sockets: what only shows there. It has no Redis, and nothing here misses it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest
import uvicorn
from django.db import connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from opd.serving.live import Orphan
from tests.live.clients import BOARD, DOCTOR, PATIENCE, done
from tests.live.house import House

ORIGIN = "http://hall.test:8000"


@dataclass
class Server:
    """The sockets' process, on this test's database."""

    listener: socket.socket
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        known = connection.settings_dict
        user = f"{known['USER']}:{known['PASSWORD']}" if known["PASSWORD"] else known["USER"]
        environment = os.environ | {
            "DATABASE_URL": f"postgres://{user}@{known['HOST']}:{known['PORT']}/{known['NAME']}",
            "DJANGO_SETTINGS_MODULE": "opd.settings",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "TRUSTED_ORIGINS": ORIGIN,
            "OPD_ASGI": "tests.live.asgi:application",
            "OPD_LIVE_BIND": f"fd://{self.listener.fileno()}",
        }
        environment.pop("DATABASE_OWNER_URL", None)
        command = [sys.executable, "-m", "opd.serving.live"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stderr=log, stdout=log, pass_fds=[self.listener.fileno()]
            )

    def end(self, how: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def serving(self) -> psutil.Process:
        """The process that has the sockets: the one that was forked."""
        assert self.process
        ends, pause = time.monotonic() + PATIENCE, Event()
        while not (forked := psutil.Process(self.process.pid).children()):
            assert time.monotonic() < ends
            pause.wait(0.02)
        return forked[0]

    def open(self, path: str, origin: str | None = ORIGIN, cookie: str = "", **how: Any) -> connect:
        host, port = self.listener.getsockname()
        headers = {"Cookie": cookie} if cookie else {}
        address = f"ws://{host}:{port}{path}"
        return connect(address, origin=origin, additional_headers=headers, compression=None, open_timeout=90, **how)  # type: ignore[arg-type]


@pytest.fixture
def server(house: House, tmp_path: Path) -> Iterator[Server]:
    """A server that says nothing wrong in its log."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener, tmp_path / "log")
        server.start()
        yield server
        assert server.process
        if server.process.poll() is None:
            server.end(signal.SIGTERM)
    said = server.log.read_text()
    assert "Traceback" not in said, said
    assert '"level": "error"' not in said, said


async def say(client: ClientConnection, type: str, **fields: str) -> None:
    await client.send(json.dumps({"type": type} | fields))


async def hear(client: ClientConnection, *types: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while (frame := json.loads(await client.recv()))["type"] not in types:
            pass
        return frame


async def test_a_change_is_on_every_screen_without_redis_until_the_server_ends(house, server):
    cookie = await done(house.cookie)
    async with server.open(DOCTOR, cookie=cookie) as doctor, server.open(BOARD) as board:
        await say(doctor, "subscribe", stream=house.dept)
        await say(board, "subscribe", stream=house.board)
        await hear(doctor, "queue-joined")
        await hear(board, "resync")
        await done(house.move)
        assert (await hear(doctor, "queue-update"))["sequence"] == 1
        assert (await hear(board, "queue-update"))["payload"]["moves"][house.dept] == [1]
        await done(server.end, signal.SIGTERM)
        assert [await closed(client) for client in (doctor, board)] == [1012, 1012]  # come back, not all at once


STRANGERS = [None, "null", "http://evil.test", "http://hall.test", "http://hall.test:8001", "https://hall.test:8000"]


async def test_a_page_of_somebody_else_and_an_unknown_address_open_no_socket(server):
    asked = [(path, origin) for path in (BOARD, DOCTOR) for origin in STRANGERS]
    for path, origin in [*asked, ("/ws/everything/", ORIGIN), ("/", ORIGIN)]:
        with pytest.raises(InvalidStatus) as refusal:
            await server.open(path, origin=origin)
        assert refusal.value.response.status_code == 403, (path, origin)


async def test_what_is_no_frame_ends_the_connection_or_is_refused_and_is_not_logged(server):
    async with server.open(BOARD) as client:
        await client.send(b"\xff\x00")
        assert (await hear(client, "error"))["code"] == "bad_frame"
        await client.send(b"\xff\xfe", text=True)
        assert await closed(client) in (1007, None)
    async with server.open(BOARD) as client:
        await client.send("x" * 70_000)
        assert await closed(client) == 1009
    async with server.open(BOARD) as client:
        await client.send("x" * 1_200_000)
        assert await closed(client) in (1009, None)


async def closed(client: ClientConnection) -> int | None:
    """The code by which the server ended the connection; None if it just broke off."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await client.recv()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else None


async def test_a_client_that_does_not_read_holds_nobody_up_and_ends_up_right(house, server):
    cookie = await done(house.cookie)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(server.listener.getsockname())
    narrow.setblocking(False)
    async with (
        server.open(DOCTOR, cookie=cookie, sock=narrow, max_queue=1) as slow,
        server.open(DOCTOR, cookie=cookie) as quick,
    ):
        for client in (slow, quick):
            await say(client, "subscribe", stream=house.bulky)
            await hear(client, "resync")
        for number in range(1, 61):
            await done(house.move)
            assert (await hear(quick, "queue-update"))["sequence"] == number
        told = []
        while not told or told[-1] < 60:
            frame = await hear(slow, "queue-update", "resync")
            told.append(frame["sequence"] if frame["type"] == "queue-update" else frame["data"]["sequence"])
        assert frame["type"] == "resync"
        assert len(told) < 60
        assert told == sorted(set(told))
        await done(house.move)
        assert (await hear(slow, "queue-update"))["sequence"] == 61


async def test_a_killed_server_is_forgotten_and_nothing_missed(house, server):
    cookie = await done(house.cookie)
    async with server.open(DOCTOR, cookie=cookie) as client:
        await say(client, "subscribe", stream=house.dept)
        await hear(client, "queue-joined")
        await done(house.move)
        assert (await hear(client, "queue-update"))["sequence"] == 1
        serving = await done(server.serving)
        await done(server.end, signal.SIGKILL)
        serving.kill()
        await done(house.move, times=3)
    server.start()
    async with server.open(DOCTOR, cookie=cookie) as client:
        await say(client, "subscribe", stream=house.dept, lastReceivedEventId=f"{house.dept}:1")
        assert [(await hear(client, "queue-update"))["sequence"] for _ in range(3)] == [2, 3, 4]


async def test_when_the_serving_process_is_killed_another_one_is_there_before_it_is_missed(house, server):
    cookie = await done(house.cookie)
    async with server.open(DOCTOR, cookie=cookie) as client:
        await say(client, "subscribe", stream=house.dept)
        await hear(client, "queue-joined")
        killed = await done(server.serving)
        await done(house.move)
        assert (await hear(client, "queue-update"))["sequence"] == 1
        killed.kill()
        assert await closed(client) is None
    began = time.monotonic()
    await done(house.move)
    async with server.open(DOCTOR, cookie=cookie) as client:
        await say(client, "subscribe", stream=house.dept, lastReceivedEventId=f"{house.dept}:1")
        assert (await hear(client, "queue-update"))["sequence"] == 2
    taken = time.monotonic() - began
    print(f"back and right {taken:.1f} s after the serving process was killed (wanted: 5 s)")  # noqa: T201
    assert taken < 5
    assert (await done(server.serving)).pid != killed.pid


async def test_when_the_process_that_forks_is_killed_screens_stay_live(house, server):
    cookie = await done(house.cookie)
    async with server.open(DOCTOR, cookie=cookie) as client:
        await say(client, "subscribe", stream=house.dept)
        await hear(client, "queue-joined")
        serving = await done(server.serving)
        await done(server.end, signal.SIGKILL)
        await done(house.move)
        assert (await hear(client, "queue-update"))["sequence"] == 1
        serving.terminate()
        assert await closed(client) == 1012


@pytest.mark.parametrize(("house_lives", "since", "ends"), [(True, 1.0, False), (True, 60.0, True), (False, 0.0, True)])
async def test_an_orphan_serves_on_for_a_while_and_no_longer_than_the_house(house_lives, since, ends):
    nobody = subprocess.Popen([sys.executable, "-c", ""])
    nobody.wait()
    server = uvicorn.Server(uvicorn.Config("nowhere:at_all"))
    orphan = Orphan(server, parent=nobody.pid, house=os.getpid() if house_lives else nobody.pid)
    orphan._since = time.monotonic() - since
    await orphan.look()
    assert server.should_exit is ends


async def test_who_has_a_parent_is_no_orphan():
    server = uvicorn.Server(uvicorn.Config("nowhere:at_all"))
    await Orphan(server, parent=os.getppid(), house=0).look()
    assert not server.should_exit


HOSTILE = {"100 KiB": "x" * 102_400, "deep": "[" * 60_000, "broken": "{" * 100}


async def test_hostile_clients_are_ended_while_others_are_served(house, server):
    cookie = await done(house.cookie)
    async with server.open(DOCTOR, cookie=cookie) as good:
        await say(good, "subscribe", stream=house.dept)
        await hear(good, "queue-joined")
        flooding = asyncio.create_task(flood(server))
        for what, text in HOSTILE.items():
            async with server.open(BOARD) as bad, asyncio.timeout(5):
                await bad.send(text)
                if what == "100 KiB":
                    assert await closed(bad) in (1009, None)  # told, or just broken off
                else:
                    assert (await hear(bad, "error"))["code"] == "bad_frame", what
        for number in range(1, 6):
            await done(house.move)
            async with asyncio.timeout(2):
                assert (await hear(good, "queue-update"))["sequence"] == number
        # told, or just broken off; on a slow machine nobody has said in time who they are
        assert await flooding in (1008, 4401, None)


async def flood(server: Server) -> int | None:
    """More than 500 messages a second, on and on; the code by which the server ends it."""
    async with server.open(BOARD) as client:
        ended = asyncio.create_task(closed(client))
        with suppress(ConnectionClosed):
            for _ in range(1_001):
                await client.send('{"type": "heartbeat"}')
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionClosed):
                while not ended.done():
                    await client.send('{"type": "heartbeat"}')
                    await asyncio.sleep(0)  # lets the answers be read
            return await ended
