"""The day ends in two departments of one way at the same instant: it is dealt with once."""

from collections.abc import Iterator
from datetime import date
from threading import Barrier, local
from typing import Any
from uuid import UUID

import pytest

from apps.core.policy import system_actor
from apps.queue import commands
from apps.queue.commands import midnight
from apps.scheduling.models import Token
from tests.races.threads import at_once
from tests.stations import Stations
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    with open_ward() as ward:
        ward.department.policy.carries_over = True
        ward.department.policy.save()
        yield ward


def end_twice(ward: Ward, monkeypatch: pytest.MonkeyPatch, *, looks_again: bool) -> tuple[int, list[Exception]]:
    """Two threads, each in a department of the way, that both have found it before either locks anything; how many
    visits were carried over."""
    stations = Stations(ward)
    ward.arrive(journey_id=stations.kind_of_visit(("LAB", "XRA"), ("",)).id)
    ward.later(hours=15)
    actor, places = system_actor("day keeper", ward.facility.id), [stations.department(c).id for c in ("LAB", "XRA")]
    both_have_looked, seen, look = Barrier(2), local(), midnight.ways_left_over

    def ways(department_id: UUID, today: date) -> Any:
        if hasattr(seen, "first"):
            return look(department_id, today) if looks_again else seen.first
        seen.first = look(department_id, today)
        both_have_looked.wait(90)
        return seen.first

    monkeypatch.setattr(midnight, "ways_left_over", ways)
    ended, errors = at_once(
        lambda index: commands.end_day(actor=actor, now=ward.now, department_id=places[index]), 2, ward.facility.id
    )
    return sum(one.carried for one in ended), errors


def test_a_way_that_two_departments_end_at_once_is_carried_over_once(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    assert end_twice(ward, monkeypatch, looks_again=True) == (2, [])
    assert sorted(Token.objects.values_list("voided_at", flat=True), key=bool) == [None, ward.now]


def test_the_control_that_looks_before_the_lock_alone_gives_two_numbers(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    carried, errors = end_twice(ward, monkeypatch, looks_again=False)
    assert carried > 2 or errors
    assert errors or Token.objects.count() == 3
