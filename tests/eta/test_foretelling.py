"""From a command to a told window: learnt, foretold, kept beside what happened. Through the relay, as in the house."""

from collections.abc import Iterator
from datetime import timedelta
from math import exp
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import system_actor
from apps.core.relay import Relay
from apps.eta.commands import choose_versions, learn_days
from apps.eta.models import Experience, Forecast, Outcome, Prediction
from apps.eta.queries import judged, learnt_minutes, newest_turns, said_of
from apps.eta.rules.queues import Lesson, Queue
from apps.eta.rules.telling import Kind
from apps.queue import commands
from apps.queue.commands import expecting
from apps.queue.models import VisitTransition
from apps.queue.queries.bookings import bookings_json
from apps.queue.queries.foretold import queue_of
from apps.queue.queries.visits import department_queue, snapshot
from apps.queue.upkeep import tell_changed_times
from apps.reporting.queries import versions_compared
from apps.scheduling.rules import Availability
from opd.subscriptions import handlers_for
from tests.bookings import book, open_slot
from tests.ward import MONDAY, Ward, open_ward


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


def test_a_booking_tells_the_time_of_its_own_and_then_of_the_visit_that_came_of_it(ward: Ward):
    row = book(ward, open_slot(ward, hours=1)).appointment
    assert {bookings_json([row])[0][name] for name in ("etaFrom", "etaTo")} == {None}
    ward.arrive()
    settle()
    for subject in (
        lambda: row.id,
        lambda: commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id).visit.id,
    ):
        id_ = subject()
        settle()
        said = said_of([id_])[id_]
        (told_now,) = bookings_json([row])
        assert (told_now["etaFrom"], told_now["etaTo"]) == (said.earliest.isoformat(), said.latest.isoformat())


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


def test_what_is_told_after_a_missed_call_is_not_held_against_the_call_before(ward: Ward):
    first, _ = ward.arrive(), ward.arrive()
    settle()
    ward.later(minutes=3)
    called = ward.call_next()
    settle()
    before = judged(ward.facility.id, MONDAY)
    commands.hold(actor=ward.rao, now=ward.now, visit_id=called.id, reason="Did not come when called.")
    commands.resume(actor=ward.nurse, now=ward.later(minutes=9), visit_id=called.id)
    settle()
    turn = Outcome.objects.get(token_id=first.token_id).turn_at
    assert Prediction.objects.filter(token_id=first.token_id, made_at__gt=turn).exists()
    assert judged(ward.facility.id, MONDAY) == before
    (shown,) = newest_turns(ward.facility.id, MONDAY, 9)
    assert shown[1] < turn + timedelta(minutes=5)


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


def test_a_call_keeps_how_long_the_wait_was_predicted_to_be(ward: Ward):
    visits = [ward.arrive() for _ in range(3)]
    settle()
    promised = told(visits[1]).promised
    assert promised
    ward.see(ward.call_next(), 9)
    settle()
    ward.call_next()
    call = VisitTransition.objects.get(visit_id=visits[1].id, verb="call")
    assert call.predicted_wait_seconds == int((promised - visits[1].queued_at).total_seconds())
    assert call.actual_wait_seconds == 9 * 60


def test_screens_are_told_once_that_times_changed_and_why_and_not_by_the_command(ward: Ward):
    for _ in range(8):
        ward.arrive()
    settle()
    tell_changed_times(ward.now)
    before = OutboxEvent.objects.filter(type="times.changed").count()
    for _ in range(2):
        ward.see(ward.call_next(), 45)
    assert OutboxEvent.objects.filter(type="times.changed").count() == before
    settle()
    assert tell_changed_times(ward.now) == 1
    assert tell_changed_times(ward.now) == 0
    event = OutboxEvent.objects.filter(type="times.changed").latest("sequence")
    assert event.payload["reason"] == "slower"
    assert event.payload["people"] > 0
    assert OutboxEvent.objects.filter(type="times.changed").count() == before + 1


def recalculated(ward: Ward) -> int:
    """Statements that working out a queue anew takes."""
    with CaptureQueriesContext(connection) as sent:
        commands.foretell_overdue(
            actor=system_actor("expected times", ward.facility.id),
            now=ward.later(seconds=1),
            department_id=ward.department.id,
            day=ward.facility.day_of(ward.now),
        )
    return len(sent)


def test_a_recalculation_takes_as_many_statements_however_many_wait(ward: Ward):
    for _ in range(3):
        ward.arrive()
    settle()
    few = recalculated(ward)
    for _ in range(12):
        ward.arrive()
    settle()
    assert recalculated(ward) == few
    assert few <= 14


def test_only_rows_of_which_something_changed_are_written(ward: Ward):
    visits = [ward.arrive() for _ in range(12)]
    settle()
    before = Forecast.objects.in_bulk(field_name="subject_id")
    ward.later(seconds=5)
    newcomer = ward.arrive()
    settle()
    after = Forecast.objects.in_bulk(field_name="subject_id")
    assert after[newcomer.id].made_at == ward.now
    assert {after[visit.id].made_at for visit in visits} == {before[visit.id].made_at for visit in visits}
    ward.later(hours=1)
    recalculated(ward)
    overdue = [row for row in before.values() if row.p50 < ward.now]
    assert overdue
    assert all(told(visit).p50 >= ward.now for visit in visits), "whose time has passed is told another"


def choose(ward: Ward, shown: str, beside: str = ""):
    return choose_versions(actor=ward.admin, now=ward.now, shown=shown, beside=beside)


def test_a_second_method_predicts_beside_the_shown_one_and_is_compared_on_the_same_turns(ward: Ward):
    choose(ward, "1", "2")
    visits = [ward.arrive() for _ in range(4)]
    settle()
    before = said_of([visits[-1].id])
    for _ in range(3):
        ward.see(ward.call_next(), 14)
        settle()
    rows = list(Prediction.objects.filter(token_id=visits[0].token_id))
    assert {(row.model_version, row.shown) for row in rows} == {("1", True), ("2", False)}
    compared = {row["name"]: row for row in versions_compared(ward.facility.id, MONDAY)}
    assert compared["1"]["figures"].n == compared["2"]["figures"].n > 0
    assert (compared["1"]["shown"], compared["2"]["beside"]) == (True, True)
    assert judged(ward.facility.id, MONDAY)
    assert len(judged(ward.facility.id, MONDAY)) == compared["1"]["figures"].n
    assert before


def test_another_method_is_shown_when_somebody_who_may_says_so_and_that_is_on_record(ward: Ward):
    choose(ward, "2", "1")
    ward.arrive()
    settle()
    assert Prediction.objects.get(shown=True, stage="check_in").model_version == "2"
    entry = AuditEntry.objects.get(action="expected_times.method")
    assert (entry.before["shown"], entry.after["shown"], entry.actor_id) == ("1", "2", ward.admin.id)
    for actor in (ward.meera, ward.rao):
        with pytest.raises(Forbidden):
            choose_versions(actor=actor, now=ward.now, shown="1")
    for wrong in (("3", ""), ("1", "1"), ("1", "9")):
        with pytest.raises(Invalid):
            choose(ward, *wrong)


def test_a_break_teaches_the_house_how_long_breaks_are(ward: Ward):
    def status(to: Availability) -> None:
        commands.set_availability(actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status=to, reason="tea")
        settle()

    ward.arrive()
    settle()
    status(Availability.PAUSED)
    ward.later(minutes=20)
    status(Availability.AVAILABLE)
    learned = Experience.objects.get(doctor_id=ward.doctor.id).state["learned"]
    assert learned["pauses"]["away"][0] == 1
    assert exp(learned["pauses"]["away"][1]) == pytest.approx(20)


def test_a_doctors_first_call_teaches_lateness_and_a_walk_ins_first_call_that_they_came(ward: Ward):
    ward.arrive()
    ward.later(minutes=12)
    ward.call_next()
    settle()
    learned = Experience.objects.get(doctor_id=ward.doctor.id).state["learned"]
    assert learned["late_raw"][:2] == [1, pytest.approx(12)]
    assert sum(learned["walk_ins"]) == 1


def test_the_next_turn_is_told_with_the_way_that_the_called_person_still_has(ward: Ward):
    keeper = system_actor("history", ward.facility.id)
    walk = Lesson(ward.facility.id, MONDAY, ward.doctor.id, "usual", 10.0, begun=MONDAY, walked=4.0)
    learn_days(actor=keeper, now=ward.now, lessons=[(MONDAY.date() - timedelta(days=1), walk)] * 30)
    _, second = ward.arrive(), ward.arrive()
    settle()
    called = ward.call_next()
    settle()
    on_the_way = told(second).p50
    ward.later(minutes=1)
    commands.start(actor=ward.rao, now=ward.now, visit_id=called.id)
    settle()
    assert on_the_way - told(second).p50 == pytest.approx(timedelta(minutes=3), abs=timedelta(seconds=20))


def test_suggestions_count_with_the_pace_that_was_seen(ward: Ward):
    configured = float(ward.doctor.average_consultation_minutes)
    assert learnt_minutes(ward.doctor.id, configured) == configured
    for _ in range(12):
        ward.arrive()
    for _ in range(12):
        ward.see(ward.call_next(), 2 * configured)
    settle()
    assert learnt_minutes(ward.doctor.id, configured) > 1.4 * configured


def test_a_queue_is_worked_out_once_for_all_events_that_come_together(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    asked: list[Queue] = []

    def noted(*args: Any, **why: Any) -> Queue:
        asked.append(queue_of(*args, **why))
        return asked[-1]

    monkeypatch.setattr(expecting, "queue_of", noted)
    visits = [ward.arrive() for _ in range(5)]
    urgent = ward.arrive()
    commands.triage_up(actor=ward.nurse, now=ward.now, visit_id=urgent.id, reason="chest pain", emergency=True)
    settle()
    assert len(asked) == 1
    assert asked[0].cause == "urgent"
    assert set(asked[0].changed) == {visit.id for visit in [*visits, urgent]}
    assert Forecast.objects.count() == 6
    ward.call_next()
    settle()
    assert len(asked) == 2


def test_days_of_which_there_are_no_events_teach_all_at_once(ward: Ward):
    keeper = system_actor("history", ward.facility.id)
    seen = Lesson(ward.facility.id, MONDAY, ward.doctor.id, "usual", 10.0, consulted=3.0)
    before = [(MONDAY.date() - timedelta(days=ago), seen) for ago in (2, 1) for _ in range(30)]
    assert learn_days(actor=keeper, now=ward.now, lessons=before) == 60
    assert learnt_minutes(ward.doctor.id, 10.0) < 5
    visits = [ward.arrive() for _ in range(5)]
    settle()
    assert told(visits[-1]).p50 < ward.now + timedelta(minutes=25)
    assert AuditEntry.objects.get(action="expected_times.taught").after == {"lessons": 60}
    with pytest.raises(Forbidden):
        learn_days(actor=ward.admin, now=ward.now, lessons=before)
