"""The wrong button: within a minute, by whoever pressed it, everything is as it was, exactly."""

from typing import Any

import pytest
from django.db.models import Model

from apps.core.errors import Forbidden
from apps.encounters.commands import Signed, undo
from apps.queue import commands
from apps.queue.commands.moving import ActiveVisit, VersionConflict
from apps.queue.commands.undoing import ActedSince, NotYoursToUndo, TooLateToUndo
from apps.queue.models import Overtaking, Visit, VisitTransition
from apps.queue.rules.order import Tier
from opd.invariants import Look
from opd.invariants.visits import paths
from tests.ward import Ward, add_doctor


def values(row: Model) -> dict[str, Any]:
    """Everything of a row but its version."""
    fresh = type(row)._default_manager.get(pk=row.pk)
    return {f.attname: getattr(fresh, f.attname) for f in fresh._meta.concrete_fields if f.attname != "version"}


def take_back(ward: Ward, visit: Visit, actor: Any = None) -> Visit:
    return undo(actor=actor or ward.rao, now=ward.now, visit_id=visit.id)


def reach(ward: Ward, verb: str) -> Visit:
    """Somebody just before a move."""
    visit = ward.arrive()
    if verb not in ("call", "cancel", "triage_up", "hold"):
        ward.call_next()
    if verb in ("complete", "hold_for_test"):
        ward.start(visit)
    if verb == "resume":
        commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="out")
    return ward.fresh(visit)


MOVES: dict[str, Any] = {
    "call": lambda ward, visit: ward.call_next(),
    "start": lambda ward, visit: ward.start(visit),
    "complete": lambda ward, visit: ward.complete(visit),
    "no_show": lambda ward, visit: commands.no_show(actor=ward.rao, now=ward.now, visit_id=visit.id),
    "put_back": lambda ward, visit: commands.put_back(actor=ward.rao, now=ward.now, visit_id=visit.id),
    "cancel": lambda ward, visit: commands.cancel(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="x"),
    "hold": lambda ward, visit: commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="x"),
    "hold_for_test": lambda ward, visit: commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="x"),
    "resume": lambda ward, visit: commands.resume(actor=ward.rao, now=ward.now, visit_id=visit.id),
    "triage_up": lambda ward, visit: commands.triage_up(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="x"),
}


@pytest.mark.parametrize("verb", MOVES)
def test_every_move_is_taken_back_exactly_and_that_is_recorded(ward: Ward, verb: str):
    visit = reach(ward, verb)
    before = values(visit)
    MOVES[verb](ward, visit)
    ward.later(seconds=60)
    done = take_back(ward, visit)
    assert values(visit) == before
    assert done.version == visit.version + 2
    assert VisitTransition.objects.filter(visit_id=visit.id, verb="undo", to_state=before["state"]).count() == 1
    assert paths(Look([ward.facility.id], ward.now))[1] == ""


def test_after_a_minute_it_stays(ward: Ward):
    visit = reach(ward, "no_show")
    MOVES["no_show"](ward, visit)
    ward.later(seconds=61)
    with pytest.raises(TooLateToUndo):
        take_back(ward, visit)


def test_only_whoever_did_it_takes_it_back(ward: Ward):
    visit = reach(ward, "no_show")
    MOVES["no_show"](ward, visit)
    with pytest.raises(NotYoursToUndo):
        take_back(ward, visit, ward.nurse)


def test_it_is_taken_back_once_and_an_arrival_not_at_all(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(ActedSince):
        take_back(ward, visit, ward.meera)
    ward.call_next()
    take_back(ward, visit)
    with pytest.raises(ActedSince):
        take_back(ward, visit)


def test_not_when_somebody_acted_on_it_since(ward: Ward):
    visit = ward.arrive()
    ward.call_next()
    commands.recall(actor=ward.rao, now=ward.now, visit_id=visit.id)
    with pytest.raises(ActedSince):
        take_back(ward, visit)
    with pytest.raises(VersionConflict):
        undo(actor=ward.rao, now=ward.now, visit_id=visit.id, expected_version=1)


def test_not_when_the_next_was_called_into_the_room(ward: Ward):
    ward.arrive()
    ward.arrive()
    first = ward.see(ward.call_next())
    ward.later(seconds=1)
    second = ward.call_next()
    with pytest.raises(ActiveVisit):
        take_back(ward, first)
    commands.put_back(actor=ward.rao, now=ward.now, visit_id=second.id)
    with pytest.raises(ActedSince):
        take_back(ward, first)


def test_not_when_a_prescription_was_signed(ward: Ward):
    visit = ward.arrive()
    ward.start(ward.call_next())
    ward.complete(visit, "Paracetamol")
    with pytest.raises(Signed):
        take_back(ward, visit)
    assert ward.fresh(visit).state == "COMPLETED"


def test_not_when_the_person_came_again(ward: Ward):
    asha = ward.register()
    visit = ward.arrive(asha)
    ward.call_next()
    commands.no_show(actor=ward.rao, now=ward.now, visit_id=visit.id)
    ward.arrive(asha)
    with pytest.raises(ActedSince):
        take_back(ward, visit)


def test_who_may_not_make_the_move_does_not_take_it_back(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(Forbidden):
        undo(actor=ward.as_doctor(add_doctor(ward, [])), now=ward.now, visit_id=visit.id)


def test_whom_a_call_overtook_was_not_overtaken_after_all(ward: Ward):
    ward.department.policy.pin_after_overtakes = 1
    ward.department.policy.save()
    early = ward.arrive()
    ward.later(minutes=1)
    urgent = ward.arrive(symptoms=["chest pain"])
    before = values(early)
    assert ward.call_next().id == urgent.id
    assert ward.fresh(early).tier == Tier.PINNED
    take_back(ward, urgent)
    assert values(early) == before
    assert Overtaking.objects.get().undone
