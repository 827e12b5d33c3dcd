"""The demo's till: what people book of their own choice is paid for, and fetched again when they give it up."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.queries import staff_actor
from apps.billing.models import Invoice, Payment, RefundDue
from apps.core.policy import Actor
from apps.core.relay import Relay
from apps.patients.queries import search
from apps.queue import commands
from apps.scheduling.models import Appointment
from apps.scheduling.queries import doctors
from opd.demo.hospital import DEMO
from opd.invariants import Look, check
from opd.simulation import till
from opd.simulation.cast import cast_of
from opd.simulation.till import Till
from opd.subscriptions import handlers_for
from tests.cast import DESK
from tests.opd.test_live import Clock


@pytest.fixture
def clock(asha: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Nobody of the demo forgets to pay."""
    monkeypatch.setattr(till, "PAYS_LATER", 0)
    return Clock()


def relay(clock: Clock) -> None:
    Relay(handlers_for, clock=clock).run_once()


def booked(clock: Clock, by: Actor, number: int) -> Appointment:
    """Somebody gets a place of their own choice for the day after tomorrow."""
    outcome = commands.book(
        actor=by,
        now=clock.now,
        doctor_id=doctors().get(name="Dr Suresh Rao").id,
        patient_id=search(DEMO.patients[number].phone, DESK).get().id,
        source="paid_priority",
        appointment_time=clock.now + timedelta(days=2),
    )
    relay(clock)
    return outcome.appointment


def looks(clock: Clock, minutes: int) -> None:
    """The till is looked at every minute."""
    player = Till(clock)
    for _ in range(minutes):
        clock.later(60)
        player.tick(cast_of(DEMO))


def test_who_chose_a_place_pays_for_it_within_minutes_and_what_a_person_booked_waits(asha: Any, clock: Clock):
    played, own = booked(clock, cast_of(DEMO).desk, 20), booked(clock, staff_actor("reception@demo.opd"), 21)
    looks(clock, 6)
    states = {row.token_id: (row.status, row.balance) for row in Invoice.objects.exclude(token=None)}
    assert states[played.token_id] == ("ISSUED", 0)
    assert states[own.token_id][0] == "DRAFT"
    broken = {finding.name for finding in check(Look([asha.id], clock.now)) if not finding.holds}
    assert broken <= {"events are delivered or parked", "the audit chain verifies"}


def test_who_gives_it_up_fetches_what_comes_back(clock: Clock):
    cast = cast_of(DEMO)
    row = booked(clock, cast.desk, 20)
    looks(clock, 6)
    commands.cancel_booking(actor=cast.desk, now=clock.now, booking_id=row.id, reason="Cannot come.", wished=True)
    relay(clock)
    due = RefundDue.objects.get(appointment=row)
    assert due.refund_id is None
    looks(clock, 42)
    due.refresh_from_db()
    assert due.refund is not None
    assert Payment.objects.get(id=due.payment_id).refunded == due.amount


def test_some_leave_it_unpaid(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(till, "PAYS_LATER", 1)
    row = booked(clock, cast_of(DEMO).desk, 20)
    looks(clock, 6)
    assert Invoice.objects.get(token_id=row.token_id).status == "DRAFT"
