"""What the simulator does beside people, decided from one look."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from apps.queue.rules.states import State
from apps.scheduling.rules import Availability
from opd.simulation.rounds import (
    DAY_OVER,
    DID_NOT_COME,
    HANDS_OFF,
    MOST,
    OPENING,
    RESULT_LOST,
    SENT_FOR_TEST,
    Deed,
    Doctor,
    Look,
    Seen,
    decide,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def doctor(**known: Any) -> Doctor:
    """Dr Rao of General Medicine, free for a while."""
    values: dict[str, Any] = {
        "key": "rao",
        "id": uuid4(),
        "department": "GEN",
        "availability": Availability.AVAILABLE,
        "version": 1,
        "moved_at": NOW - timedelta(seconds=30),
        "changed_at": None,
        "human_at": None,
    }
    return Doctor(**values | known)


def visit(**known: Any) -> Seen:
    """Somebody who has just begun to wait for any doctor."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "patient_id": uuid4(),
        "department": "GEN",
        "state": State.WAITING,
        "version": 1,
        "doctor_id": None,
        "missed_calls": 0,
        "hold_reason": "",
        "since": NOW - timedelta(seconds=1),
        "recalled": False,
        "ours": True,
        "brought": True,
    }
    return Seen(**values | known)


def deeds(doctors: list[Doctor], visits: list[Seen]) -> list[tuple[Deed, UUID | None]]:
    """What is decided besides arrivals, with the visit it is for."""
    decisions = decide(Look(NOW, doctors, visits), Random(1))
    return [(d.deed, d.visit.id if d.visit else None) for d in decisions if d.deed is not Deed.ARRIVE]


def arrivals(visits: list[Seen], seconds: int = 1) -> int:
    """How many come in so many seconds."""
    random = Random(1)
    look = Look(NOW, [doctor(moved_at=NOW)], visits)
    return sum(d.deed is Deed.ARRIVE for _ in range(seconds) for d in decide(look, random))


def test_a_free_doctor_calls_the_next_in_order():
    first, second = visit(), visit()
    assert deeds([doctor()], [first, second]) == [(Deed.CALL_NEXT, first.id)]


def test_a_doctor_takes_a_breath_between_two_patients():
    assert deeds([doctor(moved_at=NOW - timedelta(seconds=2))], [visit()]) == []


def test_nobody_is_called_past_their_own_doctor():
    others = visit(doctor_id=uuid4())
    own = visit()
    assert deeds([doctor()], [others, own]) == [(Deed.CALL_NEXT, own.id)]


def test_whom_a_person_let_in_is_called_in_turn():
    theirs, ours = visit(brought=False), visit()
    assert deeds([doctor()], [theirs, ours]) == [(Deed.CALL_NEXT, theirs.id)]


def test_whom_a_person_let_in_is_neither_confirmed_nor_worse_nor_gone():
    long_ago = NOW - timedelta(days=2)
    for state in (State.SCANNED, State.WAITING, State.URGENT):
        for _ in range(200):
            assert deeds([], [visit(brought=False, state=state, since=long_ago)]) == []


def test_whom_a_person_let_in_comes_back_from_a_test_that_the_simulator_sent_them_for():
    long_ago = NOW - timedelta(hours=1)
    aside = visit(brought=False, state=State.ON_HOLD, hold_reason=SENT_FOR_TEST, since=long_ago)
    assert deeds([], [aside]) == [(Deed.COME_BACK, aside.id)]


def test_somebody_a_person_moved_is_left_for_a_person_to_call():
    theirs, ours = visit(ours=False), visit()
    assert deeds([doctor()], [theirs, ours]) == [(Deed.CALL, ours.id)]
    assert deeds([doctor()], [theirs]) == []


def test_a_visit_that_a_person_moved_is_never_moved():
    rao = doctor()
    long_ago = NOW - timedelta(days=2)
    for state in State:
        theirs = visit(ours=False, state=state, since=long_ago, doctor_id=rao.id)
        assert deeds([rao], [theirs]) == []


def test_a_doctor_for_whom_a_person_acted_is_left_alone_for_a_quarter_of_an_hour():
    busy = doctor(human_at=NOW - HANDS_OFF + timedelta(seconds=1))
    called = visit(state=State.CALLED, doctor_id=busy.id, since=NOW - timedelta(minutes=5))
    assert deeds([busy], [called, visit()]) == []
    assert deeds([doctor(human_at=NOW - HANDS_OFF)], [visit()]) != []


def test_a_doctor_on_a_break_comes_back_and_one_whom_a_person_sent_away_only_later():
    away = {"availability": Availability.PAUSED, "changed_at": NOW - timedelta(minutes=2)}
    assert deeds([doctor(**away)], []) == [(Deed.BEGIN, None)]
    assert deeds([doctor(**away, human_at=NOW - timedelta(minutes=2))], []) == []


def test_doctors_take_a_break_now_and_then_but_seldom_two_at_the_start_of_a_house_that_was_away():
    taken = sum(
        (Deed.PAUSE, None) in deeds([doctor(changed_at=NOW - timedelta(hours=7, seconds=n))], []) for n in range(400)
    )
    assert 5 < taken < 60


def test_a_call_is_always_answered_in_the_end():
    rao = doctor()
    answers = Counter(
        deeds([rao], [visit(state=State.CALLED, doctor_id=rao.id, since=NOW - timedelta(minutes=1), recalled=True)])[0][
            0
        ]
        for _ in range(600)
    )
    assert set(answers) == {Deed.START, Deed.SET_ASIDE, Deed.NO_SHOW}
    assert answers[Deed.START] > 500


def test_who_does_not_come_is_called_again_first():
    rao = doctor()
    calls = [visit(state=State.CALLED, doctor_id=rao.id, since=NOW - timedelta(minutes=1)) for _ in range(200)]
    answers = {deeds([rao], [called])[0][0] for called in calls}
    assert answers == {Deed.START, Deed.RECALL}


def test_a_consultation_ends_within_two_minutes_mostly_for_good():
    rao = doctor()
    ends = Counter(
        deeds([rao], [visit(state=State.IN_CONSULTATION, doctor_id=rao.id, since=NOW - timedelta(minutes=2))])[0][0]
        for _ in range(300)
    )
    assert set(ends) == {Deed.TEST, Deed.COMPLETE}
    assert ends[Deed.COMPLETE] > 250


def test_two_looks_agree_about_the_same_visit():
    rao = doctor()
    called = visit(state=State.CALLED, doctor_id=rao.id, since=NOW - timedelta(seconds=8))
    assert deeds([rao], [called]) == deeds([rao], [called])


def test_people_set_aside_come_back_or_are_taken_off_the_queue():
    since = NOW - timedelta(minutes=3)
    missed = [visit(state=State.ON_HOLD, since=since, hold_reason=DID_NOT_COME, missed_calls=1) for _ in range(100)]
    assert {deed for deed, _ in deeds([], missed)} == {Deed.COME_BACK, Deed.NO_SHOW}


def test_who_is_sent_for_a_test_is_waited_for_until_the_result_counts_as_lost():
    for since, comes in ((NOW - timedelta(minutes=3), set()), (NOW - RESULT_LOST, {Deed.COME_BACK})):
        tested = [visit(state=State.ON_HOLD, since=since, hold_reason=SENT_FOR_TEST) for _ in range(100)]
        assert {deed for deed, _ in deeds([], tested)} == comes


def test_who_was_left_behind_by_an_earlier_run_is_cancelled():
    left = visit(since=NOW - DAY_OVER)
    assert deeds([], [left]) == [(Deed.CLOSE, left.id)]


def test_a_hall_that_opens_fills_at_once():
    assert arrivals([]) == OPENING


def test_a_full_hall_takes_nobody_and_a_thin_one_somebody_each_second():
    assert arrivals([visit() for _ in range(MOST)], seconds=100) == 0
    assert arrivals([visit() for _ in range(6)]) == 1


def test_the_fewer_wait_the_more_come():
    assert arrivals([visit() for _ in range(9)], 600) > arrivals([visit() for _ in range(18)], 600) > 0


def test_a_hall_full_of_other_peoples_visits_still_gets_some_of_our_own():
    theirs = [visit(ours=False) for _ in range(25)]
    assert arrivals(theirs) == 1
    assert arrivals([*theirs, *(visit() for _ in range(3))]) == 0
    assert arrivals([visit(ours=False) for _ in range(40)]) == 0
