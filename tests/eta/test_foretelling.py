"""From a command to a told window: learnt, foretold, kept beside what happened. Through the relay, as in the house."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.core.relay import Relay
from apps.eta.models import Experience, Forecast, Outcome, Prediction
from apps.eta.queries import said_of
from apps.eta.rules.telling import Kind
from apps.queue import commands
from apps.queue.queries.visits import department_queue, snapshot
from apps.scheduling.rules import Availability
from opd.subscriptions import handlers_for
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    """A hospital with one department and Dr Rao."""
    with open_ward() as opened:
        yield opened


def settle() -> None:
    Relay(handlers_for).run_once()


def told(visit) -> Forecast:
    return Forecast.objects.get(subject_id=visit.id)


def test_everybody_who_waits_is_told_a_window_on_the_five_minute_grid(ward: Ward):
    visits = [ward.arrive() for _ in range(4)]
    settle()
    windows = [said_of([visit.id])[visit.id] for visit in visits]
    assert [window.likely for window in windows] == sorted(window.likely for window in windows)
    last = windows[-1]
    assert last.kind is Kind.WINDOW
    assert last.earliest <= last.likely <= last.latest
    assert {moment.minute % 5 for moment in (last.earliest, last.likely, last.latest)} == {0}
    assert snapshot(ward.fresh(visits[3]))["etaFrom"] == last.earliest.isoformat()
    assert department_queue(ward.department.id)["waiting"][3]["etaTo"] == last.latest.isoformat()


def test_whose_turn_came_is_told_nothing_more_and_the_turn_is_kept(ward: Ward):
    first, second = ward.arrive(), ward.arrive()
    settle()
    ward.later(minutes=3)
    ward.call_next()
    settle()
    assert not Forecast.objects.filter(subject_id=first.id).exists()
    assert Outcome.objects.get(token_id=first.token_id).turn_at == ward.now
    assert snapshot(ward.fresh(first))["etaFrom"] is None
    assert told(second).ahead == 0


def test_predictions_are_kept_at_check_in_and_at_every_stage_once(ward: Ward):
    visits = [ward.arrive() for _ in range(7)]
    settle()
    for _ in range(6):
        ward.see(ward.call_next(), 9)
        settle()
    stages = Prediction.objects.filter(token_id=visits[-1].token_id).order_by("made_at")
    assert [row.stage for row in stages] == ["check_in", "five_ahead", "two_ahead", "next"]
    assert all(row.p10 <= row.p50 <= row.p80 <= row.p90 for row in stages)


def test_what_was_predicted_and_what_came_of_it_cannot_be_altered(ward: Ward):
    ward.arrive()
    settle()
    ward.call_next()
    settle()
    for model, column in ((Prediction, "p50"), (Outcome, "turn_at")):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(**{column: ward.now})


def test_a_doctor_who_is_slow_today_moves_everybody_and_says_why(ward: Ward):
    visits = [ward.arrive() for _ in range(8)]
    settle()
    before = told(visits[-1]).p50
    for _ in range(2):
        ward.see(ward.call_next(), 45)
        settle()
    after = told(visits[-1])
    assert after.p50 > before + timedelta(minutes=20)
    assert after.reason == "slower"
    assert Experience.objects.get(doctor_id=ward.doctor.id).state["learned"]["ends"] > 1.9


def test_an_emergency_before_somebody_is_told_as_the_reason(ward: Ward):
    waiting = [ward.arrive() for _ in range(2)]
    settle()
    urgent = ward.arrive()
    commands.triage_up(actor=ward.nurse, now=ward.now, visit_id=urgent.id, reason="chest pain", emergency=True)
    settle()
    assert told(waiting[1]).reason == "urgent"
    assert told(urgent).reason != "urgent"


def test_a_break_is_told_as_a_break(ward: Ward):
    visit = ward.arrive()
    settle()
    commands.set_availability(
        actor=ward.rao,
        now=ward.now,
        doctor_id=ward.doctor.id,
        status=Availability.PAUSED,
        reason="tea",
        back_at=ward.now + timedelta(minutes=30),
    )
    settle()
    assert told(visit).kind == Kind.BREAK
    assert told(visit).until == ward.now + timedelta(minutes=30)
    assert told(visit).p50 > ward.now + timedelta(minutes=15)
    assert told(visit).reason == "paused"


def test_a_queue_is_worked_out_anew_when_a_time_has_passed(ward: Ward, settings):
    from apps.core.policy import system_actor

    visits = [ward.arrive() for _ in range(2)]
    settle()
    before = told(visits[1]).p50
    ward.later(minutes=40)
    commands.foretell_overdue(
        actor=system_actor("expected times", ward.facility.id),
        now=ward.now,
        department_id=ward.department.id,
        day=visits[0].day,
    )
    assert told(visits[1]).p50 > before
    assert told(visits[1]).p50 > ward.now
