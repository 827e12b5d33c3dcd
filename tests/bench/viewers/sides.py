"""Whom the crowd watches: the bare floor, node's ws, socket.io, and ours with a real hospital behind it."""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import psutil
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from apps.accounts.commands import issue_tracking
from apps.core.commands import command
from apps.core.events import department_stream
from apps.core.outbox import stream_sequences
from apps.core.policy import Actor, system_actor
from apps.queue import commands
from apps.queue.models import Visit
from tests.bench.served import Client, Web
from tests.ward import open_ward

HERE = Path(__file__).parent
NODE = HERE / "node"
QUEUES = 50
OPENS_WITHIN = 60.0
TOKENS_AT_ONCE = 500

TOLD = {
    "type": "queue-update",
    "eventId": str(uuid4()),
    "eventType": "queue.updated",
    "occurredAt": "2026-11-22T04:00:00.000Z",
    "traceId": uuid4().hex,
    "actor": {"type": "staff"},
    "entityId": str(uuid4()),
    "entityVersion": 0,
}
"""What the others tell: as much as ours does."""


class Side(ABC):
    """One server, with the sockets' process by its id, so that its CPU and memory can be read."""

    name: str
    port: int
    host: str
    process: psutil.Process
    path = "/"
    greetings: list[list[str]]
    last: str

    @abstractmethod
    def words(self, viewers: int, queues: int) -> list[str]:
        """What each of so many viewers says to be told of its queue, spread evenly over so many."""

    @abstractmethod
    def change(self, queue: int) -> str:
        """Change something in a queue, by a request; by which number all who watch it will hear of that. One queue is
        changed by one thread."""

    @abstractmethod
    def rest(self) -> None:
        """Hang up until the next change."""

    def opening(self, viewers: int, queues: int) -> dict[str, Any]:
        """How the crowd comes in."""
        how = {"port": self.port, "host": self.host, "path": self.path, "origin": f"http://{self.host}"}
        talk = {"greetings": self.greetings, "last": self.last, "each": self.words(viewers, queues)}
        return {"do": "open"} | how | talk

    def cpu(self) -> float:
        """Seconds of CPU that the sockets' process has taken."""
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)

    def memory(self) -> int:
        """Bytes of memory that are the sockets' process's."""
        return int(self.process.memory_info().rss)


class Other(Side):
    """A server that is told by a POST what to say, and knows nothing of hospitals or databases."""

    def __init__(self, name: str, port: int, process: psutil.Process) -> None:
        self.name, self.port, self.process = name, port, process
        self.host = f"127.0.0.1:{port}"
        self.greetings, self.last = [["connected", "%s"]], "joined"
        if name == "socket.io":
            self.path = "/socket.io/?EIO=4&transport=websocket"
            self.greetings, self.last = [["0{", "40"], ["40{", '42["join","%s"]']], '42["joined"'
        self._numbers = [0] * QUEUES
        self._wires = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(QUEUES)]

    def words(self, viewers: int, queues: int) -> list[str]:
        return [f"queue-{number % queues}" for number in range(viewers)]

    def change(self, queue: int) -> str:
        self._numbers[queue] += 1
        room, number = f"queue-{queue}", self._numbers[queue]
        of = {"stream": room, "sequence": number}
        payload = {"reason": "recall", "visitId": str(uuid4()), "tokenLabel": "A 12"}
        told = json.dumps(TOLD | of | {"payload": payload, "data": payload | of}, separators=(",", ":"))
        wire = self._wires[queue]
        wire.request("POST", "/change", f"{room}\n{told}")
        answer = wire.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        return f"{room}:{number}"

    def rest(self) -> None:
        for wire in self._wires:
            wire.close()


@contextmanager
def other(name: str, *program: str) -> Iterator[Side]:
    """One of the others, running."""
    port = _free_port()
    with subprocess.Popen([*program, str(port)], stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield Other(name, port, psutil.Process(process.pid))
        finally:
            process.kill()


@contextmanager
def others() -> Iterator[list[Side]]:
    """The floor, and what runs on node where node is; says plainly what is missing."""
    with ExitStack() as stack:
        sides = [stack.enter_context(other("bare uvloop", sys.executable, str(HERE / "floor.py")))]
        node = _node()
        for name, script in {"node ws": "ws.js", "socket.io": "socketio.js"}.items():
            if node:
                sides.append(stack.enter_context(other(name, node, str(NODE / script))))
        yield sides


def _node() -> str | None:
    """node with what it needs, by the machine's own npm; None, with the reason printed, where that is not so."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        print("NOT MEASURED: node ws and socket.io. There is no node and npm here (Debian: apt install nodejs npm).")  # noqa: T201
        return None
    if not (NODE / "node_modules").exists():
        fetched = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=NODE, capture_output=True, text=True)
        if fetched.returncode:
            print(f"NOT MEASURED: node ws and socket.io. npm could not fetch them: {fetched.stderr[-300:]}")  # noqa: T201
            return None
    return node


# --- ours ------------------------------------------------------------------------------------------------------------


@dataclass
class Queue:
    """One of our queues: somebody in it is called, and can be called again as often as we like."""

    visit: Visit
    doctor: Actor
    number: int = 0
    client: Client | None = None

    @property
    def stream(self) -> str:
        return department_stream(self.visit.department_id)


class Ours(Side):
    """The house as it is served, with a called person in each of fifty queues; viewers hold a link of their own."""

    path = "/ws/patient-queue/"
    greetings = [['"connected"', '{"type":"join-queue","token":"%s"}']]
    last = '"queue-joined"'

    def __init__(self, web: Web, queues: list[Queue]) -> None:
        self.name = "ours"
        self.web, self.queues = web, queues
        self.host, self.port = f"localhost:{web.port}", web.live_port
        (self.process,) = web.processes[1].children()  # forked by the one that was started
        known = stream_sequences([queue.stream for queue in queues])
        for queue in queues:
            queue.number = known[queue.stream]

    def words(self, viewers: int, queues: int) -> list[str]:
        each = viewers // queues
        tokens = [_links(queue.visit, each) for queue in self.queues[:queues]]
        return [tokens[number % queues][number // queues] for number in range(viewers)]

    def change(self, queue: int) -> str:
        changed = self.queues[queue]
        changed.client = changed.client or Client(self.web.port, changed.doctor)
        answer = changed.client.ask("POST", f"/doctor/visits/{changed.visit.id}/recall", {})
        assert answer, changed.client.refused
        changed.number += 1
        return f"{changed.stream}:{changed.number}"

    def rest(self) -> None:
        for queue in self.queues:
            if queue.client:
                queue.client.close()


class OursByCommand(Ours):
    """The same house and sockets; what is changed is changed by the command itself, without a request around it."""

    def change(self, queue: int) -> str:
        changed = self.queues[queue]
        with scope(facility=changed.visit.facility_id):
            commands.recall(actor=changed.doctor, now=timezone.now(), visit_id=changed.visit.id)
        changed.number += 1
        return f"{changed.stream}:{changed.number}"


def fifty_queues() -> list[Queue]:
    """Queues with somebody called and two people waiting in each, over as many facilities as that takes."""
    made: list[Queue] = []
    while len(made) < QUEUES:
        count = min(20, QUEUES - len(made))
        with open_ward(departments=count, doctors=count) as ward:
            ward.now = timezone.now()
            for department, doctor in zip(ward.departments, ward.doctors, strict=True):
                for _ in range(3):
                    ward.arrive(department=department)
                called = ward.call_next(doctor)
                assert called
                made.append(Queue(called, ward.as_doctor(doctor)))
    return made


def _links(visit: Visit, count: int) -> list[str]:
    """So many tracking links of one visit, each a credential of its own: as its holder and the family would have."""
    tokens: list[str] = []
    actor, now = system_actor("bench", visit.facility_id), timezone.now()
    while len(tokens) < count:
        tokens += _give_links(actor=actor, now=now, visit=visit, count=min(TOKENS_AT_ONCE, count - len(tokens)))
    return tokens


@command
def _give_links(*, actor: Actor, now: Any, visit: Visit, count: int) -> list[str]:
    about = {"visit_id": visit.id, "facility_id": visit.facility_id, "day": visit.day, "now": now}
    return [issue_tracking(**about)[0] for _ in range(count)]


def close_connections() -> None:
    """What a thread that has changed something leaves behind."""
    connection.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    ends, pause = time.monotonic() + OPENS_WITHIN, Event()
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.05)
        else:
            return
    raise AssertionError("a server does not get ready")
