import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from apps.audit.commands import record
from apps.audit.models import AuditEntry
from apps.core import relay as relay_module
from apps.core.models import OutboxEvent
from apps.core.relay import LEASE, LOST_TRIES, TRIES, Relay, parked_events, relay_lag_seconds
from tests.core.mechanism import NOW, PATIENCE, moved, wait_for
from tests.proving import PROVE
from tests.races.threads import at_once


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Ears:
    """A handler that remembers what it was told."""

    heard: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, event: OutboxEvent) -> None:
        self.heard.append((event.stream, event.sequence))


def relay(*handlers: Callable[[OutboxEvent], None], **how: Any) -> Relay:
    return Relay(lambda _: handlers, **{"clock": Clock()} | how)


def leave_a_trace(event: OutboxEvent) -> None:
    """An effect in the database."""
    record(action="handled", entity_type=event.stream, entity_id=event.sequence)


def traces() -> list[tuple[str, int]]:
    found = AuditEntry.trail.filter(action="handled").order_by("number").values_list("entity_type", "entity_id")
    return [(stream, int(number)) for stream, number in found]


def fail(event: OutboxEvent) -> None:
    raise ValueError("Asha Devi, 98765 43210")


def state(sequence: int) -> OutboxEvent:
    return OutboxEvent.objects.get(sequence=sequence)


@pytest.mark.django_db
def test_events_are_handed_over_in_order_and_once():
    moved(times=3)
    ears = Ears()
    assert relay(ears).run_once() == 3
    assert relay(ears).run_once() == 0
    assert ears.heard == [("dept.one", 1), ("dept.one", 2), ("dept.one", 3)]
    assert state(1).delivered_at == NOW


@pytest.mark.django_db
def test_handlers_are_chosen_by_the_events_type():
    moved(type="called")
    moved(type="moved")
    ears = Ears()
    Relay(lambda kind: [ears] if kind == "called" else [], clock=Clock()).run_once()
    assert ears.heard == [("dept.one", 1)]
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()


@pytest.mark.django_db
def test_a_long_stream_does_not_keep_the_others_waiting(monkeypatch):
    monkeypatch.setattr(relay_module, "BATCH", 2)
    monkeypatch.setattr(relay_module, "TURN", 3)
    moved("dept.long", times=8)
    moved("dept.short")
    ears = Ears()
    relay(ears).run_once()
    assert ears.heard.index(("dept.short", 1)) < ears.heard.index(("dept.long", 4))
    assert [n for s, n in ears.heard if s == "dept.long"] == list(range(1, 9))


@pytest.mark.django_db
def test_effects_and_the_delivered_mark_are_there_together_or_not_at_all():
    moved()
    relay(leave_a_trace, fail).run_once()
    assert traces() == []
    assert state(1).delivered_at is None
    relay(leave_a_trace, clock=Clock(NOW + timedelta(seconds=2))).run_once()
    assert traces() == [("dept.one", 1)]


@pytest.mark.django_db
def test_a_failing_event_pauses_its_stream_longer_and_longer_then_is_parked_and_the_stream_goes_on():
    moved(times=2)
    moved("dept.other")
    ears, clock = Ears(), Clock()

    def poisoned(event: OutboxEvent) -> None:
        if (event.stream, event.sequence) == ("dept.one", 1):
            fail(event)
        ears(event)

    tried = relay(poisoned, clock=clock)
    pauses = []
    while not parked_events().exists():
        tried.run_once()
        until = OutboxEvent.objects.get(stream="dept.one", sequence=1).leased_until
        if until:
            pauses.append((until - clock.now).total_seconds())
            clock.now = until - timedelta(microseconds=1)
            assert tried.run_once() == 0
            clock.now = until
    assert pauses == [1, 2, 4, 8]
    assert ears.heard == [("dept.other", 1), ("dept.one", 2)]
    parked = parked_events().get()
    assert (parked.sequence, parked.failures, parked.error) == (1, TRIES, "ValueError")


@pytest.mark.django_db
def test_an_event_that_fails_among_others_is_the_only_one_blamed():
    moved(times=9)

    def poisoned(event: OutboxEvent) -> None:
        leave_a_trace(event)
        if event.sequence == 5:
            fail(event)

    relay(poisoned).run_once()
    assert [number for _, number in traces()] == [1, 2, 3, 4]
    assert set(OutboxEvent.objects.exclude(error="").values_list("sequence", flat=True)) == {5}
    OutboxEvent.objects.filter(sequence=5).update(failures=TRIES - 1, leased_until=None)
    relay(poisoned).run_once()
    assert [number for _, number in traces()] == [1, 2, 3, 4, 6, 7, 8, 9]
    assert parked_events().get().sequence == 5


@pytest.mark.django_db
def test_an_event_that_kills_its_relay_among_others_is_the_only_one_blamed(monkeypatch):
    moved(times=4)

    def deadly(event: OutboxEvent) -> None:
        if event.sequence == 3:
            raise KeyboardInterrupt
        leave_a_trace(event)

    for _ in range(3 * LOST_TRIES):
        OutboxEvent.objects.exclude(leased_until=None).update(leased_until=None)
        with suppress(KeyboardInterrupt):
            relay(deadly).run_once()
    assert [number for _, number in traces()] == [1, 2, 4]
    assert (parked_events().get().sequence, parked_events().get().error) == (3, "RelayDied")


@pytest.mark.django_db
def test_an_event_that_was_begun_in_vain_is_not_given_up_when_it_fails_for_the_first_time():
    moved()
    OutboxEvent.objects.update(attempts=LOST_TRIES - 1)  # its relays died, or the database went away under them
    relay(fail).run_once()
    assert (state(1).parked_at, state(1).failures) == (None, 1)
    assert state(1).leased_until == NOW + timedelta(seconds=1)


@pytest.mark.django_db
def test_nothing_of_what_went_wrong_is_logged_but_its_name(caplog):
    moved()
    relay(fail).run_once()
    assert "event failed" in caplog.text
    assert "Asha" not in caplog.text + str([vars(line) for line in caplog.records])


@pytest.mark.django_db
def test_an_event_that_kills_every_relay_is_parked_in_the_end():
    moved(times=2)
    OutboxEvent.objects.filter(sequence=1).update(attempts=LOST_TRIES)
    ears = Ears()
    relay(ears).run_once()
    assert ears.heard == [("dept.one", 2)]
    assert state(1).error == "RelayDied"


@pytest.mark.django_db
def test_the_lag_is_the_age_of_the_oldest_event_that_waits():
    assert relay_lag_seconds(NOW) == 0
    moved()
    assert relay_lag_seconds(NOW + timedelta(seconds=7)) == 7
    relay().run_once()
    assert relay_lag_seconds(NOW + timedelta(seconds=7)) == 0


@pytest.mark.django_db
def test_chores_are_done_and_one_that_fails_does_not_stop_the_others(caplog):
    done = []

    def broken(now: datetime) -> None:
        raise ValueError("secret")

    working = relay(chores=[broken, done.append])
    working._do_chores()
    working._do_chores()
    assert done == [NOW], "once a second"
    assert "chore failed" in caplog.text


def stuck_relay(meanwhile: Callable[[], Any], clock: Clock) -> None:
    """A relay stays inside its handlers with the stream's first event, while something else happens."""
    inside, go_on = Flag(), Flag()

    def stuck(event: OutboxEvent) -> None:
        leave_a_trace(event)
        if event.sequence == 1:
            inside.set()
            wait_for(go_on)

    def run() -> None:
        relay(stuck, clock=clock).run_once()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    wait_for(inside)
    try:
        meanwhile()
    finally:
        go_on.set()
        thread.join(PATIENCE)


@pytest.mark.django_db(transaction=True)
def test_while_one_relay_has_a_streams_event_another_does_not_go_past_it():
    moved(times=3)
    ears, clock = Ears(), Clock()
    stuck_relay(relay(ears, clock=clock).run_once, clock)
    assert ears.heard == []
    assert traces() == [("dept.one", 1), ("dept.one", 2), ("dept.one", 3)]


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lease_two_relays_have_the_same_event(monkeypatch):
    moved(times=3)
    ears, clock = Ears(), Clock()
    monkeypatch.setattr(relay_module, "LEASE", timedelta(seconds=-1))
    stuck_relay(relay(ears, clock=clock).run_once, clock)
    assert ears.heard == [("dept.one", 1), ("dept.one", 2), ("dept.one", 3)]


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_ran_out_goes_to_another_relay_and_the_first_ones_effects_are_undone():
    moved(times=2)
    clock = Clock()

    def take_over() -> None:
        clock.now += LEASE
        relay(leave_a_trace, clock=clock).run_once()
        assert traces() == [("dept.one", 1), ("dept.one", 2)]

    stuck_relay(take_over, clock)
    assert traces() == [("dept.one", 1), ("dept.one", 2)]


@pytest.mark.django_db(transaction=True)
def test_control_without_the_condition_on_the_mark_the_effect_is_there_twice(monkeypatch):
    moved()
    clock = Clock()
    monkeypatch.setattr(
        relay_module, "_held", lambda event: OutboxEvent.objects.filter(id=event.id, occurred_at=event.occurred_at)
    )

    def take_over() -> None:
        clock.now += LEASE
        relay(leave_a_trace, clock=clock).run_once()

    stuck_relay(take_over, clock)
    assert traces().count(("dept.one", 1)) == 2


EVENTS = 4_000 if PROVE else 600


@pytest.mark.django_db(transaction=True)
def test_four_relays_at_once_beside_four_writers_give_every_effect_once_and_in_order():
    writers, streams = 4, [f"dept.{n}" for n in range(6)]

    def work(index: int) -> None:
        if index < writers:
            for number in range(EVENTS // writers):
                moved(streams[(index + number) % len(streams)])
        else:
            busy = Relay(lambda _: [leave_a_trace])
            while OutboxEvent.objects.count() < EVENTS or relay_lag_seconds(NOW + timedelta(days=1)):
                busy.run_once()

    _, errors = at_once(work, writers + 4, facility=None)
    assert errors == []
    for stream in streams:
        handled = [number for name, number in traces() if name == stream]
        assert handled == list(range(1, OutboxEvent.objects.filter(stream=stream).count() + 1))
    assert not parked_events().exists()


@contextmanager
def running(*handlers: Callable[[OutboxEvent], None]) -> Iterator[None]:
    """A relay's whole loop in a thread."""
    stop = Flag()
    thread = Thread(target=Relay(lambda _: handlers).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["notice", "sweep"])
def test_a_commit_wakes_the_relay_and_a_sweep_stands_behind_it(monkeypatch, way):
    if way == "notice":
        monkeypatch.setattr(relay_module, "SWEEP", PATIENCE / 2)
    else:
        monkeypatch.setattr(relay_module, "NOTIFY_CHANNEL", "another_channel")
    first, second = Flag(), Flag()

    def hear(event: OutboxEvent) -> None:
        (first if event.sequence == 1 else second).set()

    with running(hear):
        moved()
        assert first.wait(PATIENCE)
        moved()
        assert second.wait(PATIENCE / 4)
        moved()  # so that the loop ends at once


@pytest.mark.django_db(transaction=True)
def test_a_relay_whose_sessions_are_cut_goes_on():
    heard: dict[int, Flag] = {n: Flag() for n in range(1, 6)}
    with running(leave_a_trace, lambda event: heard[event.sequence].set()):
        for number, flag in heard.items():
            moved()
            wait_for(flag)
            if number < 5:
                cut_all_sessions_but_mine()
    assert [number for _, number in traces()] == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_an_outage_is_no_events_fault_and_only_as_many_as_it_met_go_one_by_one_afterwards(monkeypatch):
    monkeypatch.setattr(relay_module, "BATCH", 4)
    monkeypatch.setattr(relay_module, "LEASE", timedelta(seconds=1))
    together: list[int] = []
    hand_over, cut, done = relay_module._hand_over, Flag(), Flag()

    def counted(*, batch: list[OutboxEvent], **how: Any) -> Any:
        together.append(len(batch))
        return hand_over(batch=batch, **how)

    def goes_away(event: OutboxEvent) -> None:
        if event.sequence == 2 and not cut.is_set():
            cut.set()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def is_last(event: OutboxEvent) -> None:
        if event.sequence == 12:
            done.set()

    monkeypatch.setattr(relay_module, "_hand_over", counted)
    moved(times=12)
    with running(goes_away, leave_a_trace, is_last):
        wait_for(done)
    assert together == [4, 1, 1, 1, 1, 4, 4]
    assert traces() == [("dept.one", number) for number in range(1, 13)]
    assert not OutboxEvent.objects.exclude(error="").exists()


def cut_all_sessions_but_mine() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.django_db(transaction=True)
def test_a_relay_that_finds_itself_alone_drops_the_leases_of_the_dead_and_only_then():
    moved()
    moved("dept.paused")
    OutboxEvent.objects.update(leased_until=NOW + LEASE)
    alone, beside = relay_module._Ear(), relay_module._Ear()
    alone.open()
    assert not OutboxEvent.objects.exclude(leased_until=None).exists()
    OutboxEvent.objects.update(leased_until=NOW + LEASE)
    beside.open()
    assert OutboxEvent.objects.filter(leased_until=NOW + LEASE).count() == 2
    alone.close()
    beside.close()


KILLED = """
import os, signal, sys
import django
django.setup()
from apps.audit.commands import record
from apps.core.models import OutboxEvent
from apps.core import relay

def leave_a_trace(event):
    record(action="handled", entity_type=event.stream, entity_id=event.sequence)
    if sys.argv[1] == "in the handler" and event.sequence == 2:
        os.kill(os.getpid(), signal.SIGKILL)

def die_after_lease(stream, now, limit, lease=relay._lease):
    leased = lease(stream, now, limit)
    if sys.argv[1] == "after the lease":
        os.kill(os.getpid(), signal.SIGKILL)
    return leased

relay._lease = die_after_lease
working = relay.Relay(lambda _: [leave_a_trace])
if sys.argv[1] == "between two events":
    hand_over = working._deliver
    relay.BATCH = 1
    def die_after_commit(batch, lease_next):
        hand_over(batch, lease_next)
        os.kill(os.getpid(), signal.SIGKILL)
    working._deliver = die_after_commit
working.run_once()
"""


def run_and_die(moment: str) -> int:
    """A relay in a process of its own on this test's database, killed with -9 at that moment."""
    here = connection.settings_dict
    url = f"postgres://{here['USER']}:{here['PASSWORD']}@{here['HOST']}:{here['PORT']}/{here['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "PYTHONPATH": os.pathsep.join([str(settings.BASE_DIR), *sys.path])}
    return subprocess.run([sys.executable, "-c", KILLED, moment], env=environment, timeout=60).returncode


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["after the lease", "in the handler", "between two events"])
def test_a_relay_killed_at_any_moment_loses_nothing_and_does_nothing_twice(moment):
    moved(times=4)
    for _ in range(4 if PROVE else 1):
        assert run_and_die(moment) == -signal.SIGKILL
        survivor = relay_module._Ear()
        survivor.open()
        survivor.close()
    relay(leave_a_trace, clock=Clock(NOW + timedelta(days=1))).run_once()
    assert traces() == [("dept.one", number) for number in (1, 2, 3, 4)]
    assert not parked_events().exists()
