"""Sixteen doctors press the button at once: every person is called once, in order, and nobody sees an error."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest

from apps.core import outbox
from apps.core.commands import unit
from apps.core.events import department_stream
from apps.core.models import OutboxEvent, Stream
from apps.encounters.commands import complete
from apps.queue import commands
from apps.queue.commands import calling
from apps.queue.models import Visit, VisitTransition
from tests.proving import PROVE
from tests.races.threads import at_once
from tests.ward import Ward, add_doctor, open_ward

DOCTORS = 16
WAITING = 400 if PROVE else 160
ROUNDS = 50 if PROVE else 1


@pytest.fixture
def hall(transactional_db: None) -> Iterator[Ward]:
    """One department with sixteen doctors."""
    with open_ward() as ward:
        for _ in range(DOCTORS - 1):
            add_doctor(ward, [ward.department])
        yield ward


def fill(ward: Ward, people: int) -> None:
    for _ in range(people):
        ward.arrive()


def call_until_empty(ward: Ward) -> tuple[list[list[UUID]], list[Exception]]:
    """Every doctor calls, sees and calls again until nobody waits; the visits each one got."""

    def work(index: int) -> list[UUID]:
        doctor = ward.doctors[index]
        actor = ward.as_doctor(doctor)
        mine: list[UUID] = []
        while visit := commands.call_next(actor=actor, now=ward.now, doctor_id=doctor.id):
            mine.append(visit.id)
            commands.start(actor=actor, now=ward.now, visit_id=visit.id)
            complete(actor=actor, now=ward.now, visit_id=visit.id)
        return mine

    return at_once(work, DOCTORS, ward.facility.id)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_every_waiting_person_is_called_exactly_once_and_in_order(hall: Ward, round_: int):
    fill(hall, WAITING)
    called, errors = call_until_empty(hall)
    assert errors == []
    given = Counter(visit for mine in called for visit in mine)
    assert len(given) == WAITING
    assert set(given.values()) == {1}
    assert Visit.objects.filter(state="COMPLETED").count() == WAITING
    assert numbers_in_order_of_calls(hall) == sorted(numbers_in_order_of_calls(hall))


def numbers_in_order_of_calls(ward: Ward) -> list[str]:
    """Token numbers as the stream tells of their calls."""
    told = OutboxEvent.objects.filter(
        stream=department_stream(ward.department.id), type="visit.transitioned", payload__to="CALLED"
    )
    return [event.payload["tokenNumber"] for event in told.order_by("sequence")]


@pytest.mark.timeout(300)
def test_the_control_without_the_lock_gives_somebody_to_two_doctors(hall: Ward, monkeypatch: pytest.MonkeyPatch):
    fill(hall, 60)

    def only_look(*names: str) -> None:
        gathered = unit()
        gathered.streams.update(dict(Stream.objects.filter(name__in=names).values_list("name", "sequence")))

    monkeypatch.setattr(calling, "lock_streams", only_look)
    monkeypatch.setattr(outbox, "lock_streams", only_look)
    _, errors = call_until_empty(hall)
    calls = Counter(VisitTransition.objects.filter(to_state="CALLED").values_list("visit_id", flat=True))
    twice = [visit for visit, times in calls.items() if times > 1]
    out_of_order = numbers_in_order_of_calls(hall) != sorted(numbers_in_order_of_calls(hall))
    assert twice or errors or out_of_order
