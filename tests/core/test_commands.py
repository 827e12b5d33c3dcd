import json
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from apps.audit.commands import record
from apps.audit.models import AuditEntry
from apps.core import commands
from apps.core.commands import at_the_end, collect, command, refusal_listeners, step
from apps.core.errors import Conflict, Forbidden, NotFound, Unavailable
from apps.core.events import Event
from apps.core.models import IdempotencyKey, OutboxEvent, Stream
from apps.core.once import InFlight, KeyReused, Once
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope, system_actor
from apps.core.tasks import ANSWERS_KEPT, forget_idempotency_keys
from tests.core.mechanism import ACTOR, NOW, PATIENCE, move, moved, wait_for
from tests.proving import PROVE
from tests.races.threads import at_once


def once(key: str = "k1", body: Any = "body") -> Once:
    return Once.of(key, "POST /moves", body)


def answered(key: Once | None, actor=ACTOR, **how: Any) -> dict[str, Any]:
    return move.answer(key, lambda result: result, actor=actor, now=NOW, **how)


@step
def a_step() -> str:
    return "done"


def test_a_step_refuses_to_run_outside_of_a_command():
    for inside_only in (a_step, lambda: collect(), lambda: lock_streams("dept.one")):
        with pytest.raises(RuntimeError, match="inside a @command"):
            inside_only()


@pytest.mark.django_db
def test_a_command_refuses_to_run_inside_another():
    with pytest.raises(RuntimeError, match="use a step"):
        moved(meanwhile=lambda: moved())
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_command_refuses_a_transaction_it_did_not_open():
    from django.db import transaction

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        moved()


@pytest.mark.django_db
def test_an_event_needs_its_stream_locked():
    @command
    def careless(*, actor, now):
        emit(Event("dept.one", "moved", "thing", uuid4(), 1))

    with pytest.raises(RuntimeError, match="not locked"):
        careless(actor=ACTOR, now=NOW)


@pytest.mark.django_db
def test_a_failing_command_leaves_nothing_behind_and_no_hole_in_the_numbers():
    moved()
    with pytest.raises(ZeroDivisionError):
        moved(meanwhile=lambda: 1 / 0)
    moved()
    assert list(OutboxEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]
    assert AuditEntry.trail.count() == 2


@pytest.mark.django_db
def test_the_mechanism_takes_three_statements_however_much_is_said(django_assert_num_queries):
    moved()
    with django_assert_num_queries(4) as spent:  # savepoint and release of the test, lock, one for all rows
        moved(times=5)
    assert sum("INSERT" in query["sql"] for query in spent.captured_queries) == 1


@pytest.mark.django_db
def test_a_refusal_is_reported_once_and_after_its_transaction(monkeypatch):
    heard: list[tuple] = []

    def listener(actor, refusal):
        heard.append((actor, refusal.params["permission"], commands._unit.get()))

    monkeypatch.setattr(commands, "refusal_listeners", [listener])
    with pytest.raises(Forbidden) as refused:
        moved(meanwhile=lambda: ACTOR.require(Permission.VISIT_CALL, Scope(None)))
    commands.report_refusal(ACTOR, refused.value)
    assert heard == [(ACTOR, "visit.call", None)]
    assert refusal_listeners, "the audit app listens"


@pytest.mark.django_db
def test_who_is_refused_as_if_there_were_nothing_is_reported_after_the_transaction_too(monkeypatch):
    heard: list[tuple] = []
    monkeypatch.setattr(
        commands,
        "refusal_listeners",
        [lambda actor, refusal: heard.append((actor, refusal.params["permission"], commands._unit.get()))],
    )

    def hide() -> None:
        raise commands.hidden_from(ACTOR, Permission.VISIT_CALL)

    for where in (hide, lambda: moved(meanwhile=hide)):
        with pytest.raises(NotFound) as refused:
            where()
        assert refused.value.code == "not_found"
    assert heard == [(ACTOR, "visit.call", None)] * 2


@pytest.mark.django_db
def test_a_repeat_under_the_same_key_gets_the_same_answer_and_does_nothing():
    first = answered(once(), times=2)
    assert answered(once(), times=2) == first
    assert OutboxEvent.objects.count() == 2


@pytest.mark.django_db
def test_the_order_of_a_bodys_keys_does_not_make_it_another_body():
    assert Once.of("k", "r", {"a": 1, "b": 2}) == Once.of("k", "r", {"b": 2, "a": 1})


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused_with_422():
    answered(once())
    with pytest.raises(KeyReused) as refused:
        answered(once(body="another"))
    assert refused.value.status == 422
    assert OutboxEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_its_actor_and_route():
    answers = [
        answered(once()),
        answered(once(), actor=replace(ACTOR, id=uuid4())),
        answered(replace(once(), route="POST /others")),
        answered(once(), actor=system_actor("another", ACTOR.facility_id)),
    ]
    assert len({json.dumps(answer) for answer in answers}) == 4


@pytest.mark.django_db
def test_a_refused_or_failed_request_leaves_its_key_free():
    with pytest.raises(ZeroDivisionError):
        answered(once(), meanwhile=lambda: 1 / 0)
    assert answered(once())["moved"]


@pytest.mark.django_db
def test_the_kept_answer_stands_sealed_in_the_database():
    thing = answered(once())["moved"][0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM core_idempotencykey")
        ((sealed,),) = cursor.fetchall()
    assert thing not in sealed


@pytest.mark.django_db
def test_answers_older_than_two_days_are_forgotten_and_twice_is_once(monkeypatch):
    answered(once("old"))
    answered(once("new"))
    IdempotencyKey.objects.filter(key="old").update(created_at=NOW - ANSWERS_KEPT - timedelta(seconds=1))
    monkeypatch.setattr("apps.core.tasks.timezone.now", lambda: NOW)
    assert [forget_idempotency_keys(), forget_idempotency_keys()] == [1, 0]
    assert IdempotencyKey.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_still_running_its_twin_is_told_to_wait():
    inside, go_on = Flag(), Flag()
    first: list[dict[str, Any]] = []

    def hold() -> None:
        inside.set()
        wait_for(go_on)

    def run() -> None:
        first.append(answered(once(), meanwhile=hold))
        connection.close()

    thread = Thread(target=run)
    thread.start()
    wait_for(inside)
    try:
        with pytest.raises(InFlight) as told:
            answered(once())
        assert told.value.status == 409
    finally:
        go_on.set()
        thread.join(PATIENCE)
    assert answered(once()) == first[0]
    assert OutboxEvent.objects.count() == 1


ROUNDS = 40 if PROVE else 5


@pytest.mark.django_db(transaction=True)
def test_ten_twins_at_once_have_one_effect_and_one_answer():
    for number in range(ROUNDS):
        key = once(f"round {number}")
        answers, errors = at_once(lambda _, key=key: answered(key), 10, facility=None)
        assert {type(error) for error in errors} <= {InFlight}
        assert len({json.dumps(answer) for answer in answers}) == 1
        assert OutboxEvent.objects.count() == number + 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_key_ten_twins_have_ten_effects():
    answers, errors = at_once(lambda _: answered(None), 10, facility=None)
    assert (len(answers), errors) == (10, [])
    assert OutboxEvent.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_ten_twins_have_one_effect_even_if_none_is_told_to_wait(monkeypatch):
    """The lock only makes the answer quicker; the key's own constraint is what holds."""
    seen = commands.kept_answer

    def as_if_nobody_were_at_it(actor: Actor, key: Once):
        try:
            return seen(actor, key)
        except InFlight:
            return None

    monkeypatch.setattr(commands, "kept_answer", as_if_nobody_were_at_it)
    answers, errors = at_once(lambda _: answered(once()), 10, facility=None)
    assert (len({json.dumps(answer) for answer in answers}), errors) == (1, [])
    assert OutboxEvent.objects.count() == 1


class Spent(Conflict):
    """What the second of two twins would be told if it were a stranger."""


def as_who_looked_a_moment_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look for a kept answer began before its twin ended, and has the lock since the twin has."""
    seen, early = commands.kept_answer, [None]
    monkeypatch.setattr(commands, "kept_answer", lambda *asked: early.pop() if early else seen(*asked))


def spend() -> None:
    if OutboxEvent.objects.exists():
        raise Spent


@pytest.mark.django_db(transaction=True)
def test_nobody_is_refused_for_what_their_own_twin_has_just_done(monkeypatch):
    first = answered(once(), meanwhile=spend)
    as_who_looked_a_moment_too_early(monkeypatch)
    assert answered(once(), meanwhile=spend) == first
    assert OutboxEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_has_no_twin_is_refused_as_before():
    answered(once(), meanwhile=spend)
    with pytest.raises(Spent):
        answered(once("k2"), meanwhile=spend)
    assert OutboxEvent.objects.count() == 1


def terminate_myself() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.django_db(transaction=True)
def test_a_command_whose_database_session_dies_is_done_once_by_its_repeat():
    with pytest.raises(OperationalError):
        answered(once(), meanwhile=terminate_myself)
    connection.close()
    assert not OutboxEvent.objects.exists()
    first = answered(once())
    assert answered(once()) == first
    assert OutboxEvent.objects.count() == 1


def cross(order: tuple[str, str], met: Flag, others: Flag) -> None:
    """Lock two streams one after the other, against the rule of the sorted order."""

    @command
    def crossing(*, actor, now):
        lock_streams(order[0])
        met.set()
        others.wait(PATIENCE)
        lock_streams(order[1])
        for stream in order:
            emit(Event(stream, "moved", "thing", uuid4(), 1))

    crossing(actor=ACTOR, now=NOW)


def deadlocked() -> list[Exception]:
    Stream.objects.bulk_create([Stream(name="a"), Stream(name="b")])
    flags = (Flag(), Flag())

    def work(i: int) -> None:
        cross(("a", "b") if i else ("b", "a"), flags[i], flags[1 - i])

    return at_once(work, 2, facility=None)[1]


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_repeated_and_nobody_hears_of_it():
    assert deadlocked() == []
    assert sorted(OutboxEvent.objects.values_list("stream", "sequence")) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


@pytest.mark.django_db(transaction=True)
def test_control_without_repeating_one_of_the_deadlocked_is_turned_away(monkeypatch):
    monkeypatch.setattr(commands, "TRIES", 1)
    assert [type(error) for error in deadlocked()] == [Unavailable]


@pytest.mark.django_db
def test_what_is_left_to_the_end_is_done_once_and_with_all_that_was_asked():
    done: list[list[int]] = []

    class Together:
        def __init__(self) -> None:
            self.asked: list[int] = []

        def __call__(self) -> None:
            done.append(self.asked)
            collect_a_trace()

    def collect_a_trace() -> None:
        record(action="ended", entity_type="thing", entity_id=1)

    @command
    def ask(*, actor: Actor, now: datetime) -> int:
        for number in range(3):
            at_the_end("same", Together).asked.append(number)
        return len(done)

    assert ask(actor=ACTOR, now=NOW) == 0
    assert done == [[0, 1, 2]]
    assert AuditEntry.trail.filter(action="ended").count() == 1
    with pytest.raises(RuntimeError):
        at_the_end("same", Together)
