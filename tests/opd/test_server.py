"""A real server under requests that are too large, too slow or not HTTP: refused or ended, and others are served."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product

import pytest

from opd.local.web import open_doors, web_programs

MANY = 100
READY_WITHIN = 240
SECRETS = re.compile(r"Traceback|psycopg|SELECT |127\.0\.0\.1:1|SECRET_KEY|settings|\.py", re.IGNORECASE)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nginx, the workers and the sockets' process as `make run` starts them, with PostgreSQL and Redis away."""
    folder = tmp_path_factory.mktemp("server")
    environment = os.environ | {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "OPD_WEB_PROCESSES": "1",
    }
    environment.pop("DATABASE_OWNER_URL", None)
    log = folder / "log"
    with open_doors({"PORT": "0"}) as doors, ExitStack() as stack, log.open("ab") as written:
        for program in web_programs(folder, doors, environment | {"PORT": str(doors.port)}):
            process = subprocess.Popen(
                program.command(),
                env=dict(program.environment),
                stdout=written,
                stderr=written,
                pass_fds=program.sockets,
            )
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
        until = time.monotonic() + READY_WITHIN
        while not is_served(doors.port):
            assert time.monotonic() < until, log.read_text()
        yield doors.port


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": f"localhost:{port}"} | given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def is_served(port: int) -> bool:
    try:
        return ask(port, "GET", "/health/live")[0] == 200
    except OSError:
        return False


def raw(port: int, sent: bytes) -> bytes:
    """What comes back for these bytes until the server ends the connection, as it is asked to."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        try:
            line.sendall(sent)
            return b"".join(iter(lambda: line.recv(65_536), b""))
        except ConnectionError:
            return b""


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/csp-report", 8_193, 413),
        ("/api/v1/patient/checkin", 65_537, 413),
        ("/checkin", 65_537, 413),
        ("/api/v1/auth/token", 20_000_000, 413),
        ("/login/staff/", 20_000_000, 413),
    ],
)
def test_a_body_that_is_too_large_is_refused(port, path, size, status):
    assert ask(port, "POST", path, b"x" * size, Content_Type="application/json")[0] == status
    assert is_served(port)


def test_a_large_body_is_refused_though_it_does_not_say_its_length(port):
    chunks = b"".join(b"10000\r\n" + b"x" * 65_536 + b"\r\n" for _ in range(40)) + b"0\r\n\r\n"
    head = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    answer = raw(port, head + b"Content-Type: application/json\r\nConnection: close\r\n\r\n" + chunks)
    assert b" 411 " in answer.splitlines()[0]


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"x" * 70_000,
        b"\r\n".join(b"X-%d: y" % number for number in range(2_000)),
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: -1",
        b"Content-Length: five",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"X-Bad\x00Name: y",
    ],
    ids=["long", "many", "two lengths", "negative", "no number", "length and chunked", "nul"],
)
def test_headers_that_are_no_headers_end_the_connection(port, head):
    answer = raw(
        port, b"POST /csp-report HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + head + b"\r\n\r\nhello"
    )
    assert not answer or answer.split(b" ", 2)[1] in (b"400", b"411", b"413", b"431"), answer[:200]
    assert is_served(port)


def test_who_is_slow_keeps_nobody_waiting(port):
    """A hundred who begin a request and never end it: half of them in the head, half in the body."""
    begun = [b"GET / HTTP/1.1\r\nHost: localhost\r\nX-", b"POST /csp-report HTTP/1.1\r\nContent-Length: 99\r\n\r\n{"]
    lines = []
    try:
        for number in range(MANY):
            lines.append(line := socket.create_connection(("127.0.0.1", port), timeout=30))
            line.sendall(begun[number % 2])
        for _ in range(5):
            for line in lines:
                line.sendall(b"x")
            began = time.monotonic()
            assert is_served(port)
            assert time.monotonic() - began < 20
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize("address", ["http://evil.test/", "http://evil.test/login/staff/", "//evil.test/", "*"])
def test_an_address_of_another_host_is_not_taken_for_ours(port, address):
    forged = "Host: localhost\r\nX-Forwarded-Host: evil.test\r\nConnection: close\r\n\r\n"
    answer = raw(port, f"GET {address} HTTP/1.1\r\n{forged}".encode())
    assert answer.split(b" ", 2)[1] in (b"400", b"404", b"503")
    assert b"evil.test" not in answer


ASKED_FOR = [
    ("GET", "/"),
    ("GET", "/login/staff/"),
    ("POST", "/login/staff/"),
    ("GET", "/admin/"),
    ("GET", "/console/"),
    ("GET", "/t/bcdfghjkmn/"),
    ("GET", "/display/hall-a/"),
    ("GET", "/api/v1/auth/me"),
    ("POST", "/api/v1/auth/token"),
    ("GET", "/api/v1/departments"),
    ("GET", "/health/ready"),
    ("GET", "/nothing"),
]


def test_without_a_database_nothing_of_the_inside_is_told(port):
    """All at once: each waits for a connection as long as it may."""
    sample = {"Authorization": "Bearer a.b.c", "Cookie": "sessionid=x"}

    def told(one):
        (method, path), headers = one
        body = b'{"email": "a@b.test", "password": "x"}' if method == "POST" else None
        return path, *ask(port, method, path, body, Content_Type="application/json", **headers)

    asked = list(product(ASKED_FOR, ({}, sample)))
    with ThreadPoolExecutor(len(asked)) as people:
        for path, status, answer in people.map(told, asked):
            assert status in (401, 403, 404, 503, 302, 200), (path, status)
            assert not SECRETS.search(answer), answer


def test_what_is_well_is_told_to_be_well_by_every_process(port):
    status, told = ask(port, "GET", "/metrics")
    assert status == 200
    assert "opd_live_source_up 1.0" in told.splitlines()


FORKED = """
import os, sys
import opd.wsgi
from opd.serving import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
for _ in range(2):
    child = os.fork()
    if not child:
        web.post_fork(None, None)
        os._exit(0)
    os.waitpid(child, 0)
registry = CollectorRegistry()
MultiProcessCollector(registry)
sys.stdout.write(generate_latest(registry).decode())
"""


def test_a_worker_that_has_asked_nobody_yet_misses_nothing(tmp_path):
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", FORKED], env=environment, capture_output=True, text=True, check=True)
    assert {"opd_live_source_up 1.0", "opd_rate_limiter_up 1.0"} <= set(told.stdout.splitlines())


def test_whoever_is_not_answered_is_not_told_that_nothing_was_done(tmp_path):
    """The worker takes the request and ends before it answers: what it did until then nobody knows."""
    with open_doors({"PORT": "0"}) as doors:
        *_, door = web_programs(tmp_path, doors, {"PATH": os.defpath})
        nginx = subprocess.Popen(door.command(), env=dict(door.environment), pass_fds=door.sockets)
        try:
            for path, words in (("/api/v1/visits", "same Idempotency-Key"), ("/admin/desk/", "look before you send")):
                with ThreadPoolExecutor(1) as person:
                    asked = person.submit(ask, doors.port, "POST", path, b"{}")
                    worker, _ = doors.web.accept()
                    with worker:
                        worker.recv(4096)
                    status, answer = asked.result()
                assert status == 503
                assert words in answer
                assert "Nothing was changed" not in answer
        finally:
            nginx.terminate()
            nginx.wait(20)
