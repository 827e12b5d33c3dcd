"""A running hospital of its own: processes to kill and hang, and people at work who are answered or not."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import celery
import psutil

from opd.local.processes import leash

PROJECT = Path(__file__).parents[2]
PATIENCE = 90.0
"""Seconds until something that must come back has come back."""

ASKED_AGAIN = 15.0
"""Seconds until the worker is given its work once more."""

OPENS_WITHIN = 300.0
"""Seconds for the hospital to be made and opened, on a machine that has other things to do."""

SIGNED_IN_FOR = 300.0
"""Seconds; an access token lives longer."""

SIGNS = {
    "web": "gunicorn",
    "live": "opd.serving.live",
    "nursery": "opd.serving.live",
    "door": "nginx",
    "worker": " worker",
    "relay": "manage.py relay",
    "day": "simulate_day",
    "valkey": "valkey-server",
    "postgres": "postgres -D",
}
"""What stands in the command line of each process. `live` has the sockets; `nursery` is loaded and forks it."""


def until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
    """Look again and again until something holds; the seconds it took. Fails when patience ends."""
    began, pause = time.monotonic(), threading.Event()
    while not holds():
        assert time.monotonic() - began < patience, f"{what}: not within {patience:.0f} seconds"
        pause.wait(0.05)
    return time.monotonic() - began


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Answer:
    """What the server said; status 0 when it said nothing."""

    status: int
    body: Any


class Hospital:
    """The demo hospital with its living day, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        kept = {
            name: os.environ[name] for name in os.environ if not name.startswith(("DATABASE", "REDIS", "OPD", "DJANGO"))
        }
        self.environment = kept | {"OPD_HOME": str(home), "PORT": str(self.port), "OPD_RATE_SCALE": "1000"}
        self.runner = subprocess.Popen(
            [sys.executable, "-m", "opd.local", "run"],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=leash(signal.SIGTERM),
        )
        try:
            until(self.is_ready, "the hospital opens", OPENS_WITHIN)
            until(lambda: bool(self.processes("relay")), "all of it")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ctrl-C."""
        self.runner.send_signal(signal.SIGINT)
        self.runner.wait(timeout=60)

    def ask(
        self, method: str, path: str, body: Any = None, timeout: float = 5, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; status 0 when no answer came."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}",
            data,
            {"Content-Type": "application/json"} | (headers or {}),
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                text = answer.read()
                return Answer(answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode())
        except urllib.error.HTTPError as refusal:
            said = refusal.read()
            return Answer(refusal.code, json.loads(said) if said[:1] == b"{" else None)
        except (OSError, ValueError, http.client.HTTPException):  # the last: cut off in the middle
            return Answer(0, None)

    # --- how it stands -------------------------------------------------------------------------------------------

    def is_ready(self) -> bool:
        """Whether it takes requests."""
        return self.ask("GET", "/health/ready").status == 200

    def has_redis(self) -> bool:
        """Whether it says that Redis answers."""
        return (self.ask("GET", "/health/ready").body or {}).get("redis") == "ok"

    def has_sockets(self) -> bool:
        """Whether the process of the sockets answers."""
        return self.ask("GET", "/api/v1/appointments/websocket/stats").status == 401

    def is_told(self) -> bool:
        """Whether the relay works: nothing has waited for long."""
        told = self.ask("GET", "/metrics").body or ""
        lags = [float(line.split()[1]) for line in told.splitlines() if line.startswith("opd_relay_lag_seconds ")]
        return bool(lags and lags[0] < 2 and self.processes("relay"))

    def has_worker(self) -> bool:
        """Whether a worker answers through Redis."""
        return bool(self.workers.control.broadcast("ping", reply=True, timeout=0.5, limit=1))

    def finish_work(self) -> None:
        """Give the worker something to do by Redis, and wait until it is done. What Redis hands to a connection that
        has just gone is lost; the beat asks again, and so does this."""
        log, asked = self.home / "log" / "worker.log", dict[str, float]()

        def worked() -> bool:
            if time.monotonic() - max(asked.values(), default=0) > ASKED_AGAIN:
                asked[self.workers.send_task("core.forget_idempotency_keys", retry=False).id] = time.monotonic()
            told = log.read_text()
            return any(f"{task_id}] succeeded" in told for task_id in asked)

        until(worked, "the worker works")

    # --- faults --------------------------------------------------------------------------------------------------

    def processes(self, name: str) -> list[psutil.Process]:
        """The processes of one name that were started by this hospital's runner."""
        family = psutil.Process(self.runner.pid).children(recursive=True)
        found = [p for p in family if SIGNS[name] in " ".join(_words(p))]
        if name in ("live", "nursery"):
            return [p for p in found if (_parent(p) == self.runner.pid) == (name == "nursery")]
        return found

    def kill(self, name: str) -> None:
        """kill -9, for PostgreSQL and the worker with all their children at once."""
        until(lambda: bool(self.processes(name)), f"{name} runs")
        for process in self.processes(name):
            children = process.children(recursive=True) if name != "nursery" else []
            for one in [*children, process]:
                with contextlib.suppress(psutil.NoSuchProcess):  # those that end by themselves meanwhile
                    one.kill()

    @contextlib.contextmanager
    def stopped(self, name: str, port: int) -> Iterator[None]:
        """A process that is gone and cannot come back, because somebody sits on its port and answers nobody."""
        with socket.socket() as seat:
            self.kill(name)
            seat.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            until(lambda: _sits(seat, port), "the port is free")
            seat.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            yield

    @contextlib.contextmanager
    def hung(self, name: str) -> Iterator[None]:
        """A process that takes connections and never answers."""
        (process,) = self.processes(name)
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    # --- beside it -----------------------------------------------------------------------------------------------

    @cached_property
    def settings(self) -> dict[str, str]:
        """What its processes have in their environment and we do not."""
        script = f'eval "$({sys.executable} -m opd.local env)" && env -0'
        told = subprocess.run(["sh", "-c", script], cwd=PROJECT, env=self.environment, capture_output=True, text=True)
        return dict(line.split("=", 1) for line in told.stdout.split("\0") if "=" in line)

    @cached_property
    def workers(self) -> celery.Celery:
        """The worker's application, as somebody sees it who only has its Redis."""
        app = celery.Celery("beside", broker=self.settings["REDIS_URL"], set_as_current=False)
        app.conf.update(broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 1})
        return app

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A management command with this hospital's settings."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=PROJECT, env=self.settings, capture_output=True, text=True, timeout=300)


class Somebody:
    """One of the demo's staff, signed in over the API."""

    def __init__(self, hospital: Hospital, account: str) -> None:
        self.hospital = hospital
        self.account = account
        self._access = ""
        self._until = 0.0

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> Answer:
        """One request under /api/v1; status 0 when no answer came."""
        if time.monotonic() > self._until:
            self._sign_in()
        headers = {"Authorization": f"Bearer {self._access}"} | ({"Idempotency-Key": key} if key else {})
        return self.hospital.ask(method, f"/api/v1{path}", body, headers=headers)

    def access(self) -> str:
        """The token that this person shows."""
        return self._access

    def insist(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Repeat a request until it is answered for good, as a desk does; busy and silent are no answers."""
        return _insist(lambda: self.ask(method, path, body, key), f"{method} {path}")

    def _sign_in(self) -> None:
        body = {"email": f"{self.account}@demo.opd", "password": "opd-demo-2026"}
        answer = _insist(lambda: self.hospital.ask("POST", "/api/v1/auth/token", body), "sign in")
        self._access, self._until = answer["access"], time.monotonic() + SIGNED_IN_FOR


def _insist(ask: Callable[[], Answer], what: str) -> Any:
    answer = Answer(0, None)

    def answered() -> bool:
        nonlocal answer
        answer = ask()
        return answer.status not in {0, 502, 503} and (answer.body or {}).get("code") != "in_flight"

    until(answered, what)
    assert answer.status in {200, 201}, answer
    return answer.body


def _sits(seat: socket.socket, port: int) -> bool:
    with contextlib.suppress(OSError):
        seat.bind(("127.0.0.1", port))
        return True
    return False


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
