"""Somebody goes through several stations under one number, is sent for tests and back, and elsewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.audit.models import AuditEntry as Entry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import Role
from apps.queue import commands
from apps.queue.commands.admitting import AlreadyHere, DepartmentClosed
from apps.queue.commands.journeying import CountersClosed, OnTheWay, StationOver
from apps.queue.commands.moving import ActiveVisit, NotAllowed, VersionConflict
from apps.queue.commands.serving import CounterBusy, CounterClosed
from apps.queue.commands.stations import NameTaken
from apps.queue.models import Journey, JourneyLeg, Visit, VisitTransition
from apps.queue.queries.sending import targets
from apps.queue.queries.visits import position
from tests.stations import Stations
from tests.ward import Ward, add_doctor, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward(departments=2, doctors=2) as ward:
        yield ward


@pytest.fixture
def stations(ward: Ward) -> Stations:
    return Stations(ward)


def send(ward: Ward, visit: Visit, department: Any, **how: Any) -> tuple[Visit, Visit]:
    return commands.transfer(
        actor=ward.meera, now=ward.now, visit_id=visit.id, department_id=department.id, reason="wrong door", **how
    )


def test_six_stations_with_two_at_once_under_one_number(ward: Ward, stations: Stations):
    full = stations.kind_of_visit(("TRI",), ("",), ("LAB", "XRA"), ("",), ("PHA",), ("CSH",))
    visit = ward.arrive(journey_id=full.id, doctor_id=ward.doctor.id)
    number = visit.token.token_number
    assert stations.waits_at(visit.token_id) == {"TRI"}
    assert number.startswith(ward.department.code)
    stations.serve("TRI")
    seen = ward.call_next()
    assert seen.token_id == visit.token_id
    ward.see(seen)
    assert stations.waits_at(visit.token_id) == {"LAB", "XRA"}
    stations.serve("LAB")
    assert stations.waits_at(visit.token_id) == {"XRA"}
    stations.serve("XRA")
    again = ward.call_next()
    assert (again.token_id, again.doctor_id) == (visit.token_id, seen.doctor_id)
    ward.see(again)
    stations.serve("PHA")
    assert Journey.objects.get().ended_at is None
    stations.serve("CSH")
    visits = Visit.objects.filter(token_id=visit.token_id)
    assert visits.count() == 7
    assert set(visits.values_list("state", "number")) == {("COMPLETED", visit.number)}
    assert Journey.objects.get().ended_at == ward.now
    assert set(JourneyLeg.objects.values_list("outcome", flat=True)) == {"done"}
    told = VisitTransition.objects.count()
    assert OutboxEvent.objects.filter(type="visit.transitioned").count() == told == 7 * 4
    assert Entry.objects.filter(entity_type="visit").count() >= told
    waits = VisitTransition.objects.filter(to_state="CALLED")
    assert all(wait is not None for wait in waits.values_list("actual_wait_seconds", flat=True))


def test_who_is_inside_one_station_is_not_called_to_the_other_and_keeps_the_place(ward: Ward, stations: Stations):
    both = stations.kind_of_visit(("LAB", "XRA"), ("",))
    first = ward.arrive(journey_id=both.id)
    ward.later(minutes=1)
    second = ward.arrive(journey_id=both.id)
    assert stations.call("LAB").token_id == first.token_id
    called = stations.call("XRA")
    assert called.token_id == second.token_id
    hands = stations.hands
    for code, visit in (("LAB", Visit.objects.get(state="CALLED", department__code="LAB")), ("XRA", called)):
        commands.start_at_counter(actor=hands[code], now=ward.now, visit_id=visit.id)
        commands.finish_at_counter(actor=hands[code], now=ward.now, visit_id=visit.id)
    assert stations.call("XRA").token_id == first.token_id
    assert Visit.objects.filter(overtakes__gt=0).count() == 0


def test_the_database_itself_calls_no_number_to_two_stations(ward: Ward, stations: Stations):
    both = stations.kind_of_visit(("LAB", "XRA"), ("",))
    first = ward.arrive(journey_id=both.id)
    stations.call("LAB")
    other = Visit.objects.get(token_id=first.token_id, department__code="XRA")
    with pytest.raises(IntegrityError, match="one_active_visit_per_number"), transaction.atomic():
        Visit.objects.filter(id=other.id).update(state="CALLED", counter=stations.counters["XRA"])


def test_sent_for_tests_and_back_to_the_same_doctor_with_the_last_result(ward: Ward, stations: Stations):
    visit = ward.arrive()
    ward.start(ward.call_next())
    ward.later(minutes=5)
    places = [stations.department(code).id for code in ("LAB", "XRA")]
    how: dict[str, Any] = {"now": ward.now, "visit_id": visit.id, "reason": "blood and chest"}
    with pytest.raises(Invalid):
        commands.send_for_tests(actor=ward.rao, department_ids=[ward.departments[1].id], **how)
    commands.send_for_tests(actor=ward.rao, department_ids=places, **how)
    assert ward.fresh(visit).state == "ON_HOLD"
    stations.serve("XRA")
    assert ward.fresh(visit).state == "ON_HOLD"
    stations.serve("LAB")
    back = ward.fresh(visit)
    assert (back.state, back.doctor_id, back.pooled) == ("WAITING", ward.doctor.id, False)
    ward.arrive()
    assert ward.call_next().id == visit.id
    ward.see(visit)
    assert Journey.objects.get(token_id=visit.token_id).ended_at == ward.now


def test_nobody_is_sent_where_all_counters_are_closed_but_an_emergency(ward: Ward, stations: Stations):
    waits, urgent = ward.arrive(), ward.arrive(source="emergency")
    lab, imaging = stations.department("LAB"), stations.department("XRA")
    stations.close("LAB")
    how: dict[str, Any] = {"now": ward.now, "department_ids": [imaging.id, lab.id], "reason": "blood and chest"}
    with pytest.raises(CountersClosed):
        send(ward, waits, lab)
    assert ward.fresh(waits).state == "WAITING"
    ward.start(ward.call_next())
    commands.send_for_tests(actor=ward.rao, visit_id=urgent.id, **how)
    assert stations.waits_at(urgent.token_id) == {"LAB", "XRA"}, "a counter is opened for them"
    ward.start(ward.call_next())
    with pytest.raises(CountersClosed):
        commands.send_for_tests(actor=ward.rao, visit_id=waits.id, **how)
    assert ward.fresh(waits).state == "IN_CONSULTATION"
    labels = {choice["label"] for place in targets(waits) for choice in place["choices"]}
    assert {"Lab, all counters closed now", "Xra, whoever is free"} <= labels
    stations.close("LAB", status="PAUSED")
    commands.send_for_tests(actor=ward.rao, visit_id=waits.id, **how)
    assert stations.waits_at(waits.token_id) == {"LAB", "XRA"}, "a pause ends"


def test_a_number_is_moved_where_it_stands(ward: Ward, stations: Stations):
    visit, number = ward.arrive(), {"actor": ward.meera, "new_position": 1, "reason": "asked"}
    ward.start(ward.call_next())
    place = stations.department("LAB")
    before = [ward.arrive(department=place), ward.arrive()]
    commands.send_for_tests(actor=ward.rao, now=ward.now, visit_id=visit.id, department_ids=[place.id], reason="blood")
    _, moved = commands.move_in_queue(now=ward.now, some_id=visit.token_id, **number)
    assert (moved.department_id, position(moved)) == (place.id, 1)
    assert stations.serve("LAB").token_id == visit.token_id
    commands.move_in_queue(now=ward.now, some_id=before[1].token_id, **number)
    assert position(ward.fresh(visit)) == 2
    _, moved = commands.move_in_queue(now=ward.now, some_id=visit.token_id, **number)
    assert (moved.id, position(moved)) == (visit.id, 1), "back from the test, they wait for the doctor again"


def test_an_errand_in_a_journey_comes_back_and_the_journey_goes_on(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("",), ("PHA",))
    visit = ward.arrive(journey_id=kind.id)
    ward.start(ward.call_next())
    lab = stations.department("LAB").id
    commands.send_for_tests(actor=ward.rao, now=ward.now, visit_id=visit.id, department_ids=[lab], reason="blood")
    stations.serve("LAB")
    assert stations.waits_at(visit.token_id) == {ward.department.code}
    ward.see(ward.call_next())
    assert stations.waits_at(visit.token_id) == {"PHA"}


def test_transfer_keeps_number_time_and_journey(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("",), ("PHA",))
    early = ward.arrive(journey_id=kind.id, needs="pregnant")
    ward.later(minutes=30)
    there = ward.arrive(department=ward.departments[1])
    old, new = send(ward, early, ward.departments[1], doctor_id=ward.doctors[1].id)
    assert (old.state, new.state, new.token_id, new.needs) == ("TRANSFERRED", "WAITING", early.token_id, "pregnant")
    called = ward.call_next(ward.doctors[1])
    assert called.id == new.id != there.id
    ward.see(called)
    assert stations.waits_at(early.token_id) == {"PHA"}


def test_transfer_is_refused_with_a_sentence(ward: Ward):
    visit = ward.arrive()
    other = ward.departments[1]
    with pytest.raises(Invalid):
        commands.transfer(actor=ward.meera, now=ward.now, visit_id=visit.id, department_id=other.id, reason=" ")
    with pytest.raises(Invalid):
        send(ward, visit, ward.department)
    with pytest.raises(Invalid):
        send(ward, visit, other, doctor_id=ward.doctor.id)
    with pytest.raises(VersionConflict):
        send(ward, visit, other, expected_version=99)
    with pytest.raises(Forbidden):
        commands.transfer(
            actor=ward.as_role(Role.LAB), now=ward.now, visit_id=visit.id, department_id=other.id, reason="no"
        )
    ward.arrive(patient=visit.patient, department=other)
    with pytest.raises(AlreadyHere):
        send(ward, visit, other)
    assert ward.fresh(visit).state == "WAITING"
    other.status = "INACTIVE"
    other.save()
    with pytest.raises(DepartmentClosed):
        send(ward, visit, other)
    ward.see(ward.call_next())
    with pytest.raises(NotAllowed):
        send(ward, visit, other)


def test_to_another_doctor_of_the_same_department(ward: Ward):
    colleague = add_doctor(ward, [ward.department])
    visit = ward.arrive(doctor_id=ward.doctor.id)
    ward.start(ward.call_next())
    _, new = send(ward, visit, ward.department, doctor_id=colleague.id)
    assert ward.call_next(colleague).id == new.id


def test_a_station_that_is_missed_ends_the_journey_and_coming_late_goes_on(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("",), ("PHA",))
    visit = ward.arrive(journey_id=kind.id)
    ward.call_next()
    commands.no_show(actor=ward.meera, now=ward.now, visit_id=visit.id)
    assert Journey.objects.get().ended_at
    late = ward.arrive(patient=visit.patient)
    assert late.token_id == visit.token_id
    assert Journey.objects.get().ended_at is None
    ward.see(ward.call_next())
    assert stations.waits_at(visit.token_id) == {"PHA"}


def test_one_of_two_stations_at_once_given_up_does_not_lose_the_person(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("LAB", "XRA"), ("",))
    visit = ward.arrive(journey_id=kind.id)
    stations.serve("LAB")
    xray = Visit.objects.get(token_id=visit.token_id, department__code="XRA")
    commands.cancel(actor=ward.meera, now=ward.now, visit_id=xray.id, reason="machine broken")
    assert stations.waits_at(visit.token_id) == {ward.department.code}


def test_a_station_nobody_needs_is_skipped(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("",), ("PHA",), ("CSH",))
    visit = ward.arrive(journey_id=kind.id)
    ward.see(ward.call_next())
    pharmacy = Visit.objects.get(token_id=visit.token_id, department__code="PHA")
    commands.skip_station(actor=ward.meera, now=ward.now, visit_id=pharmacy.id, reason="no medicine")
    assert stations.waits_at(visit.token_id) == {"CSH"}
    with pytest.raises(StationOver):
        commands.skip_station(actor=ward.meera, now=ward.now, visit_id=pharmacy.id, reason="again")


def test_who_waits_already_is_sent_along_a_kind_of_visit_once(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("TRI",), ("",), ("CSH",))
    visit = ward.arrive()
    commands.start_journey(actor=ward.meera, now=ward.now, visit_id=visit.id, journey_id=kind.id)
    with pytest.raises(OnTheWay):
        commands.start_journey(actor=ward.meera, now=ward.now, visit_id=visit.id, journey_id=kind.id)
    ward.see(ward.call_next())
    assert stations.waits_at(visit.token_id) == {"CSH"}


def test_triage_sets_the_class_for_every_station_after_it(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("TRI",), ("",))
    ward.arrive()
    visit = ward.arrive(journey_id=kind.id)
    stations.call("TRI")
    nurse = stations.hands["TRI"]
    how: dict[str, Any] = {"actor": nurse, "now": ward.now, "visit_id": visit.id, "needs": "elderly"}
    with pytest.raises(NotAllowed):
        commands.set_class(urgency="", **how)
    commands.start_at_counter(actor=nurse, now=ward.now, visit_id=visit.id)
    with pytest.raises(Invalid):
        commands.set_class(urgency="urgent", **how)
    commands.set_class(urgency="urgent", reason="pale and cold", **how)
    commands.finish_at_counter(actor=nurse, now=ward.now, visit_id=visit.id)
    called = ward.call_next()
    assert (called.token_id, called.needs, called.tier) == (visit.token_id, "elderly", 1)


def test_a_counter_is_staffed_by_its_role_alone(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("PHA",), ("",))
    ward.arrive(journey_id=kind.id)
    pharmacy = stations.counters["PHA"]
    for hands in (stations.hands["LAB"], stations.hands["CSH"], ward.meera, ward.rao, ward.admin):
        with pytest.raises(Forbidden):
            commands.call_to_counter(actor=hands, now=ward.now, counter_id=pharmacy.id)
    with pytest.raises(Forbidden):
        commands.finish_at_counter(actor=stations.hands["PHA"], now=ward.now, visit_id=ward.arrive().id)


def test_one_person_at_a_counter_and_nobody_at_a_closed_one(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("PHA",), ("",))
    ward.arrive(journey_id=kind.id)
    ward.arrive(journey_id=kind.id)
    hands, pharmacy = stations.hands["PHA"], stations.counters["PHA"]
    commands.open_counter(actor=hands, now=ward.now, counter_id=pharmacy.id, status="OFFLINE")
    with pytest.raises(CounterClosed):
        stations.call("PHA")
    commands.open_counter(actor=hands, now=ward.now, counter_id=pharmacy.id, status="AVAILABLE")
    visit = stations.call("PHA")
    with pytest.raises(CounterBusy):
        stations.call("PHA")
    commands.call_again(actor=hands, now=ward.now, visit_id=visit.id)
    commands.missed_at_counter(actor=hands, now=ward.now, visit_id=visit.id, reason="not there")
    held = ward.fresh(visit)
    assert (held.state, held.counter_id, held.missed_calls, held.times_called) == ("ON_HOLD", None, 1, 2)
    assert stations.call("PHA").id != visit.id
    commands.resume_at_counter(actor=hands, now=ward.now, visit_id=visit.id)
    assert ward.fresh(visit).state == "WAITING"
    assert ActiveVisit.code == CounterBusy.code


def test_kinds_of_visit_are_the_administrators(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("",), ("PHA",))
    with pytest.raises(Forbidden):
        commands.change_template(actor=ward.meera, now=ward.now, name="Mine", stations=[(1, None)])
    with pytest.raises(NameTaken):
        stations.kind_of_visit(("",))
    for wrong in ([], [(1, None), (1, None)], [(99, None)], [(1, ward.facility.id)]):
        with pytest.raises(Invalid):
            commands.change_template(actor=ward.admin, now=ward.now, name="Wrong", stations=wrong)
    changed = commands.change_template(
        actor=ward.admin, now=ward.now, name="Short", stations=[(1, None)], template_id=kind.id, expected_version=1
    )
    assert (changed.version, changed.stations.count()) == (2, 1)
    with pytest.raises(VersionConflict):
        commands.change_template(
            actor=ward.admin, now=ward.now, name="Old", stations=[(1, None)], template_id=kind.id, expected_version=1
        )
