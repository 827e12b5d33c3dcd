"""Eight desks register at once: UHIDs without gap or twin."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import pytest
from django_scopes import scope

from apps.core.commands import command
from apps.core.models import OutboxEvent
from apps.core.policy import Actor
from apps.patients.commands import next_number
from apps.patients.models import Patient, UhidCounter
from apps.patients.rules.uhid import make_uhid
from tests.patients.conftest import NOW, Desk, open_desk
from tests.races.threads import at_once

THREADS = 8
EACH = 25


@pytest.fixture
def busy_desk(transactional_db: None) -> Iterator[Desk]:
    desk = open_desk("ADH")
    with scope(facility=desk.facility.id):
        yield desk


def numbers_given(desk: Desk, give: Callable[[UUID], int]) -> list[int]:
    """What `give` answers when it is all that a command does, on every thread at once."""
    meera = desk.meera

    @command
    def take(*, actor: Actor, now: datetime) -> int:
        return give(desk.facility.id)

    answers, errors = at_once(lambda _: [take(actor=meera, now=NOW) for _ in range(EACH)], THREADS, desk.facility.id)
    assert errors == []
    return sorted(number for answer in answers for number in answer)


def test_two_hundred_people_registered_at_once_get_uhids_without_gap_or_twin(busy_desk: Desk) -> None:
    busy_desk.meera  # noqa: B018 - the account exists before the threads ask for it
    _, errors = at_once(
        lambda _: [busy_desk.register(f"Person {n}") for n in range(EACH)], THREADS, busy_desk.facility.id
    )
    assert errors == []
    given = sorted(Patient.objects.values_list("uhid", flat=True))
    assert given == [make_uhid("ADH", 2026, n) for n in range(1, THREADS * EACH + 1)]
    assert sorted(OutboxEvent.objects.values_list("sequence", flat=True)) == list(range(1, THREADS * EACH + 1))


def test_the_counter_alone_gives_every_number_once(busy_desk: Desk) -> None:
    assert numbers_given(busy_desk, next_number) == list(range(1, THREADS * EACH + 1))


def test_the_control_without_the_row_lock_gives_twins(busy_desk: Desk) -> None:
    UhidCounter.objects.create(facility=busy_desk.facility, last=0)

    def naive(facility_id: UUID) -> int:
        last = UhidCounter.objects.get(facility_id=facility_id).last
        UhidCounter.objects.filter(facility_id=facility_id).update(last=last + 1)
        return last + 1

    given = numbers_given(busy_desk, naive)
    assert len(set(given)) < len(given)
