"""The command that loads the demo hospital, where there is none yet."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facility_by_code
from apps.accounts.rules.demo import DEMO_PASSWORD
from apps.billing.queries.books import payments_on, refunds_on
from apps.encounters.models import Encounter, Order, SignedNote
from apps.encounters.queries.sheet import sheet_of
from apps.patients.models import EmergencyAccess
from apps.patients.queries import search
from apps.queue.models import Feedback, Visit
from apps.scheduling.queries import doctors
from opd.demo.hospital import DEMO
from opd.demo.loading import load
from opd.invariants import Look, check
from opd.simulation.cast import cast_of
from opd.simulation.playing import settle
from opd.simulation.seen_before import PEOPLE, remember_visits
from tests.opd.conftest import MONDAY
from tests.opd.test_live import live_player


@pytest.mark.django_db
def test_the_command_refuses_outside_of_a_demo(settings: Any):
    settings.DEMO = False
    with pytest.raises(CommandError, match="OPD_DEMO=1"):
        call_command("demo")
    assert facility_by_code(DEMO.code) is None


@pytest.mark.django_db(transaction=True)
def test_a_reset_makes_a_hospital_without_a_past(settings: Any):
    settings.DEMO = True
    call_command("demo", stdout=StringIO())
    first = facility_by_code(DEMO.code)
    player, clock = live_player()
    for _ in range(3):
        player.tick()
        clock.later(5)
    call_command("demo", "--reset", stdout=StringIO())
    second = facility_by_code(DEMO.code)
    assert first
    assert second
    assert first.id != second.id
    with connection.cursor() as cursor:
        for table in ("queue_visit", "queue_visittransition", "core_outboxevent", "accounts_credential"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE facility_id = %s", [first.id])
            assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM audit_auditentry WHERE facility_id = %s", [first.id])
        assert cursor.fetchone()[0] > 100
    with scope(facility=second.id):
        assert doctors().count() == 5
        today = second.day_of(timezone.now())
        taken = [payments_on(today - timedelta(days=before)).count() for before in range(4)]
        assert taken[1:] == [15, 15, 15]
        assert refunds_on(today - timedelta(days=1)).count() == 1
    player.tick()
    assert player.tick() > 30, "who played in the old one finds the new one"
    settle(second.id)
    assert [f for f in check(Look([second.id], timezone.now(), settled=True)) if not f.holds] == []


@pytest.mark.django_db(transaction=True)
def test_whoever_signs_in_by_a_phone_of_the_demo_finds_a_prescription_and_a_result(settings: Any):
    settings.DEMO = True
    call_command("demo", stdout=StringIO())
    facility = facility_by_code(DEMO.code)
    assert facility
    desk = cast_of(DEMO).desk
    with scope(facility=facility.id):
        for somebody in DEMO.patients[:PEOPLE]:
            (visit,) = Visit.objects.filter(patient__in=search(somebody.phone, desk))
            assert visit.day < facility.day_of(timezone.now())
            sheet = sheet_of(visit)
            assert sheet["medicines"]["rows"]
            order = Order.objects.get(visit=visit)
            assert (order.state, order.seen) == ("done", 1)
        outcomes = [row.content for row in SignedNote.objects.all()]
        for part in ("diagnoses", "diets", "referrals", "followUp"):
            assert any(part in told for told in outcomes), part
        assert Encounter.objects.exclude(follow_up=None).exists(), "a place is booked for somebody"
        assert Feedback.objects.count() == PEOPLE // 2
        (opened,) = EmergencyAccess.objects.filter(reviewed_at=None)
        assert opened.patient_id == search(DEMO.patients[0].phone, desk)[0].id
        assert remember_visits(DEMO, timezone.now()) == 0


def test_without_the_hospital_it_waits_and_with_it_it_begins(db):
    player, _ = live_player()
    assert player.tick() == 0
    facility = load(DEMO, MONDAY, DEMO_PASSWORD)
    with scope(facility=facility.id):
        assert player.tick() > 30
