"""The simulator beside people: it keeps the hall alive and its hands off what people do."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.db import connection

from apps.accounts.queries import staff_actor
from apps.encounters.models import Order
from apps.patients.queries import search
from apps.queue import commands
from apps.queue.models import Feedback
from apps.scheduling.queries import counters, departments, doctors
from opd.demo.hospital import DEMO
from opd.invariants import Look, check
from opd.simulation.live import POOL, LivePlayer
from tests.cast import DESK
from tests.opd.conftest import MONDAY

CONSULTING = ("GEN", "PED", "ORT")


@dataclass
class Clock:
    """Time that passes only when a test says so."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def live_player(seed: int = 7) -> tuple[LivePlayer, Clock]:
    clock = Clock()
    return LivePlayer(DEMO, clock, Random(seed), ahead=False), clock


def play(player: LivePlayer, clock: Clock, ticks: int, seconds: float = 1.0) -> None:
    for _ in range(ticks):
        player.tick()
        clock.later(seconds)


def play_until(happened: Callable[[], bool], player: LivePlayer, clock: Clock, seconds: float = 1.0) -> bool:
    """What is drawn comes sooner or later: whether it came within a thousand looks."""
    for _ in range(50):
        if happened():
            return True
        play(player, clock, 20, seconds)
    return happened()


def waiting() -> Counter[str]:
    """People waiting, by department."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.code, count(*) FROM queue_visit v JOIN scheduling_department d ON d.id = v.department_id"
            " WHERE v.state IN ('WAITING', 'URGENT') GROUP BY 1"
        )
        return Counter(dict(cursor.fetchall()))


def moves(**which: object) -> list[tuple[str, str]]:
    """(verb, via) of the transitions with these columns, oldest first."""
    where = " AND ".join(f"{column} = %s" for column in which) or "true"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT verb, via FROM queue_visittransition WHERE {where} ORDER BY at, version", list(which.values())
        )
        return list(cursor.fetchall())


def doctor_id(account: str) -> UUID:
    staff = staff_actor(f"{account}@demo.opd").id
    return doctors().get(staff_id=staff).id


def department_id(code: str) -> UUID:
    return departments().get(code=code).id


def test_the_hall_is_alive_within_seconds(asha):
    player, clock = live_player()
    play(player, clock, 3)
    hall = waiting()
    assert all(hall[code] >= 8 for code in CONSULTING)
    assert Counter(verb for verb, _ in moves())["call"] >= 3


def test_the_hall_stays_between_its_bounds_and_the_board_moves(asha):
    player, clock = live_player()
    play(player, clock, 20)
    for _ in range(12):
        play(player, clock, 20)
        hall = waiting()
        assert all(6 <= hall[code] <= 20 for code in CONSULTING), hall
    done = Counter(verb for verb, _ in moves())
    assert done["call"] > 260 / 15
    assert done["complete"] > 260 / 20
    assert {via for _, via in moves()} == {"simulator"}
    reported = Order.objects.filter(reported__gt=0)
    assert play_until(reported.exists, player, clock), "whoever was sent for tests has results"
    broken = [finding for finding in check(Look([asha.id], clock.now)) if not finding.holds]
    assert {finding.name for finding in broken} <= {
        "events are delivered or parked",
        "the audit chain verifies",
    }, "no relay runs in this test; everything else holds"


def test_arrivals_neither_run_out_nor_overflow_in_hours(asha):
    player, clock = live_player()
    play(player, clock, 60, seconds=120)
    hall = waiting()
    assert all(1 <= hall[code] <= 20 for code in CONSULTING)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM patients_patient")
        assert cursor.fetchone()[0] <= 40 + POOL


def test_a_restart_goes_on_where_the_killed_one_was(asha):
    player, clock = live_player()
    play(player, clock, 40)
    another, _ = live_player(seed=8)
    another.clock = clock
    before = len(moves())
    play(another, clock, 60)
    assert len(moves()) > before + 10
    assert all(6 <= waiting()[code] <= 20 for code in CONSULTING)


def test_hands_stay_off_a_doctor_for_a_quarter_of_an_hour_after_a_person_acted(asha):
    player, clock = live_player()
    play(player, clock, 1)
    rao = doctor_id("rao")
    person = staff_actor("rao@demo.opd")
    called = commands.call_next(actor=person, now=clock.now, doctor_id=rao)
    assert called
    play(player, clock, 44, seconds=20)
    acted = [via for _, via in moves(doctor_id=rao) if via == "simulator"]
    assert moves(visit_id=called.id) == [("check_in", "simulator"), ("call", "")]
    assert not [verb for verb, via in moves(doctor_id=rao) if via == "simulator" and verb == "call"], acted
    assert [verb for verb, _ in moves(doctor_id=doctor_id("nair"))].count("call") > 5


def test_a_doctor_is_taken_up_again_once_the_person_has_gone(asha):
    player, clock = live_player()
    play(player, clock, 1)
    rao, person = doctor_id("rao"), staff_actor("rao@demo.opd")
    called = commands.call_next(actor=person, now=clock.now, doctor_id=rao)
    assert called
    commands.put_back(actor=person, now=clock.now, visit_id=called.id)
    assert play_until(lambda: moves(doctor_id=rao).count(("call", "simulator")) > 3, player, clock, seconds=10)


def test_a_break_that_a_person_takes_is_theirs_to_end_for_a_quarter_of_an_hour(asha):
    player, clock = live_player()
    play(player, clock, 1)
    rao, person = doctor_id("rao"), staff_actor("rao@demo.opd")
    commands.set_availability(actor=person, now=clock.now, doctor_id=rao, status="PAUSED")
    play(player, clock, 20, seconds=40)
    assert doctors().get(id=rao).availability == "PAUSED"
    play(player, clock, 5, seconds=40)
    assert doctors().get(id=rao).availability == "AVAILABLE"


def test_somebody_whom_a_person_checked_in_is_seen_by_the_simulated_doctors(asha):
    player, clock = live_player()
    desk = staff_actor("reception@demo.opd")
    patient = search("+91 90000 00001", DESK).get()
    arrived = commands.check_in(
        actor=desk,
        now=clock.now,
        department_id=department_id("GEN"),
        patient_id=patient.id,
        symptoms=["chest pain"],
    )
    assert play_until(lambda: len(moves(visit_id=arrived.visit.id)) > 1, player, clock, seconds=6)
    assert moves(visit_id=arrived.visit.id)[:2] == [("check_in", ""), ("call", "simulator")]


def test_it_goes_on_when_a_department_is_renamed_and_a_doctor_leaves(asha, without_append_only):
    without_append_only("UPDATE scheduling_department SET code = 'MED' WHERE code = 'GEN'")
    without_append_only("UPDATE accounts_staff SET is_active = false WHERE email = 'joshi@demo.opd'")
    player, clock = live_player()
    play(player, clock, 30)
    assert all(8 <= waiting()[code] <= 20 for code in ("MED", "PED", "ORT"))
    assert not moves(doctor_id=doctors().get(name="Dr Meera Joshi").id, verb="call")


def test_now_and_then_a_counter_is_shut_and_opens_again_but_not_what_a_person_set(asha):
    player, clock = live_player()
    clock.now = clock.now.replace(minute=0, second=0)
    by_person = counters().get(name="Cashier")
    cashier = staff_actor("cashier@demo.opd")
    commands.open_counter(actor=cashier, now=clock(), counter_id=by_person.id, status="OFFLINE")
    shut: Counter[str] = Counter()
    for _ in range(12):  # half an hour: each counter's turn comes once
        player.tick()
        shut.update(counters().filter(availability="OFFLINE").values_list("name", flat=True))
        clock.later(150)
    assert shut.pop("Cashier") == 12
    assert set(shut.values()) == {1}


def test_some_of_those_who_were_seen_say_how_it_was(asha):
    player, clock = live_player()
    said = Feedback.objects.all()
    assert play_until(said.exists, player, clock, seconds=10)
    assert {row.doctor_id for row in said} <= {doctor.id for doctor in doctors()}
