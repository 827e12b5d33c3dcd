"""Two beats run every task of the queue at the same instant, and once more with a clock that was set back: each effect
happens once."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from apps.audit.models import AuditEntry
from apps.core import outbox
from apps.core.commands import unit
from apps.core.models import OutboxEvent, Stream
from apps.queue import commands, tasks
from apps.queue.commands import aside, helping, midnight, watching
from apps.queue.models import Alert, HelpCall, Visit, VisitTransition
from tests.races.threads import at_once
from tests.ward import Ward, open_ward

TASKS = (tasks.sweep_bookings, tasks.sweep_aside, tasks.end_days, tasks.watch, tasks.foretell_overdue)


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    with open_ward() as ward:
        yield ward


def much_is_due(ward: Ward) -> dict[str, Visit]:
    """A hospital at two minutes past midnight in which something is left for every task."""
    midnight_there = ward.now.replace(hour=18, minute=30)
    ward.now = midnight_there - timedelta(hours=3)
    forgotten = ward.arrive()
    HelpCall.objects.create(facility=ward.facility, screen_id=uuid4(), place="Hall", asked_at=ward.now)
    ward.now = midnight_there + timedelta(minutes=2)
    absent, late = ward.arrive(), ward.arrive()
    for _ in range(2):
        commands.call(actor=ward.rao, now=ward.now, visit_id=absent.id, doctor_id=ward.doctor.id)
        commands.hold(actor=ward.rao, now=ward.now, visit_id=absent.id, reason="not there")
        ward.later(minutes=7)
        if Visit.objects.get(id=absent.id).missed_calls < 2:
            commands.resume(actor=ward.meera, now=ward.now, visit_id=absent.id)
    commands.say_late(actor=ward.meera, now=ward.now, visit_id=late.id, minutes=5)
    ward.later(minutes=40)
    return {"forgotten": forgotten, "absent": absent, "late": late}


def beat(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Two workers run each task at the same instant, as the clock stands."""
    monkeypatch.setattr(tasks.timezone, "now", lambda: ward.now)
    errors: list[Exception] = []
    for task in TASKS:
        errors += at_once(lambda _, task=task: task(), 2, ward.facility.id)[1]
    return errors


def effects() -> Counter[str]:
    """All that tasks have ever done, by what it was."""
    found = Counter(VisitTransition.objects.filter(actor_type="system").values_list("verb", flat=True))
    found.update(AuditEntry.objects.filter(action="help.lapsed").values_list("action", flat=True))
    found.update(OutboxEvent.objects.filter(type__in=["PATIENT_NO_SHOW", "help.lapsed"]).values_list("type", flat=True))
    found["alerts"] = Alert.objects.count()
    return found


@pytest.mark.timeout(300)
def test_two_beats_and_a_clock_set_back_by_five_minutes_have_each_effect_once(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
):
    people = much_is_due(ward)
    assert beat(ward, monkeypatch) == []
    first = effects()
    states = {who: ward.fresh(visit).state for who, visit in people.items()}
    assert states == {"forgotten": "NO_SHOW", "absent": "NO_SHOW", "late": "WAITING"}
    assert first == Counter(
        {"close_day": 1, "no_show": 1, "resume": 1, "help.lapsed": 2, "PATIENT_NO_SHOW": 2, "alerts": first["alerts"]}
    )
    for minutes in (-5, 5):
        ward.later(minutes=minutes)
        assert beat(ward, monkeypatch) == []
        assert effects() == first
        assert {who: ward.fresh(visit).state for who, visit in people.items()} == states


@pytest.mark.timeout(300)
def test_the_control_without_the_locks_does_something_twice(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    def only_look(*names: str) -> None:
        gathered: Any = unit()
        gathered.streams.update(dict(Stream.objects.filter(name__in=names).values_list("name", "sequence")))

    def slowly(*args: Any, **how: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")  # so that both have looked before the first one writes
        return lapse(*args, **how)

    much_is_due(ward)
    lapse = helping.record
    monkeypatch.setattr(helping, "record", slowly)
    for module in (outbox, aside, helping, midnight, watching):
        monkeypatch.setattr(module, "lock_streams", only_look)
    errors = beat(ward, monkeypatch)
    refused = [one for one in errors if isinstance(one, IntegrityError) and "one_open_alert_each" in str(one)]
    assert refused or effects()["help.lapsed"] > 2
