"""The sweep beside a person who is back, a call beside a cancellation: exactly one of two wins, and audit agrees."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from apps.core import outbox
from apps.core.commands import unit
from apps.core.errors import Conflict
from apps.core.models import Stream
from apps.core.policy import system_actor
from apps.queue import commands
from apps.queue.commands import aside, calling, moving
from apps.queue.models import Visit, VisitTransition
from opd.invariants import Look
from opd.invariants.visits import paths
from tests.proving import PROVE
from tests.races.threads import at_once
from tests.ward import Ward, add_doctor, open_ward

ROUNDS = 200 if PROVE else 12


@pytest.fixture
def hall(transactional_db: None) -> Iterator[Ward]:
    """Two doctors of one department."""
    with open_ward() as ward:
        add_doctor(ward, [ward.department])
        yield ward


def absent(ward: Ward) -> Visit:
    """Somebody who has missed two calls, and whose grace is over."""
    visit = ward.arrive()
    for _ in range(2):
        called = commands.call(actor=ward.rao, now=ward.now, visit_id=visit.id, doctor_id=ward.doctor.id)
        commands.hold(actor=ward.rao, now=ward.now, visit_id=called.id, reason="not there")
        ward.later(minutes=15)
        if Visit.objects.get(id=visit.id).missed_calls < 2:
            commands.resume(actor=ward.meera, now=ward.now, visit_id=visit.id)
    return ward.fresh(visit)


def sweep(ward: Ward) -> int:
    actor = system_actor("sweeper", ward.facility.id)
    return commands.sweep_aside(actor=actor, now=ward.now, department_id=ward.department.id)


def both(ward: Ward, first: Callable[[], object], second: Callable[[], object]) -> list[Exception]:
    _, errors = at_once(lambda index: (first, second)[index](), 2, ward.facility.id)
    return errors


def ends_of(visit: Visit) -> list[str]:
    moves = VisitTransition.objects.filter(visit_id=visit.id, from_state="ON_HOLD").order_by("version")
    return [move.to_state for move in moves][1:]


def sweep_beside_arrival(ward: Ward) -> tuple[Visit, list[Exception]]:
    visit = absent(ward)
    errors = both(
        ward,
        lambda: sweep(ward),
        lambda: commands.say_here(actor=ward.meera, now=ward.now, visit_id=visit.id),
    )
    return visit, errors


@pytest.mark.timeout(600)
def test_the_sweep_and_whoever_is_back_at_one_instant_move_somebody_once(hall: Ward):
    for _ in range(ROUNDS):
        visit, errors = sweep_beside_arrival(hall)
        assert len(ends_of(visit)) == 1
        assert ends_of(visit)[0] in ("WAITING", "NO_SHOW")
        assert all(isinstance(error, Conflict) for error in errors), errors
    assert paths(Look([hall.facility.id], hall.now))[1] == ""


@pytest.mark.timeout(600)
def test_two_sweeps_at_one_instant_take_somebody_off_once(hall: Ward):
    for _ in range(ROUNDS):
        visit = absent(hall)
        assert both(hall, lambda: sweep(hall), lambda: sweep(hall)) == []
        assert ends_of(visit) == ["NO_SHOW"]


@pytest.mark.timeout(600)
def test_a_call_and_a_cancellation_at_one_instant_leave_one_of_them(hall: Ward):
    for _ in range(ROUNDS):
        visit = hall.arrive()
        how = {"now": hall.now, "visit_id": visit.id, "expected_version": visit.version}
        errors = both(
            hall,
            lambda how=how: commands.call(actor=hall.rao, doctor_id=hall.doctor.id, **how),
            lambda how=how: commands.cancel(actor=hall.meera, reason="left", **how),
        )
        assert [type(error).__name__ for error in errors] == ["VersionConflict"]
        assert VisitTransition.objects.filter(visit_id=visit.id).count() == 2
        if Visit.objects.get(id=visit.id).state == "CALLED":
            commands.cancel(actor=hall.rao, now=hall.now, visit_id=visit.id, reason="left")
        hall.now += timedelta(seconds=1)
    assert paths(Look([hall.facility.id], hall.now))[1] == ""


@pytest.mark.timeout(600)
def test_the_control_without_the_lock_moves_somebody_twice(hall: Ward, monkeypatch: pytest.MonkeyPatch):
    def only_look(*names: str) -> None:
        gathered = unit()
        gathered.streams.update(dict(Stream.objects.filter(name__in=names).values_list("name", "sequence")))

    for _ in range(ROUNDS):
        visit = absent(hall)
        with monkeypatch.context() as without:
            for place in (aside, calling, moving, outbox):
                without.setattr(place, "lock_streams", only_look)
            errors = both(
                hall,
                lambda: sweep(hall),
                lambda visit=visit: commands.say_here(actor=hall.meera, now=hall.now, visit_id=visit.id),
            )
        if len(ends_of(visit)) != 1 or any(not isinstance(error, Conflict) for error in errors):
            return
    raise AssertionError("without the lock nothing went wrong: the race is not one")
