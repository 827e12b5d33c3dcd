"""B2: from a change's request to the last of ten thousand screens, beside what others do with the same crowd.

`make bench ARGS=tests/bench/viewers`. OPD_VIEWERS names the sizes (`1000,5000,10000`), OPD_VIEWERS_RATES the changes a
second over fifty queues (`5,25,100,200`), OPD_VIEWERS_ROUNDS how often each is run at every side in turn (3);
OPD_VIEWERS_SECONDS is how long each of these takes (6); OPD_VIEWERS_SIDES=ours leaves the others out, to look for what
costs what.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.bench.results import note_viewers
from tests.bench.served import web_process
from tests.bench.viewers.sides import QUEUES, Ours, OursByCommand, Side, close_connections, fifty_queues, others

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SIZES = [int(size) for size in os.environ.get("OPD_VIEWERS", "1000,5000,10000").split(",")]
ROUNDS = int(os.environ.get("OPD_VIEWERS_ROUNDS", "3"))
ONLY = os.environ.get("OPD_VIEWERS_SIDES", "")
RATES = [int(rate) for rate in os.environ.get("OPD_VIEWERS_RATES", "5,25,100,200").split(",")]
SECONDS = float(os.environ.get("OPD_VIEWERS_SECONDS", "6"))
ONE_QUEUE_RATE, ONE_QUEUE_CHANGES = 2, 12
THREADS = 8
IDLE = 0.1
"""Seconds of CPU in half a second at which a server counts as having nothing to do."""

SETTLED_WITHIN = 30.0
"""Seconds after the last change for everybody to have heard everything; what is later counts as not delivered."""


class Crowd:
    """The crowd's process, watching one side."""

    def __init__(self, side: Side, viewers: int, queues: int) -> None:
        self.side, self.each = side, viewers // queues
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crowd.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        before = side.memory()
        self.opened = self.tell(side.opening(viewers, queues))
        self.memory = (side.memory() - before) / viewers / 1024
        self.viewers = viewers

    def tell(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())  # type: ignore[no-any-return]

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)
        assert self.process.stdout
        self.process.stdout.close()


@dataclass
class Found:
    """What one run of a scenario at one side showed."""

    delays: list[float] = field(default_factory=list)
    """From each change's request to the last viewer's reading of it, in seconds."""
    after: list[float] = field(default_factory=list)
    """What of that came after the answer: from there to the last viewer. 0 where the screens were quicker."""
    requests: list[float] = field(default_factory=list)
    """What each change's request, or command, took of that until it was answered: the change is committed by then."""
    delivered: float = 0.0
    """Share of all that was to be heard."""
    cpu: float = 0.0
    """Seconds of CPU in the sockets' process for each message."""

    @property
    def p95(self) -> float:
        return _p95(self.delays)


def run(crowd: Crowd, side: Side, queues: int, rate: float, changes: int) -> Found:
    """Make so many changes at a steady pace and listen to who hears of them when."""
    crowd.tell({"do": "tally"})
    spent = side.cpu()
    began, answered = change_at_pace(side, queues, rate, changes)
    heard: dict[str, tuple[int, float]] = {}
    ends = time.monotonic() + SETTLED_WITHIN
    wanted = changes * crowd.each
    while sum(count for count, _ in heard.values()) < wanted and time.monotonic() < ends:
        for key, (count, last) in crowd.tell({"do": "tally"})["heard"].items():
            heard[key] = (heard.get(key, (0, 0.0))[0] + count, last)
    spent = side.cpu() - spent
    told = {key: heard[key] for key in began if key in heard}
    complete = {key: last for key, (count, last) in told.items() if count == crowd.each}
    whole = [last - began[key] for key, last in complete.items()]
    after = [max(0.0, last - answered[key]) for key, last in complete.items()]
    requests = [answered[key] - began[key] for key in began]
    messages = sum(count for count, _ in told.values())
    never = [SETTLED_WITHIN] * 2
    return Found(whole or never, after or never, requests, messages / wanted, spent / max(messages, 1))


def settle(side: Side) -> None:
    """Wait until a server has done all that it was asked to."""
    pause, ends = threading.Event(), time.monotonic() + SETTLED_WITHIN
    spent, before = side.cpu(), -1.0
    while spent - before > IDLE and time.monotonic() < ends:
        pause.wait(0.5)
        before, spent = spent, side.cpu()


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] * 1000


def change_at_pace(side: Side, queues: int, rate: float, changes: int) -> tuple[dict[str, float], dict[str, float]]:
    """Change one queue after the other; when each change's request began and when it was answered. Who is late makes
    up for it."""
    began: dict[str, float] = {}
    answered: dict[str, float] = {}
    start = time.monotonic() + 0.2
    threads = min(THREADS, queues)

    def work(thread: int) -> None:
        pause = threading.Event()
        for number in range(changes):
            queue = number % queues
            if queue % threads == thread:
                pause.wait(max(0.0, start + number / rate - time.monotonic()))
                moment = time.monotonic()
                change = side.change(queue)
                began[change], answered[change] = moment, time.monotonic()
        close_connections()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    side.rest()
    return began, answered


@contextmanager
def crowds(sides: list[Side], viewers: int, queues: int) -> Iterator[dict[str, Crowd]]:
    """A crowd at each side; all of them stay while the sides take turns."""
    with ExitStack() as stack:
        opened = {}
        for side in sides:
            opened[side.name] = crowd = Crowd(side, viewers, queues)
            stack.callback(crowd.close)
            assert crowd.opened["failed"] == 0, (side.name, crowd.opened)
        yield opened


@pytest.fixture
def sides(transactional_db: None) -> Iterator[list[Side]]:
    """All four, running beside each other."""
    with ExitStack() as stack:
        queues = fifty_queues()
        sides = [] if ONLY == "ours" else stack.enter_context(others())
        sides.append(Ours(stack.enter_context(web_process()), queues))
        yield sides


def test_from_a_change_to_the_last_screen(sides: list[Side], capsys: pytest.CaptureFixture[str]):
    with capsys.disabled():
        for viewers in SIZES:
            for queues, scenarios in ((1, [(ONE_QUEUE_RATE, ONE_QUEUE_CHANGES)]), (QUEUES, _spread())):
                with crowds(sides, viewers, queues) as opened:
                    for rate, changes in scenarios:
                        measure(opened, sides, queues, rate, changes)


def _spread() -> list[tuple[int, int]]:
    return [(rate, max(20, round(rate * SECONDS))) for rate in RATES]


def measure(opened: dict[str, Crowd], sides: list[Side], queues: int, rate: int, changes: int) -> None:
    """One scenario at every side in turn, so often; ours also by the command alone."""
    found: dict[str, list[Found]] = {}
    for _ in range(ROUNDS):
        for side in sides:
            crowd = opened[side.name]
            if isinstance(side, Ours):
                crowd.tell({"do": "say", "text": '{"type":"heartbeat"}'})  # who says nothing for long is ended
                settle(side)
            found.setdefault(side.name, []).append(run(crowd, side, queues, rate, changes))
            if isinstance(side, Ours):
                bare = OursByCommand(side.web, side.queues)
                found.setdefault("ours, from the command", []).append(run(crowd, bare, queues, rate, changes))
    for name, rounds in found.items():
        crowd = opened.get(name) or opened["ours"]
        middle = sorted(rounds, key=lambda one: one.p95)[len(rounds) // 2]
        of = "one queue" if queues == 1 else f"{queues} queues"
        what = f"{crowd.viewers:,} on {of}, {rate}/s: {name}"
        note_viewers(
            what,
            (middle.p95, _p95(middle.requests), _p95(middle.after)),
            middle.delivered,
            middle.cpu * 1e6,
            crowd.memory,
            crowd.viewers / crowd.opened["seconds"],
        )
