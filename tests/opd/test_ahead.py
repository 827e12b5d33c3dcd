"""The coming two weeks of the demo: booked by every source, living, and left alone where a person had a hand in it."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from apps.accounts.queries import facility_facts, staff_actor
from apps.audit.models import AuditEntry
from apps.eta.queries import learnt_minutes
from apps.notifications.models import Message
from apps.patients.queries import search
from apps.queue import commands
from apps.queue.models import Visit
from apps.queue.queries.overbooking import advised
from apps.scheduling.models import Appointment, Leave, LeaveCase, Offer, Slot, WaitingEntry
from apps.scheduling.queries import doctors
from opd.demo.hospital import DEMO
from opd.invariants import Look, check
from opd.simulation import ahead, unusual
from opd.simulation.ahead import Ahead, begin
from opd.simulation.before import remember
from opd.simulation.cast import cast_of
from tests.cast import DESK
from tests.opd.conftest import MONDAY
from tests.opd.test_live import Clock


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer of everything, so that it is soon there."""
    monkeypatch.setattr(ahead, "DAYS", 4)
    monkeypatch.setattr(ahead, "SOON", 3)
    monkeypatch.setattr(ahead, "AT_ONCE", 40)
    monkeypatch.setattr(ahead, "_places", lambda doctor_id, day: 5)


def books(clock: Clock, looks: int = 8) -> Ahead:
    """Looks until nothing is missing."""
    player = Ahead(DEMO, clock, Random(3))
    for _ in range(looks):
        player.tick(cast_of(DEMO))
        clock.later(11)
    return player


def test_every_doctor_and_day_is_booked_and_then_it_rests(asha: Any, few: None, monkeypatch: pytest.MonkeyPatch):
    clock = Clock()
    player = books(clock)
    per_day = Counter(Appointment.objects.filter(state="BOOKED").values_list("doctor_id", "day"))
    today = asha.day_of(clock.now)
    for doctor in doctors():
        for days in range(1, 4):
            assert per_day[doctor.id, today + timedelta(days=days)] >= 3
    count = Appointment.objects.count()
    monkeypatch.setattr(player, "_of_today", lambda *_about: ())  # what is drawn may happen: who comes today, and
    monkeypatch.setattr(player._unusual, "deeds", lambda *_about: ())  # who answers an offer
    assert player.tick(cast_of(DEMO)) <= 1
    assert Appointment.objects.count() <= count + 1, "a place that was just given up may be booked anew, nothing else"
    assert len(set(Appointment.objects.values_list("source", flat=True))) >= 4
    broken = [f for f in check(Look([asha.id], clock.now)) if not f.holds]
    assert {f.name for f in broken} <= {"events are delivered or parked", "the audit chain verifies"}
    (leave,) = Leave.objects.all()
    assert leave.starts_at > clock.now, "one of the doctors has a morning off, and whoever is moved hears of it"
    moved = LeaveCase.objects.filter(leave=leave).count()
    assert moved == Message.objects.filter(kind="doctor_away").count()


def test_those_who_sign_in_find_a_booking_of_their_own(asha: Any, few: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ahead, "DAYS", 1)
    books(Clock(), looks=3)
    for somebody in DEMO.patients[: ahead.FAMILIES]:
        assert Appointment.objects.filter(patient=search(somebody.phone, DESK).get()).count() == 1


def test_a_day_that_is_booked_out_has_people_waiting(asha: Any, few: None):
    clock = Clock()
    day = asha.day_of(clock.now) + timedelta(days=ahead.CROWDED)
    crowded = list(cast_of(DEMO).practitioners.values())[-1]
    slots = Slot.objects.filter(doctor_id=crowded.id, day=day).order_by("starts_at")
    slots.exclude(id=slots[10].id).update(closed_at=clock.now)
    books(clock)
    assert WaitingEntry.objects.filter(doctor_id=crowded.id, preferred_day=day).exists()


def test_people_come_give_up_and_stay_away(asha: Any, few: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ahead, "DAYS", 1)
    monkeypatch.setattr(ahead, "GIVES_UP", 0.25)
    monkeypatch.setattr(ahead, "STAYS_AWAY", 0.25)
    clock = Clock()
    player = books(clock, looks=2)
    for _ in range(20):
        clock.later(600)
        player.tick(cast_of(DEMO))
    states = Counter(Appointment.objects.values_list("state", flat=True))
    assert min(states["ARRIVED"], states["NO_SHOW"], states["CANCELLED"]) > 0
    arrived = Visit.objects.filter(token__appointments__state="ARRIVED").count()
    assert arrived == states["ARRIVED"]


def test_what_a_person_booked_is_left_alone(asha: Any):
    clock = Clock()
    meera, rao = staff_actor("reception@demo.opd"), doctors().get(name="Dr Suresh Rao")
    outcome = commands.book(
        actor=meera,
        now=clock.now,
        doctor_id=rao.id,
        patient_id=search(DEMO.patients[20].phone, DESK).get().id,
        source="online",
        appointment_time=clock.now + timedelta(minutes=30),
    )
    row = outcome.appointment
    player = Ahead(DEMO, clock, Random(3))
    for _ in range(12):
        clock.later(600)
        for deed in player._of_today(cast_of(DEMO), facility_facts(asha.id).day_of(clock.now), clock.now):
            deed()
    row.refresh_from_db()
    assert row.state == "BOOKED"


def test_a_hospital_begins_with_a_little_of_everything(asha: Any, few: None):
    clock = Clock()
    assert begin(DEMO, clock) > 0
    today, rows = asha.day_of(clock.now), Appointment.objects.filter(state__in=("BOOKED", "HELD"))
    booked = set(rows.values_list("doctor_id", "day"))
    assert {(d.id, today + timedelta(days=n)) for d in doctors() for n in range(1, 4)} <= booked
    assert rows.filter(state="HELD").count() == 1
    assert rows.filter(series_id__isnull=False).count() == 4
    assert rows.filter(displaced=1).exists()
    assert rows.filter(visit_type__isnull=False).exists()
    assert Slot.objects.filter(emergency_level="high").count() == 1


def test_there_is_a_slot_with_advice_to_open_places_and_whoever_may_says_yes(asha: Any, few: None):
    clock = Clock()
    begin(DEMO, clock)
    day = Slot.objects.filter(day__gte=asha.day_of(clock.now) + unusual.BOOKED_OUT_IN).earliest("day").day
    everybody = [doctor.id for doctor in doctors()]
    (advice,) = advised(everybody, day, clock.now)
    assert advice.places >= 1
    more = {"slot_id": advice.slot.id, "places": advice.places}
    commands.open_beyond(actor=staff_actor("admin@demo.opd"), now=clock.now, **more)
    (opened,) = advised(everybody, day, clock.now)
    assert opened.opened == advice.places


def test_what_is_held_is_booked_in_the_end_and_whoever_is_asked_answers(
    asha: Any, few: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unusual, "CHANGES_THEIR_MIND", 0)
    monkeypatch.setattr(unusual, "DECLINES", 0)
    clock = Clock()
    day = asha.day_of(clock.now) + timedelta(days=ahead.CROWDED)
    crowded = list(cast_of(DEMO).practitioners.values())[-1]
    slots = Slot.objects.filter(doctor_id=crowded.id, day=day).order_by("starts_at")
    slots.exclude(id=slots[10].id).update(closed_at=clock.now)
    player = books(clock)
    for _ in range(LOOKS):  # what is missing anywhere is booked first, so nobody knows at which look it comes to this
        clock.later(60)
        player.tick(cast_of(DEMO))
        if all(came := come_to_it()):
            break
    assert came == (True, True)


LOOKS = 30


def come_to_it() -> tuple[bool, bool]:
    """Whether somebody accepted a place that they were asked about, and somebody booked one that they had held."""
    held = AuditEntry.objects.filter(action="appointment.held").values_list("entity_id", flat=True)
    booked = Appointment.objects.filter(id__in=list(held), state="BOOKED")
    return Offer.objects.filter(state="ACCEPTED").exists(), booked.exists()


def test_a_demo_knows_its_doctors_pace_before_anybody_comes(asha: Any):
    assert remember(DEMO, MONDAY) > 0
    for doctor in doctors():
        assert 0.5 < learnt_minutes(doctor.id, float(doctor.average_consultation_minutes)) < 1.5
