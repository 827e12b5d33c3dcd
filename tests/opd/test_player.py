"""A whole day, played through the real commands in virtual time."""

import sys
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.accounts.commands import open_facility
from apps.accounts.queries import facility_by_code
from apps.core.policy import system_actor
from opd.invariants import Look, check
from opd.simulation import plan
from opd.simulation.figures import figures_of
from opd.simulation.playing import CodeInUse, Day, Played, play, settle
from tests.proving import PROVE

VISITS = 300 if PROVE else 40
MONDAY = date(2026, 11, 23)


def transitions(played: Played) -> list[tuple[object, ...]]:
    """Everything that happened in a facility, told without the ids that differ from run to run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.at, d.code, v.number, t.verb, t.from_state, t.to_state, t.version, t.reason, t.via,"
            " t.actual_wait_seconds, doc.name FROM queue_visittransition t JOIN queue_visit v ON v.id = t.visit_id"
            " JOIN scheduling_department d ON d.id = t.department_id"
            " LEFT JOIN scheduling_doctor doc ON doc.id = t.doctor_id"
            " WHERE t.facility_id = %s ORDER BY t.at, d.code, v.number, v.scanned_at, t.version",
            [played.facility.id],
        )
        return list(cursor.fetchall())


def moved_by_hand(played: Played) -> int:
    """How often somebody was put at another place in the queue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_auditentry WHERE facility_id = %s AND action = 'visit.moved'",
            [played.facility.id],
        )
        return int(cursor.fetchone()[0])


def bookings(played: Played) -> set[str]:
    """What became of the day's bookings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT state FROM scheduling_appointment WHERE facility_id = %s", [played.facility.id])
        return {state for (state,) in cursor.fetchall()}


@pytest.mark.django_db
@pytest.mark.timeout(600)
def test_a_day_ends_with_everybody_seen_and_every_invariant_holding():
    played = play(Day("SIM-A", seed=3, doctors=5, visits=VISITS, day=MONDAY))
    settle(played.facility.id)
    sys.stdout.write(f"{VISITS} visits in {played.seconds:.1f} s, {played.commands / played.seconds:.0f} commands/s\n")
    figures = figures_of(played.facility.id)
    assert figures.visits >= VISITS
    assert figures.completed + figures.no_shows + figures.cancelled == figures.visits
    assert figures.completed > 0.85 * VISITS
    assert figures.journeys > 0.1 * VISITS
    looked = list(check(Look([played.facility.id], timezone.now(), settled=True)))
    assert [finding for finding in looked if not finding.holds] == []
    verbs = {row[3] for row in transitions(played)}
    assert {"check_in", "call", "start", "complete", "hold", "resume", "no_show"} <= verbs
    assert {row[8] for row in transitions(played)} == {"simulator"}
    assert {"ARRIVED", "CANCELLED", "NO_SHOW"} <= bookings(played)


@pytest.mark.django_db
def test_people_go_out_and_come_back_and_the_desk_puts_some_at_another_place(monkeypatch: pytest.MonkeyPatch):
    for share in ("SAYS_LATE", "MOVED_BY_HAND"):  # few do on a usual day
        monkeypatch.setattr(plan, share, 0.7)
    played = play(Day("SIM-F", seed=3, doctors=1, visits=24, day=MONDAY))
    moves = transitions(played)
    out = [row for row in moves if row[7].startswith("back in ")]
    assert {(row[3], row[5]) for row in out} == {("hold", "ON_HOLD")}
    assert {row[7] for row in moves if row[3] == "resume"} >= {"back"}
    assert moved_by_hand(played)
    settle(played.facility.id)
    looked = list(check(Look([played.facility.id], timezone.now(), settled=True)))
    assert [finding for finding in looked if not finding.holds] == []


@pytest.mark.django_db
@pytest.mark.timeout(600)
def test_the_same_seed_gives_the_same_day_at_any_speed():
    calm = play(Day("SIM-B", seed=5, doctors=3, visits=VISITS // 2, day=MONDAY, speed=100_000))
    fast = play(Day("SIM-C", seed=5, doctors=3, visits=VISITS // 2, day=MONDAY))
    assert transitions(calm) == transitions(fast)


@pytest.mark.django_db
def test_another_seed_gives_another_day():
    one = play(Day("SIM-D", seed=1, doctors=1, visits=5, day=MONDAY))
    two = play(Day("SIM-E", seed=2, doctors=1, visits=5, day=MONDAY))
    assert transitions(one) != transitions(two)


@pytest.mark.django_db
def test_a_day_is_told_as_it_goes():
    told: list[int] = []
    play(Day("SIM-F", seed=1, doctors=1, visits=5, day=MONDAY), told.append)
    assert told == sorted(told)
    assert told[-1] >= 5


@pytest.mark.django_db(transaction=True)
def test_the_command_plays_tells_and_leaves_nothing_behind():
    out = StringIO()
    call_command("simulate_day", "--seed", "9", "--doctors", "2", "--visits", "6", stdout=out)
    assert "visits" in out.getvalue()
    assert "windows that held" in out.getvalue()
    assert ": called " in out.getvalue()
    assert "Every invariant holds." in out.getvalue()
    assert facility_by_code("SIM-9") is None


@pytest.mark.django_db(transaction=True)
def test_a_kept_day_is_replaced_when_it_is_played_again():
    for _ in range(2):
        call_command("simulate_day", "--seed", "9", "--doctors", "1", "--visits", "2", "--keep", stdout=StringIO())
    kept = facility_by_code("SIM-9")
    assert kept
    assert 2 <= figures_of(kept.id).visits <= 16  # of two people or three, at several stations each


@pytest.mark.django_db
def test_a_hospital_of_people_is_not_played_in():
    open_facility(actor=system_actor("test"), now=timezone.now(), name="A real one", code="REAL")
    with pytest.raises(CodeInUse):
        play(Day("REAL", seed=1, doctors=1, visits=1))
    with pytest.raises(CommandError, match="hospital of people"):
        call_command("simulate_day", "--facility", "REAL", stdout=StringIO())
