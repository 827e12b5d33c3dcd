"""A day ends: who still waits is taken off or carried over; done twice or late it does nothing more."""

from datetime import timedelta

import pytest

from apps.accounts.queries import actor_of_tracking, tracking_code
from apps.audit.models import AuditEntry
from apps.core.policy import system_actor
from apps.queue import commands
from apps.queue.commands.midnight import DayEnded
from apps.queue.models import Journey, Visit
from apps.queue.queries.track import track_sequence, track_view
from apps.queue.queries.visits import position
from apps.scheduling.models import Appointment, Token
from tests.bookings import book, open_slot
from tests.stations import Stations
from tests.ward import Ward


def end(ward: Ward) -> DayEnded:
    actor = system_actor("day keeper", ward.facility.id)
    return commands.end_day(actor=actor, now=ward.now, department_id=ward.department.id)


def carries_over(ward: Ward) -> None:
    ward.department.policy.carries_over = True
    ward.department.policy.save()


def test_before_midnight_nothing_ends(ward: Ward):
    ward.arrive()
    ward.later(hours=14, minutes=59)
    assert end(ward) == DayEnded()


def test_at_midnight_of_the_facility_whoever_waits_was_not_seen(ward: Ward):
    waiting, called, held, inside = (ward.arrive() for _ in range(4))
    for visit, verbs in ((inside, "start"), (held, "hold"), (called, "")):
        commands.call(actor=ward.rao, now=ward.now, visit_id=visit.id, doctor_id=ward.doctor.id)
        if verbs == "hold":
            commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="out")
        if verbs == "start":
            ward.start(visit)
            commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="test")
    ward.later(hours=15)
    assert end(ward).closed == 4
    assert {ward.fresh(v).state for v in (waiting, called, held, inside)} == {"NO_SHOW"}
    assert end(ward) == DayEnded()


def test_who_is_with_a_doctor_at_midnight_is_left_alone(ward: Ward):
    visit = ward.arrive()
    ward.start(ward.call_next())
    ward.later(hours=16)
    assert end(ward) == DayEnded()
    assert ward.complete(visit).state == "COMPLETED"


def test_where_the_rules_carry_over_everybody_gets_a_number_of_the_new_day_once(ward: Ward):
    carries_over(ward)
    ward.see(ward.arrive() and ward.call_next())
    first, second = ward.arrive(), ward.arrive()
    ward.later(hours=15)
    assert end(ward).carried == 2
    assert end(ward) == DayEnded()
    moved = ward.fresh(first)
    assert (moved.state, moved.day - first.day, moved.token.label) == ("WAITING", timedelta(days=1), "G01")
    assert [position(ward.fresh(v)) for v in (first, second)] == [1, 2]
    assert Token.objects.get(id=first.token_id).voided_at is not None
    assert ward.arrive().token.label == "G03"


@pytest.mark.parametrize("days", [1, 9])
def test_a_sweep_that_is_late_by_days_does_the_same_once(ward: Ward, days: int):
    carries_over(ward)
    visit = ward.arrive()
    ward.later(days=days)
    assert (end(ward).carried, end(ward).carried) == (1, 0)
    assert ward.fresh(visit).token.number == 1


def test_a_booking_for_which_nobody_came_is_missed(ward: Ward):
    row = book(ward, open_slot(ward, hours=1)).appointment
    ward.later(days=1)
    assert (end(ward).missed, end(ward).missed) == (1, 0)
    assert Appointment.objects.get(id=row.id).state == "NO_SHOW"


@pytest.fixture
def stations(ward: Ward) -> Stations:
    return Stations(ward)


def on_the_way(ward: Ward, stations: Stations) -> Visit:
    """Somebody who has been to triage, was sent on to laboratory and X-ray at once, and has the doctor before them."""
    kind = stations.kind_of_visit(("TRI",), ("LAB", "XRA"), ("",), ("PHA",))
    visit = ward.arrive(journey_id=kind.id)
    stations.serve("TRI")
    assert stations.waits_at(visit.token_id) == {"LAB", "XRA"}
    return visit


def end_at(ward: Ward, stations: Stations, *codes: str) -> list[DayEnded]:
    """The sweep comes to these departments, one after the other."""
    actor = system_actor("day keeper", ward.facility.id)
    places = [stations.department(code).id if code else ward.department.id for code in codes]
    return [commands.end_day(actor=actor, now=ward.now, department_id=place) for place in places]


def test_a_way_through_several_stations_ends_at_once_and_opens_none(ward: Ward, stations: Stations):
    visit = on_the_way(ward, stations)
    stations.serve("LAB")
    ward.later(hours=15)
    assert end_at(ward, stations, "XRA", "LAB", "") == [DayEnded(closed=1), DayEnded(), DayEnded()]
    states = dict(Visit.objects.filter(token_id=visit.token_id).values_list("department__code", "state"))
    assert states == {"TRI": "COMPLETED", "LAB": "COMPLETED", "XRA": "NO_SHOW"}
    journey = Journey.objects.get()
    assert journey.ended_at == ward.now
    assert AuditEntry.objects.get(action="journey.closed").after["notDone"] == 2
    assert set(journey.legs.values_list("outcome", flat=True)) == {"done", "left"}


def test_where_the_rules_carry_over_a_whole_way_gets_one_new_number_and_goes_on(ward: Ward, stations: Stations):
    carries_over(ward)
    visit = on_the_way(ward, stations)
    link = tracking_code(visit.id, ward.now)
    ward.later(hours=15)
    assert end_at(ward, stations, "LAB", "XRA", "") == [DayEnded(carried=2), DayEnded(), DayEnded()]
    token = Journey.objects.get().token
    assert token.day == ward.facility.day_of(ward.now)
    assert stations.waits_at(token.id) == {"LAB", "XRA"}
    assert AuditEntry.objects.get(action="journey.carried_over").after["token"] == token.token_number
    holder = actor_of_tracking(link, ward.now)
    assert holder
    assert track_view(*track_sequence(holder.subject_id), ward.now)["token"] == token.label
    for code in ("LAB", "XRA"):
        stations.serve(code)
    ward.see(ward.call_next())
    stations.serve("PHA")
    assert Journey.objects.get().ended_at is not None


def test_a_way_is_left_alone_while_somebody_is_inside_and_taken_off_when_a_call_was_missed(
    ward: Ward, stations: Stations
):
    carries_over(ward)
    visit = on_the_way(ward, stations)
    called = stations.call("LAB")
    commands.start_at_counter(actor=stations.hands["LAB"], now=ward.now, visit_id=called.id)
    ward.later(hours=15)
    assert end_at(ward, stations, "XRA", "LAB") == [DayEnded(), DayEnded()]
    commands.finish_at_counter(actor=stations.hands["LAB"], now=ward.now, visit_id=called.id)
    stations.call("XRA")
    assert end_at(ward, stations, "XRA") == [DayEnded(closed=1)]
    assert not Visit.objects.filter(token_id=visit.token_id, ended_at=None).exists()
