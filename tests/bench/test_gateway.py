"""The payment gateway hangs: check-in and call-next beside a worker that asks it all the time, and beside none."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scopes_disabled

from apps.billing import commands as billing
from apps.billing import tasks
from apps.billing.models import PaymentLink
from apps.notifications.models import Breaker
from apps.queue import commands
from opd.demo.gateway import DemoGateway
from tests.bench.results import note
from tests.billing.till import price, till_of
from tests.ward import Ward, open_ward

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

ROUNDS, HANGS, QUIET = 4, 15, 7
"""The gateway hangs for four quarters of a minute, with so many seconds of quiet before each."""

LINKS = 40
"""Payments by link that wait for the gateway all the while."""


@pytest.fixture
def ward(transactional_db: None, settings: Any) -> Iterator[Ward]:
    """A department with a till, and a gateway that hangs."""
    gateway = DemoGateway().start()
    settings.RAZORPAY_URL, settings.RAZORPAY_KEY_ID = gateway.url, "key"
    gateway.hangs.set()
    with open_ward() as opened:
        opened.now = timezone.now()
        price(opened)
        till = till_of(opened)
        for _ in range(LINKS):
            invoice = till.issued()
            billing.ask_link(actor=till.cashier, now=opened.now, invoice_id=invoice.id)
        yield opened
    gateway.close()


class Worker(threading.Thread):
    """Asks the gateway again and again while it may, as if nothing ever rested."""

    def __init__(self) -> None:
        super().__init__()
        self.may_ask, self.stop, self.asked = threading.Event(), threading.Event(), 0

    def run(self) -> None:
        """Until it is told to stop."""
        try:
            while not self.stop.is_set():
                if self.may_ask.wait(0.1):
                    self._ask()
        finally:
            connection.close()

    def _ask(self) -> None:
        Breaker.objects.all().delete()
        with scopes_disabled():
            PaymentLink.objects.update(next_at=timezone.now())
        tasks.ask_gateway()
        tasks.settle()
        self.asked += 1


def test_check_in_and_call_next_while_the_gateway_hangs(ward: Ward):
    beside = Worker()
    beside.start()
    spent: dict[tuple[str, bool], list[float]] = {
        (what, hangs): [] for what in ("in", "call") for hangs in (False, True)
    }
    try:
        for hangs in [False, True] * ROUNDS:
            (beside.may_ask.set if hangs else beside.may_ask.clear)()
            until = time.monotonic() + (HANGS if hangs else QUIET)
            while time.monotonic() < until:
                _turn(ward, lambda what, seconds, h=hangs: spent[what, h].append(seconds))
    finally:
        beside.stop.set()
        beside.join()
    assert beside.asked >= ROUNDS * 2, "a worker that hung asked a few times"
    for what, name in (("in", "check-in"), ("call", "call-next")):
        quiet, hanging = (_p95(spent[what, hangs]) for hangs in (False, True))
        note(f"{name} p95, quiet against a gateway that hangs for a minute", quiet / hanging, 0.5, 0)


def _turn(ward: Ward, took: Callable[[str, float], None]) -> None:
    """Somebody comes, is called and is seen."""
    patient = ward.register(name="Somebody")
    began = time.perf_counter()
    told = {"actor": ward.meera, "now": ward.now, "department_id": ward.department.id, "patient_id": patient.id}
    commands.check_in(**told)
    came = time.perf_counter()
    visit = commands.call_next(actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id)
    took("in", came - began)
    took("call", time.perf_counter() - came)
    ward.complete(ward.start(visit))


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]
