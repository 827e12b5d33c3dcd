"""What counting a request costs: the same request with and without the gate, turn by turn in one process."""

import statistics
import time

import pytest
from django.conf import settings as configured
from django.test import Client, override_settings

from tests.bench.results import note
from tests.cast import meera, open_browser

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
ROUNDS = 3
TURNS = 300
GATE = "opd.limits.middleware.LimitMiddleware"
GOAL = 0.8


def once(browser: Client) -> float:
    began = time.perf_counter()
    assert browser.get("/api/v1/departments").status_code == 200
    return time.perf_counter() - began


def test_counting_a_request_against_not_counting_it(db: None):
    desk = meera()
    counted, free = open_browser(desk), open_browser(desk)
    once(counted)
    with override_settings(MIDDLEWARE=[name for name in configured.MIDDLEWARE if name != GATE]):
        once(free)  # each browser builds its own stack at its first request
    ratios, added = [], []
    for _ in range(ROUNDS):
        spent: dict[Client, list[float]] = {counted: [], free: []}
        for _ in range(TURNS):
            for browser, times in spent.items():
                times.append(once(browser))
        with_gate, without = (statistics.median(spent[browser]) for browser in (counted, free))
        ratios.append(without / with_gate)
        added.append(with_gate - without)
    ratio = statistics.median(ratios)
    note("a request to the API, not counted against counted in Redis (p50)", ratio, GOAL, 0)
    print(f"added at the median: {statistics.median(added) * 1000:.2f} ms")  # noqa: T201
    assert ratio >= GOAL
