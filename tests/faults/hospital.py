"""A running hospital of its own: processes to kill, and a desk that repeats what got no answer."""

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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PROJECT = Path(__file__).parents[2]
PATIENCE = 90.0
"""Seconds until something that must come back has come back."""

SIGNS = {
    "web": "daphne",
    "worker": " worker",
    "relay": "manage.py relay",
    "day": "simulate_day",
    "valkey": "valkey-server",
    "postgres": "postgres -D",
}
"""What stands in the command line of each process."""


def until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again until something holds. Fails after `PATIENCE`."""
    ends, pause = time.monotonic() + PATIENCE, threading.Event()
    while not holds():
        assert time.monotonic() < ends, f"{what}: not within {PATIENCE:.0f} seconds"
        pause.wait(0.2)


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
        self.environment = kept | {"OPD_HOME": str(home), "PORT": str(self.port)}
        self.runner = subprocess.Popen(
            [sys.executable, "-m", "opd.local", "run"],
            cwd=PROJECT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self.is_ready, "the hospital opens")
        self.access = ""

    def close(self) -> None:
        """Ctrl-C."""
        self.runner.send_signal(signal.SIGINT)
        self.runner.wait(timeout=60)

    def is_ready(self) -> bool:
        """Whether it takes requests."""
        return self.ask("GET", "/health/ready").status == 200

    def ask(self, method: str, path: str, body: Any = None, key: str = "", timeout: float = 5) -> Answer:
        """One request; status 0 when no answer came."""
        headers = {"Content-Type": "application/json"}
        if path.startswith("/api/v1/") and "auth/token" not in path:
            headers["Authorization"] = f"Bearer {self.access}"
        if key:
            headers["Idempotency-Key"] = key
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://localhost:{self.port}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return Answer(answer.status, json.load(answer))
        except urllib.error.HTTPError as refusal:
            said = refusal.read()
            return Answer(refusal.code, json.loads(said) if said[:1] == b"{" else None)
        except (OSError, ValueError):
            return Answer(0, None)

    def insist(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Repeat a request until it is answered for good, as a desk does; busy and silent are no answers."""
        answer = Answer(0, None)

        def answered() -> bool:
            nonlocal answer
            answer = self.ask(method, path, body, key)
            return answer.status not in {0, 502, 503} and (answer.body or {}).get("code") != "in_flight"

        until(answered, f"{method} {path}")
        assert answer.status in {200, 201}, answer
        return answer.body

    def sign_in(self, email: str) -> None:
        """Somebody of the demo's staff."""
        body = {"email": email, "password": "opd-demo-2026"}
        self.access = self.insist("POST", "/api/v1/auth/token", body)["access"]

    def processes(self, name: str) -> list[psutil.Process]:
        """The processes of one name that live in this home or were started by its runner."""
        family = psutil.Process(self.runner.pid).children(recursive=True)
        return [p for p in family if SIGNS[name] in " ".join(_words(p))]

    def kill(self, name: str) -> None:
        """kill -9, for PostgreSQL with all its children at once."""
        found = self.processes(name)
        assert found, f"{name} is not running"
        for process in found:
            for one in [*process.children(recursive=True), process]:
                if one.is_running():
                    one.kill()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A management command with this hospital's settings."""
        told = subprocess.run(
            [sys.executable, "-m", "opd.local", "env"],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        script = f"{told.stdout}\nexec {sys.executable} manage.py {' '.join(words)}"
        return subprocess.run(
            ["sh", "-c", script], cwd=PROJECT, env=self.environment, capture_output=True, text=True, timeout=120
        )


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
