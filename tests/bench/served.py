"""The web processes as `make run` starts it, on the tests' database, and people who keep a connection to it."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any
from uuid import uuid4

import psutil
from django.db import connection
from django.utils import timezone

from apps.accounts.commands import enter
from apps.accounts.models import Staff
from apps.accounts.rules.credentials import CredentialKind
from apps.core.policy import Actor
from opd.local.web import open_doors, web_programs

OPENS_WITHIN = 180.0


@dataclass(frozen=True)
class Web:
    """Where the web processes serve, and what they cost."""

    port: int
    processes: list[psutil.Process]
    """Workers, sockets, nginx."""
    live_port: int
    """Where the process of the sockets itself serves, behind nginx."""

    def cpu(self) -> float:
        """Seconds of CPU so far, of all of them. The neighbours on the machine do not change them much."""
        family = [one for process in self.processes for one in (process, *process.children(recursive=True))]
        spent = [process.cpu_times() for process in family]
        return float(sum(times.user + times.system for times in spent))


def on_this_database() -> dict[str, str]:
    """The environment of a process that works on the tests' own database."""
    known = connection.settings_dict
    user = f"{known['USER']}:{known['PASSWORD']}" if known["PASSWORD"] else known["USER"]
    environment = os.environ | {"DATABASE_URL": f"postgres://{user}@{known['HOST']}:{known['PORT']}/{known['NAME']}"}
    environment.pop("DATABASE_OWNER_URL", None)
    return environment


@contextmanager
def web_process(more: Mapping[str, str] | None = None, beside: Sequence[Sequence[str]] = ()) -> Iterator[Web]:
    """What serves in `make run`: nginx, workers, the sockets' process, with a pool of connections like there.

    `more` settings hold for all of it; `beside` are words after `python` for processes that run with it, such as
    `("manage.py", "relay")`.
    """
    environment = on_this_database() | {"DATABASE_POOL": "20", "OPD_RATE_SCALE": "1000", **(more or {})}
    with TemporaryDirectory() as home, open_doors({"PORT": "0"}) as doors:
        port = doors.port
        programs = web_programs(Path(home), doors, environment | {"PORT": str(port)})
        started = [
            subprocess.Popen(
                program.command(), env=dict(program.environment), stderr=subprocess.DEVNULL, pass_fds=program.sockets
            )
            for program in programs
        ]
        started += [
            subprocess.Popen([sys.executable, *words], env=environment, stderr=subprocess.DEVNULL) for words in beside
        ]
        try:
            _wait_for(port, "/health/ready", 200)
            _wait_for(port, "/api/v1/appointments/websocket/stats", 401)
            live_port = int(doors.live.getsockname()[1])
            yield Web(port, [psutil.Process(process.pid) for process in started], live_port)
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(timeout=30)


def _wait_for(port: int, path: str, status: int) -> None:
    ends, pause = time.monotonic() + OPENS_WITHIN, Event()
    while time.monotonic() < ends:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as wire:
                wire.request("GET", path)
                if wire.getresponse().status == status:
                    return
        except OSError:
            pause.wait(0.1)
    raise AssertionError("the web process does not get ready")


class Client:
    """One member of the staff with one connection; used by one thread."""

    def __init__(self, port: int, actor: Actor) -> None:
        self._wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        now = timezone.now()
        staff = Staff.objects.get(id=actor.id)
        access = enter(now=now, staff=staff, kind=CredentialKind.STAFF_REFRESH).access(now)
        self._headers = {"Authorization": f"Bearer {access}", "Content-Type": "application/json"}
        self.seconds: list[float] = []
        """How long each answer took."""
        self.refused: list[str] = []

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, or None, noted, where the request was refused."""
        key = {"Idempotency-Key": uuid4().hex} if method == "POST" else {}
        began = time.perf_counter()
        sent = None if body is None else json.dumps(body)
        self._wire.request(method, f"/api/v1{path}", sent, self._headers | key)
        response = self._wire.getresponse()
        answer = json.loads(response.read())
        self.seconds.append(time.perf_counter() - began)
        if response.status in (200, 201):
            return answer
        self.refused.append(f"{method} {path}: {response.status} {answer}")
        return None

    def see_next(self, doctor_id: Any) -> str | None:
        """Call, start, complete; the visit, None when nobody waited."""
        called = self.ask("POST", "/doctor/queue/call-next", {"doctorId": str(doctor_id)})
        if not called or "visitId" not in called:
            return None
        visit: str = called["visitId"]
        self.ask("POST", f"/doctor/visits/{visit}/start", {})
        self.ask("POST", f"/doctor/visits/{visit}/complete", {"prescriptionText": "Paracetamol 500 mg"})
        return visit

    def close(self) -> None:
        """Hang up."""
        self._wire.close()
