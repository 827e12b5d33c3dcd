"""The queue as people live it: arrive, be called, seen, set aside, missed."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEntry
from apps.core.commands import command
from apps.core.errors import Forbidden, Invalid, NotFound
from apps.core.events import department_stream
from apps.core.models import OutboxEvent
from apps.core.once import Once
from apps.core.outbox import lock_streams
from apps.patients.queries import PatientNotActive
from apps.queue import commands
from apps.queue.commands.admitting import AlreadyHere, DepartmentClosed, QueueFull
from apps.queue.commands.calling import DoctorUnavailable, NotYours
from apps.queue.commands.masters import PeopleWaiting
from apps.queue.commands.moving import ActiveVisit, NotAllowed, VersionConflict, move
from apps.queue.models import Visit, VisitTransition
from apps.queue.queries.visits import allowed_actions, position, snapshot
from apps.queue.rules.order import Tier
from apps.queue.rules.states import TERMINAL, TRANSITIONS, State, Verb, legal
from apps.scheduling.models import Department, Token
from tests.ward import Ward, add_doctor, open_ward

DOCTOR_NEEDED = {State.CALLED, State.IN_CONSULTATION, State.COMPLETED}


def test_a_walk_in_gets_the_next_number_and_waits(ward: Ward):
    first, second = ward.arrive(), ward.arrive()
    assert [first.token.token_number, second.token.token_number] == ["GEG-001", "GEG-002"]
    assert first.token.label == "G01"
    assert (first.state, first.version, position(first), position(second)) == ("WAITING", 1, 1, 2)


def test_every_move_leaves_one_transition_one_audit_row_and_one_event(ward: Ward):
    visit = ward.arrive()
    ward.see(ward.call_next())
    moves = VisitTransition.objects.filter(visit_id=visit.id).order_by("version")
    assert [(m.from_state, m.to_state) for m in moves] == [
        ("", "WAITING"),
        ("WAITING", "CALLED"),
        ("CALLED", "IN_CONSULTATION"),
        ("IN_CONSULTATION", "COMPLETED"),
    ]
    rows = AuditEntry.objects.filter(entity_type="visit", entity_id=str(visit.id))
    events = OutboxEvent.objects.filter(type="visit.transitioned", entity_id=visit.id)
    assert rows.count() == events.count() == 4
    assert [m.actual_wait_seconds for m in moves] == [None, 0, None, None]


def test_a_transition_remembers_how_long_the_person_waited(ward: Ward):
    ward.arrive()
    ward.later(minutes=25)
    called = ward.call_next()
    assert VisitTransition.objects.get(visit_id=called.id, to_state="CALLED").actual_wait_seconds == 25 * 60


def test_events_of_a_queue_are_numbered_without_gaps(ward: Ward):
    for _ in range(3):
        ward.arrive()
    ward.see(ward.call_next())
    numbers = OutboxEvent.objects.filter(stream=department_stream(ward.department.id)).values_list(
        "sequence", flat=True
    )
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_events_name_no_person(ward: Ward):
    ward.arrive(ward.register(name="Canary Kumari", phone="98765 43210"))
    ward.see(ward.call_next())
    assert not any("Canary" in str(e.payload) or "43210" in str(e.payload) for e in OutboxEvent.objects.all())


def test_symptoms_of_the_triage_table_make_a_visit_urgent_and_first(ward: Ward):
    waiting = ward.arrive()
    urgent = ward.arrive(symptoms=["Chest pain since morning"])
    assert (urgent.state, urgent.urgent_by, urgent.tier) == ("URGENT", "chest pain", Tier.URGENT)
    assert (position(urgent), position(waiting)) == (1, 2)
    assert ward.call_next().id == urgent.id


def test_an_emergency_goes_before_the_urgent_and_only_staff_may_say_so(ward: Ward):
    ward.arrive(symptoms=["chest pain"])
    emergency = ward.arrive(source="emergency")
    assert position(emergency) == 1
    assert snapshot(emergency)["priority"] == "URGENT"


def test_special_needs_come_from_age_and_give_a_head_start(ward: Ward):
    ward.arrive(ward.register(age=30))
    ward.later(minutes=20)
    grandmother = ward.arrive(ward.register(name="Lakshmi Devi", age=70))
    assert grandmother.needs == "elderly"
    assert position(grandmother) == 1


def test_the_head_start_ends_where_the_policy_says(ward: Ward):
    ward.arrive(ward.register(age=30))
    ward.later(minutes=26)
    assert position(ward.arrive(ward.register(name="Lakshmi Devi", age=70))) == 2


def test_nobody_waits_twice_in_one_department(ward: Ward):
    asha = ward.register()
    ward.arrive(asha)
    with pytest.raises(AlreadyHere):
        ward.arrive(asha)
    assert Token.objects.count() == 1


def test_a_full_queue_sends_people_to_the_desk(ward: Ward):
    ward.department.policy.queue_limit = 1
    ward.department.policy.save()
    ward.arrive()
    with pytest.raises(QueueFull):
        ward.arrive()


def test_a_closed_department_takes_nobody(ward: Ward):
    Department.objects.update(status="INACTIVE")
    with pytest.raises(DepartmentClosed):
        ward.arrive()


def test_an_inactive_record_cannot_check_in(ward: Ward):
    patient = ward.register()
    patient.status = "DECEASED"
    patient.save()
    with pytest.raises(PatientNotActive):
        ward.arrive(patient)


def test_an_unknown_department_and_an_unknown_patient_are_not_found(ward: Ward):
    patient = ward.register()
    for ids in (
        {"department_id": uuid4(), "patient_id": patient.id},
        {"department_id": ward.department.id, "patient_id": uuid4()},
    ):
        with pytest.raises(NotFound):
            commands.check_in(actor=ward.meera, now=ward.now, **ids)


def test_a_doctor_of_another_department_cannot_be_asked_for(db: None):
    with open_ward(departments=2, doctors=2) as ward:
        _mine, elsewhere = ward.doctors
        with pytest.raises(Invalid):
            ward.arrive(doctor_id=elsewhere.id)
        with pytest.raises(NotFound):
            ward.arrive(doctor_id=uuid4())


def test_call_next_takes_the_doctor_s_own_people_and_those_without_a_doctor(ward: Ward):
    nair = add_doctor(ward, [ward.department])
    for_nair = ward.arrive(doctor_id=nair.id)
    anybody = ward.arrive()
    assert ward.call_next().id == anybody.id
    assert ward.call_next(nair).id == for_nair.id


def test_nobody_waiting_is_an_answer_and_no_error(ward: Ward):
    assert ward.call_next() is None


def test_a_doctor_has_one_active_visit(ward: Ward):
    ward.arrive()
    ward.arrive()
    called = ward.call_next()
    with pytest.raises(ActiveVisit) as refusal:
        ward.call_next()
    assert refusal.value.extra["visitId"] == str(called.id)


def test_the_database_itself_refuses_a_second_active_visit(ward: Ward):
    ward.arrive()
    second = ward.arrive()
    ward.call_next()

    @command
    def by_hand(*, actor, now):
        lock_streams(department_stream(ward.department.id))
        move(ward.fresh(second), Verb.CALL, State.CALLED, doctor_id=ward.doctor.id)

    with pytest.raises(ActiveVisit):
        by_hand(actor=ward.meera, now=ward.now)


def test_a_doctor_who_is_offline_calls_nobody(ward: Ward):
    ward.arrive()
    commands.set_availability(actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status="OFFLINE")
    with pytest.raises(DoctorUnavailable):
        ward.call_next()


def test_a_doctor_acts_for_nobody_but_himself_and_the_desk_may_help(ward: Ward):
    nair = add_doctor(ward, [ward.department])
    ward.arrive()
    with pytest.raises(Forbidden):
        commands.call_next(actor=ward.rao, now=ward.now, doctor_id=nair.id)
    assert commands.call_next(actor=ward.nurse, now=ward.now, doctor_id=nair.id) is not None


def test_who_is_with_a_doctor_is_moved_by_no_other_doctor_but_the_desk_may_help(ward: Ward):
    nair = ward.as_doctor(add_doctor(ward, [ward.department]))
    visit = ward.arrive()
    ward.call_next()
    move: dict[str, Any] = {"now": ward.now, "visit_id": visit.id}
    for refused in (commands.recall, commands.put_back, commands.no_show):
        with pytest.raises(Forbidden):
            refused(actor=nair, **move)
    for refused in (commands.hold, commands.cancel):
        with pytest.raises(Forbidden):
            refused(actor=nair, reason="wrong room", **move)
    assert ward.fresh(visit).state == "CALLED"
    assert commands.put_back(actor=ward.meera, **move).state == "WAITING"
    assert commands.hold(actor=nair, reason="went out", **move).state == "ON_HOLD"


def test_a_given_person_can_be_called_but_not_another_doctor_s(ward: Ward):
    nair = add_doctor(ward, [ward.department])
    ward.arrive()
    mine, theirs = ward.arrive(), ward.arrive(doctor_id=nair.id)
    with pytest.raises(NotYours) as refusal:
        commands.call(actor=ward.rao, now=ward.now, visit_id=theirs.id, doctor_id=ward.doctor.id)
    assert refusal.value.extra == {"state": "WAITING", "version": 1, "allowed": allowed_actions(theirs)}
    called = commands.call(actor=ward.rao, now=ward.now, visit_id=mine.id, doctor_id=ward.doctor.id)
    assert (called.state, called.room_id) == ("CALLED", ward.doctor.room_id)


def test_call_if_next_swaps_only_when_nothing_moved(ward: Ward):
    first, second = ward.arrive(), ward.arrive()
    doctor_id = ward.doctor.id
    with pytest.raises(VersionConflict):
        commands.call_if_next(actor=ward.rao, now=ward.now, visit_id=second.id, doctor_id=doctor_id)
    with pytest.raises(VersionConflict):
        commands.call_if_next(actor=ward.rao, now=ward.now, visit_id=first.id, doctor_id=doctor_id, expected_version=9)
    called = commands.call_if_next(
        actor=ward.rao, now=ward.now, visit_id=first.id, doctor_id=doctor_id, expected_version=1
    )
    assert called.id == first.id


def test_a_repeated_call_is_counted_and_is_no_transition(ward: Ward):
    ward.arrive()
    called = ward.call_next()
    again = commands.recall(actor=ward.rao, now=ward.later(seconds=40), visit_id=called.id)
    assert (again.times_called, again.version) == (2, called.version + 1)
    assert VisitTransition.objects.filter(visit_id=called.id).count() == 2


def test_who_does_not_come_is_held_and_takes_the_old_place_when_back(ward: Ward):
    missed, other = ward.arrive(), ward.arrive()
    ward.call_next()
    held = commands.hold(actor=ward.rao, now=ward.now, visit_id=missed.id, reason="did not come")
    assert (held.state, held.missed_calls, held.doctor_id) == ("ON_HOLD", 1, None)
    back = commands.resume(actor=ward.meera, now=ward.later(minutes=5), visit_id=missed.id)
    assert (back.state, position(back), position(ward.fresh(other))) == ("WAITING", 1, 2)


def test_who_is_sent_for_a_test_comes_back_to_the_same_doctor(ward: Ward):
    nair = add_doctor(ward, [ward.department])
    ward.arrive()
    visit = ward.start(ward.call_next())
    commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="blood test")
    commands.resume(actor=ward.meera, now=ward.now, visit_id=visit.id)
    assert ward.call_next(nair) is None
    assert ward.call_next().id == visit.id


def test_holding_needs_a_reason(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(Invalid):
        commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="  ")


def test_put_back_returns_a_called_person_to_the_pool_at_the_same_place(ward: Ward):
    first, second = ward.arrive(), ward.arrive()
    ward.call_next()
    back = commands.put_back(actor=ward.rao, now=ward.now, visit_id=first.id, reason="wrong button")
    assert (back.state, back.doctor_id, back.room_id) == ("WAITING", None, None)
    assert (position(back), position(ward.fresh(second))) == (1, 2)


def test_who_comes_after_a_no_show_keeps_the_number_in_a_new_visit(ward: Ward):
    asha = ward.register()
    missed = ward.arrive(asha)
    ward.call_next()
    commands.no_show(actor=ward.rao, now=ward.now, visit_id=missed.id)
    late = ward.arrive(asha)
    assert (late.previous_id, late.token_id) == (missed.id, missed.token_id)
    assert Token.objects.count() == 1


def test_only_the_doctor_in_the_room_starts_and_completes(ward: Ward):
    ward.arrive()
    called = ward.call_next()
    with pytest.raises(Forbidden):
        commands.start(actor=ward.meera, now=ward.now, visit_id=called.id)
    nair = add_doctor(ward, [ward.department])
    with pytest.raises(Forbidden):
        commands.start(actor=ward.as_doctor(nair), now=ward.now, visit_id=called.id)


def test_a_completed_consultation_tells_its_length(ward: Ward):
    ward.arrive()
    done = ward.see(ward.call_next(), minutes=7)
    event = OutboxEvent.objects.get(type="CONSULTATION_COMPLETED", entity_id=done.id)
    assert event.payload["seconds"] == 420


def test_triage_is_corrected_with_a_reason_in_both_directions(ward: Ward):
    visit = ward.arrive()
    urgent = commands.triage_up(actor=ward.nurse, now=ward.now, visit_id=visit.id, reason="pale and sweating")
    assert (urgent.state, urgent.tier) == ("URGENT", Tier.URGENT)
    calm = commands.triage_down(actor=ward.nurse, now=ward.now, visit_id=visit.id, reason="seen by the nurse")
    assert (calm.state, calm.tier) == ("WAITING", Tier.REST)


def test_somebody_urgent_is_confirmed_or_raised_to_an_emergency_without_a_transition(ward: Ward):
    visit = ward.arrive(symptoms=["chest pain"])
    Visit.objects.update(triage_confirmed=False)
    raised = commands.triage_up(
        actor=ward.nurse, now=ward.now, visit_id=visit.id, reason="grey and cold", emergency=True
    )
    assert (raised.state, raised.tier, raised.version, raised.triage_confirmed) == ("URGENT", Tier.EMERGENCY, 2, True)
    assert VisitTransition.objects.filter(visit_id=visit.id).count() == 1
    assert AuditEntry.objects.filter(action="visit.triage_confirmed", entity_id=str(visit.id)).count() == 1


def test_an_old_version_changes_nothing_and_says_where_the_visit_stands(ward: Ward):
    ward.arrive()
    called = ward.call_next()
    with pytest.raises(VersionConflict) as refusal:
        commands.start(actor=ward.rao, now=ward.now, visit_id=called.id, expected_version=1)
    assert refusal.value.extra == {"state": "CALLED", "version": 2, "allowed": allowed_actions(called)}
    assert ward.fresh(called).state == "CALLED"


def test_whoever_is_overtaken_eight_times_is_pinned_right_behind_the_urgent(ward: Ward):
    patient_one = ward.arrive()
    for _ in range(8):
        ward.later(seconds=1)
        ward.arrive(symptoms=["chest pain"])
        ward.see(ward.call_next(), minutes=1)
    pinned = ward.fresh(patient_one)
    assert (pinned.overtakes, pinned.tier) == (8, Tier.PINNED)
    assert AuditEntry.objects.filter(action="visit.pinned", entity_id=str(patient_one.id)).count() == 1
    ward.arrive(ward.register(name="Lakshmi Devi", age=90))
    assert ward.call_next().id == patient_one.id


def test_a_department_with_people_cannot_be_closed(ward: Ward):
    visit = ward.arrive()
    close = {"actor": ward.admin, "department_id": ward.department.id}
    for refused in (commands.delete_department, commands.change_department):
        extra = {"status": "INACTIVE"} if refused is commands.change_department else {}
        with pytest.raises(PeopleWaiting):
            refused(now=ward.now, **close, **extra)
    commands.cancel(actor=ward.meera, now=ward.now, visit_id=visit.id, reason="went home")
    commands.delete_department(now=ward.now, **close)
    assert Department.objects.get().status == "INACTIVE"


def test_two_hospitals_never_see_each_other_s_visits(ward: Ward):
    visit = ward.arrive()
    with open_ward() as other, pytest.raises(NotFound):
        commands.cancel(actor=other.meera, now=other.now, visit_id=visit.id, reason="not ours")


def test_the_desk_of_another_department_may_not_check_in_here(ward: Ward):
    stranger = replace(ward.meera, all_departments=False, department_ids=frozenset({uuid4()}))
    patient = ward.register()
    with pytest.raises(Forbidden):
        commands.check_in(actor=stranger, now=ward.now, department_id=ward.department.id, patient_id=patient.id)


@pytest.mark.parametrize(("origin", "target"), list(product(State, State)), ids=str)
def test_of_all_hundred_pairs_of_states_only_the_listed_ones_pass(ward: Ward, origin: State, target: State):
    visit = ward.arrive()
    doctor = ward.doctor.id if {origin, target} & DOCTOR_NEEDED else None
    ended = ward.now if origin in TERMINAL else None
    Visit.objects.filter(id=visit.id).update(state=origin, doctor_id=doctor, ended_at=ended)
    visit = ward.fresh(visit)

    @command
    def take(*, actor, now):
        lock_streams(department_stream(ward.department.id))
        verb = TRANSITIONS.get((origin, target)) or Verb.CALL
        return move(visit, verb, target, doctor_id=doctor)

    if legal(origin, target):
        take(actor=ward.admin, now=ward.now)
        assert ward.fresh(visit).state == target
    else:
        with pytest.raises(NotAllowed) as refusal:
            take(actor=ward.admin, now=ward.now)
        assert refusal.value.extra["state"] == origin
        assert refusal.value.extra["allowed"] == allowed_actions(visit)
        assert ward.fresh(visit).state == origin


def test_the_key_of_a_waiting_visit_never_changes(ward: Ward):
    visit = ward.arrive()
    key = visit.arrival_key
    ward.later(hours=1)
    ward.call_next()
    commands.put_back(actor=ward.rao, now=ward.now, visit_id=visit.id)
    assert ward.fresh(visit).arrival_key == key
    assert ward.fresh(visit).called_at - visit.queued_at == timedelta(hours=1)


def test_check_in_and_call_next_stay_within_twelve_statements(ward: Ward):
    patient = ward.register(phone="98765 43210")
    ward.arrive(symptoms=["chest pain"])
    with CaptureQueriesContext(connection) as checking_in:
        commands.check_in.answer(
            Once("k1", "POST /visits", "f"),
            lambda a: snapshot(a.visit),
            actor=ward.meera,
            now=ward.now,
            department_id=ward.department.id,
            patient_id=patient.id,
            doctor_id=ward.doctor.id,
            symptoms=["cough"],
        )
    with CaptureQueriesContext(connection) as calling:
        commands.call_next.answer(
            Once("k2", "POST /call-next", "f"), snapshot, actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id
        )
    assert len(statements(checking_in)) <= 12
    assert len(statements(calling)) <= 12


def statements(captured: CaptureQueriesContext) -> list[str]:
    """What was sent, without the savepoint that stands for the transaction inside a test."""
    return [q["sql"] for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]]
