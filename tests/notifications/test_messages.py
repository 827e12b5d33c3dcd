import json
import logging
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_scopes import scope

from apps.notifications import queries
from apps.notifications.channels import DeliveryFailed
from apps.notifications.commands import deliver_due, send
from apps.notifications.models import Message, MessageKey
from apps.notifications.rules import LEASE, TRIES, Kind
from apps.notifications.tasks import deliver as deliver_task
from tests.notifications.conftest import FACILITY, NOW, message, say
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db


def test_a_message_goes_out_once(provider, clock):
    told = say()
    assert deliver_due(clock) == 1
    assert deliver_due(clock) == 0
    (sent,) = provider.taken
    assert (sent.id, sent.recipient, sent.text) == (told, "+919876543210", "Your code is 123456")
    row = message(told)
    assert (row.status, row.attempts, row.sent_at, row.reference) == ("sent", 1, NOW, "ref-1")


def test_a_message_is_part_of_its_command(provider, clock):
    with pytest.raises(RuntimeError):
        say(fail=True)
    assert not Message.outgoing.exists()
    assert not MessageKey.objects.exists()
    with pytest.raises(RuntimeError):
        send(kind=Kind.LOGIN_CODE, recipient="", text="", dedupe_key="", language="en")


def test_the_same_is_not_said_twice():
    assert say(dedupe_key="once") is not None
    assert say(dedupe_key="once") is None
    assert Message.outgoing.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_say_the_same_at_once_one_says_it():
    answers, errors = at_once(lambda _: say(dedupe_key="once"), 8, facility=None)
    assert (errors, len([a for a in answers if a])) == ([], 1)
    assert Message.outgoing.count() == 1


def test_whom_and_what_stand_sealed():
    say()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(m)::text FROM notifications_message m")
        stored = cursor.fetchone()[0]
    assert "9876543210" not in stored
    assert "123456" not in stored


def test_only_the_columns_of_sending_ever_change():
    row = message(say())
    for change in ({"text": "other"}, {"recipient": "+910"}, {"not_after": NOW}, {"kind": "other"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Message.outgoing.filter(id=row.id).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    assert Message.outgoing.filter(id=row.id).update(status="failed", error="x") == 1


def test_a_failure_is_tried_again_twice_then_given_up_and_logged(provider, clock, caplog):
    told = say()
    provider.refusals = [DeliveryFailed("timeout")] * TRIES
    deliver_due(clock)
    assert (message(told).status, message(told).error) == ("waiting", "timeout")
    for pause in (5, 25):
        clock.later(pause - 1)
        assert deliver_due(clock) == 0
        clock.later(1)
        assert deliver_due(clock) == 1
    assert (message(told).status, message(told).attempts) == ("failed", TRIES)
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert [r.getMessage() for r in errors] == ["message given up"]
    assert "9876543210" not in json.dumps([vars(r) for r in caplog.records], default=str)
    assert queries.sending_state(clock()) == {"waiting": 0, "failed": 1}


def test_what_a_provider_refuses_for_good_is_given_up_at_once(provider, clock):
    told = say()
    provider.refusals = [DeliveryFailed("http_400", final=True)]
    deliver_due(clock)
    assert message(told).status == "failed"


def test_an_adapters_own_fault_is_a_failure_of_that_message_only(provider, clock):
    first, second = say(), say()
    provider.refusals = [ValueError("holds a phone")]
    assert deliver_due(clock) == 2
    assert sorted([message(first).status, message(second).status]) == ["sent", "waiting"]
    assert "ValueError" in {message(first).error, message(second).error}


def test_a_message_that_would_come_too_late_is_dropped(provider, clock):
    told = say(not_after=NOW + timedelta(minutes=5))
    clock.later(300)
    deliver_due(clock)
    assert (message(told).status, provider.taken) == ("dropped", [])


def test_urgent_messages_go_first(provider, clock):
    later, first = say(), say(urgent=True)
    deliver_due(clock)
    assert [sent.id for sent in provider.taken] == [first, later]


class Killed(BaseException):
    """The sender's process ends."""


def test_a_sender_that_dies_leaves_the_message_to_the_next_under_the_same_id(provider, clock):
    told = say()

    def die() -> None:
        raise Killed

    provider.before = die
    with pytest.raises(Killed):
        deliver_due(clock)
    assert message(told).status == "sending"
    provider.before = lambda: None
    assert deliver_due(clock) == 0
    clock.later(LEASE.total_seconds())
    assert deliver_due(clock) == 1
    assert [sent.id for sent in provider.taken] == [told]


def test_a_message_that_kills_its_senders_is_given_up(provider, clock):
    told = say()

    def die() -> None:
        raise Killed

    provider.before = die
    for _ in range(TRIES):
        with pytest.raises(Killed):
            deliver_due(clock)
        clock.later(LEASE.total_seconds())
    deliver_due(clock)
    assert (message(told).status, message(told).error) == ("failed", "sender_died")


def test_a_sender_that_was_overtaken_writes_nothing(provider, clock):
    told = say()

    def overtaken() -> None:
        Message.outgoing.filter(id=told).update(attempts=2, status="sent", reference="theirs")

    provider.before = overtaken
    deliver_due(clock)
    assert message(told).reference == "theirs"


@pytest.mark.django_db(transaction=True)
def test_of_many_senders_at_once_each_message_has_one(provider, clock):
    for _ in range(20):
        say()
    counts, errors = at_once(lambda _: deliver_due(clock), 4, facility=None)
    assert (errors, sum(counts)) == ([], 20)
    assert len({sent.id for sent in provider.taken}) == len(provider.taken) == 20


@pytest.mark.django_db(transaction=True)
def test_the_control_that_takes_messages_up_unconditionally_sends_some_twice(provider, clock, monkeypatch):
    for _ in range(20):
        say()

    def unconditional(row: Message, now: object) -> bool:
        Message.outgoing.filter(id=row.id).update(status="sending", attempts=1, next_try_at=clock() + LEASE)
        row.attempts = 1
        return True

    monkeypatch.setattr("apps.notifications.commands.delivering._take_up", unconditional)
    at_once(lambda _: deliver_due(clock), 4, facility=None)
    assert len(provider.taken) > 20


def test_the_workers_task_sends_too(provider, clock):
    told = say(timezone.now())
    deliver_task()
    assert message(told).status == "sent"


def test_a_channel_without_a_provider_fails(provider, clock):
    told = say(channel="email", kind="delay", recipient="asha@mail.example")
    deliver_due(clock)
    assert (message(told).status, message(told).error) == ("failed", "no_adapter")


def test_one_facility_sees_only_its_own_messages():
    say()
    for facility, count in [(FACILITY, 1), (UUID(int=8), 0)]:
        with scope(facility=facility):
            assert Message.objects.count() == count
