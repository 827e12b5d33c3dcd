import random
from collections.abc import Callable
from threading import Event as Flag
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.models import OutboxEvent, Stream
from apps.core.outbox import REPLAY_AT_MOST, replay, sequence_of, stream_sequences
from tests.core.mechanism import NOW, PATIENCE, moved, wait_for
from tests.proving import PROVE
from tests.races.threads import at_once

EVENTS = 10_000 if PROVE else 1_000
CUTS = 200
WRITERS = 8
STREAMS = ("dept.a", "dept.b", "dept.c")


def write_many(writer: int, streams: tuple[str, ...] = STREAMS) -> None:
    """One writer's share, some of it undone again."""
    chance = random.Random(writer)
    for _ in range(EVENTS // WRITERS):
        stream = chance.choice(streams)
        if chance.random() < 0.1:
            with pytest.raises(ZeroDivisionError):
                moved(stream, meanwhile=lambda: 1 / 0)
        moved(stream)


@pytest.mark.django_db(transaction=True)
def test_eight_writers_leave_every_stream_numbered_without_a_gap():
    _, errors = at_once(write_many, WRITERS, facility=None)
    assert errors == []
    heads = stream_sequences([*STREAMS, "dept.silent"])
    assert sum(heads.values()) == EVENTS // WRITERS * WRITERS
    assert heads["dept.silent"] == 0
    for stream in STREAMS:
        numbers = OutboxEvent.objects.filter(stream=stream).order_by("sequence").values_list("sequence", flat=True)
        assert list(numbers) == list(range(1, heads[stream] + 1))


def follow(stream: str, writing: list[Flag], chance: random.Random) -> tuple[list[int], int]:
    """Follow a stream as a socket does that is cut again and again: what it saw, and how often it was cut."""
    seen: list[int] = []
    cuts = 0
    while True:
        finished = all(flag.is_set() for flag in writing)
        missed = replay(stream, seen[-1] if seen else 0)
        assert not missed.too_old or len(missed.events) == REPLAY_AT_MOST
        keep = chance.randint(0, len(missed.events))  # the socket breaks somewhere in what was sent
        cuts += keep < len(missed.events)
        seen += [event.sequence for event in missed.events[: keep if not finished else None]]
        if finished and not missed.too_old:
            return seen, cuts


@pytest.mark.django_db(transaction=True)
def test_a_follower_cut_at_random_moments_misses_nothing_and_sees_it_in_order():
    seen: dict[str, list[int]] = {}
    cuts = rounds = 0
    while cuts < CUTS and rounds < 20:
        rounds += 1
        writing, chance = [Flag() for _ in range(WRITERS)], random.Random(rounds)

        def work(index: int, ended: list[Flag] = writing, chance: random.Random = chance) -> int:
            if index >= WRITERS:
                stream = STREAMS[index - WRITERS]
                seen[stream], cut = follow(stream, ended, chance)
                return cut
            try:
                write_many(index)
            finally:
                ended[index].set()
            return 0

        cut, errors = at_once(work, WRITERS + len(STREAMS), facility=None)
        cuts += sum(cut)
        assert errors == []
        assert seen == {s: list(range(1, head + 1)) for s, head in stream_sequences(list(STREAMS)).items()}
    assert cuts >= CUTS


@pytest.mark.django_db(transaction=True)
def test_control_reading_on_from_the_last_of_a_plain_sequence_loses_what_commits_late():
    began, go_on = Flag(), Flag()

    def hold() -> None:
        began.set()
        wait_for(go_on)

    def run() -> None:
        numbered_move("dept.late", hold)
        connection.close()

    late = Thread(target=run)
    late.start()
    wait_for(began)
    numbered_move("dept.early", lambda: None)
    read = list(AuditEntry.trail.order_by("number").values_list("number", flat=True))
    go_on.set()
    late.join(PATIENCE)
    read += AuditEntry.trail.filter(number__gt=read[-1]).values_list("number", flat=True)
    assert len(read) < AuditEntry.trail.count() == 4


def numbered_move(stream: str, meanwhile: Callable[[], None]) -> None:
    """A move that has taken a number from the audit trail's plain sequence before it goes on."""

    def take_a_number() -> None:
        AuditEntry.trail.create(at=NOW, actor_type="system", action="x", entity_type="thing", entity_id="1")
        meanwhile()

    moved(stream, meanwhile=take_a_number)


@pytest.mark.django_db
def test_too_much_missed_or_no_longer_kept_means_a_whole_view():
    moved(times=REPLAY_AT_MOST + 1)
    assert replay("dept.one", 0).too_old
    assert not replay("dept.one", 1).too_old
    assert replay("dept.one", REPLAY_AT_MOST + 1).events == []
    assert not replay("dept.one", REPLAY_AT_MOST + 1).too_old


@pytest.mark.django_db
def test_who_missed_events_of_which_none_is_kept_takes_a_whole_view():
    moved(times=3)
    Stream.objects.filter(name="dept.one").update(sequence=5)
    assert replay("dept.one", 3).too_old
    assert not replay("dept.one", 5).too_old
    assert replay("dept.one", 6).too_old
    assert not replay("dept.silent", 0).too_old


@pytest.mark.django_db
def test_an_event_is_found_by_its_id():
    moved()
    event = OutboxEvent.objects.get()
    assert sequence_of(event.id) == ("dept.one", 1)
    assert sequence_of(uuid4()) is None
