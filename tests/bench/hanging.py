"""Somebody outside the house who stops answering, and how the queue does meanwhile (reliability.md, T13).

One run measures check-in and call-next in turns: while the one outside answers at once, and while it takes requests
and says nothing. What comes out is the ratio of the two, which the neighbours on the machine hardly change.
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from uuid import uuid4

from tests.bench.results import note_at_most
from tests.bench.served import Client, Web
from tests.proving import PROVE
from tests.ward import Ward

GOAL = 2.0
"""By how much the p95 of a request may grow while somebody outside hangs."""

HANGS = 60.0 if PROVE else 12.0
"""Seconds of each turn."""

TURNS = 2
"""How often it answers, and hangs."""

PEOPLE_PER_SECOND = 4
WARM_UP = 3.0


class CanHang(Protocol):
    """Somebody or something that the house asks, and that can stop answering."""

    unanswered: int
    """How often it was asked while it hung."""

    def hangs(self) -> AbstractContextManager[None]:
        """From now on, and until the end of this, nobody is answered."""


class Outsider(ThreadingHTTPServer):
    """A provider on this machine: answers every request with `answer`, or, while it `hangs`, not at all."""

    daemon_threads = True

    def __init__(self, answer: bytes = b'{"id": "it-is-there"}') -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.answers = threading.Event()
        self.answers.set()
        self.asked = 0
        """Requests that came."""
        self.unanswered = 0
        """Requests that came while it hung."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """From now on, and until the end of this, nobody is answered."""
        self.answers.clear()
        try:
            yield
        finally:
            self.answers.set()


class _Handler(BaseHTTPRequestHandler):
    server: Outsider

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked += 1
        if not self.server.answers.is_set():
            self.server.unanswered += 1
            self.server.answers.wait()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    do_GET = do_POST = _answer

    def log_message(self, *args: object) -> None:
        """Silent."""


@contextmanager
def outsider() -> Iterator[Outsider]:
    """A provider that answers, until somebody has it hang."""
    server = Outsider()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()


def measure(
    ward: Ward, web: Web, outside: CanHang, what: str, before_turn: Callable[[], object] = lambda: None
) -> dict[str, float]:
    """Check people in and call them, in turns, and note by how much both are slower while `what` hangs.

    `before_turn` puts things back that a turn has left behind, such as a provider's breaker. The ratios by name.
    """
    turns: dict[bool, list[Turn]] = {False: [], True: []}
    with ExitStack() as stack:
        desk = stack.enter_context(closing(Client(web.port, ward.meera)))
        doctors = [
            (stack.enter_context(closing(Client(web.port, ward.as_doctor(doctor)))), str(doctor.id))
            for doctor in ward.doctors
        ]
        _work(ward, desk, doctors, WARM_UP)
        for number in range(2 * TURNS):
            hangs = number % 2 == 1
            before_turn()
            with outside.hangs() if hangs else ExitStack():
                turns[hangs].append(_work(ward, desk, doctors, HANGS))
        assert [line for client in (desk, *(c for c, _ in doctors)) for line in client.refused] == []
    assert outside.unanswered, "nobody asked while it hung, so that nothing was measured"
    ratios = {}
    for name in ("check-in", "call-next"):
        ratios[name] = _p95(turns[True], name) / _p95(turns[False], name)
        note_at_most(f"{name} while {what} hangs, against while it answers (p95)", ratios[name], GOAL)
    return ratios


Turn = dict[str, list[float]]
"""How many seconds each answer took, by what was asked."""


def _work(ward: Ward, desk: Client, doctors: list[tuple[Client, str]], seconds: float) -> Turn:
    """Somebody comes and is called, so often a second; the desk and the doctors in threads of their own."""
    people = [_newcomer(ward) for _ in range(int(seconds * PEOPLE_PER_SECOND) + 1)]
    taken: Turn = {"check-in": [], "call-next": []}

    def check_in(number: int) -> None:
        about = {"departmentId": str(ward.department.id), "patientId": people[number]}
        _timed(taken["check-in"], lambda: desk.ask("POST", "/visits", about))

    def seeing(client: Client, doctor_id: str) -> Callable[[int], None]:
        def see(_number: int) -> None:
            called = _timed(
                taken["call-next"], lambda: client.ask("POST", "/doctor/queue/call-next", {"doctorId": doctor_id})
            )
            if called and "visitId" in called:
                client.ask("POST", f"/doctor/visits/{called['visitId']}/start", {})
                client.ask("POST", f"/doctor/visits/{called['visitId']}/complete", {})

        return see

    tasks = [(check_in, float(PEOPLE_PER_SECOND))]
    tasks += [(seeing(*doctor), PEOPLE_PER_SECOND / len(doctors)) for doctor in doctors]
    threads = [threading.Thread(target=_at_pace, args=(*task, seconds)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def _newcomer(ward: Ward) -> str:
    """Somebody with a file and a phone, so that there is something to tell them."""
    return str(ward.register(name="Somebody", phone=f"98{uuid4().int % 10**8:08}").id)


def _at_pace(task: Callable[[int], None], per_second: float, seconds: float) -> None:
    """Do something so often a second; who is late goes on at once."""
    pause, begins = threading.Event(), time.monotonic()
    for number in range(int(seconds * per_second)):
        pause.wait(max(0.0, begins + number / per_second - time.monotonic()))
        task(number)


def _timed(taken: list[float], ask: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    answer = ask()
    taken.append(time.perf_counter() - began)
    return answer


def _p95(turns: list[Turn], name: str) -> float:
    return statistics.quantiles([one for turn in turns for one in turn[name]], n=20)[-1]
