"""A station closes after somebody's way was planned through it: nobody is lost before its door (ADR 52)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.policy import system_actor
from apps.encounters.commands import undo
from apps.queue import commands
from apps.queue.commands.masters import PeopleWaiting
from apps.queue.commands.moving import StationClosed
from apps.queue.commands.undoing import ActedSince
from apps.queue.models import Visit, VisitTransition
from apps.queue.queries.links import tracking_code_of
from apps.scheduling.rules import DepartmentStatus
from tests.browsers import browser_of
from tests.cast import bearer
from tests.cast import meera as account_of_meera
from tests.stations import Stations
from tests.ward import Ward, open_ward

TODAY = "/admin/desk/today/"


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def stations(ward: Ward) -> Stations:
    return Stations(ward)


def set_status(ward: Ward, stations: Stations, code: str, status: str) -> None:
    commands.change_department(
        actor=ward.admin, now=ward.now, department_id=stations.department(code).id, status=status
    )


def before_the_closed_laboratory(ward: Ward, stations: Stations, *after: tuple[str, ...]) -> Visit:
    """Somebody whose way led from the doctor to the laboratory, which has closed meanwhile."""
    way = stations.kind_of_visit(("",), ("LAB",), *after)
    first = ward.arrive(journey_id=way.id)
    set_status(ward, stations, "LAB", DepartmentStatus.INACTIVE)
    ward.see(ward.call_next())
    return Visit.objects.select_related("token", "department").exclude(id=first.id).get(token_id=first.token_id)


def test_who_comes_to_a_closed_station_stands_on_hold_in_one_entry_each(ward: Ward, stations: Stations):
    visit = before_the_closed_laboratory(ward, stations)
    assert (visit.state, visit.department.code) == ("ON_HOLD", "LAB")
    moves = VisitTransition.objects.filter(visit_id=visit.id).order_by("version").values_list("verb", "reason")
    assert list(moves) == [("check_in", "next station"), ("hold", "the station has closed")]
    assert AuditEntry.objects.filter(entity_id=str(visit.id)).count() == 2


def test_the_desk_is_told_and_sends_them_elsewhere_or_on(ward: Ward, stations: Stations, client: Client):
    visit = before_the_closed_laboratory(ward, stations, ("PHA",))
    desk = browser_of(ward.meera)
    assert f"{visit.token.label} stands before Lab, which has closed." in desk.get(TODAY).content.decode()
    told = client.get("/api/v1/desk/notices", headers=bearer(account_of_meera(ward.facility))).json()
    assert told["atClosedDoors"] == [{"visitId": str(visit.id), "tokenLabel": visit.token.label, "department": "Lab"}]
    page = desk.get(f"/admin/desk/visits/{visit.id}/stations/").content.decode()
    assert str(stations.department("XRA").id) in page
    assert str(stations.department("LAB").id) not in page, "nobody is sent to a closed door"
    instead = {"what": "transfer", "place": str(stations.department("XRA").id), "reason": "LAB is closed", "key": "k"}
    desk.post(f"/admin/desk/visits/{visit.id}/stations/", instead | {"version": visit.version})
    assert stations.waits_at(visit.token_id) == {"XRA"}
    stations.serve("XRA")
    assert stations.waits_at(visit.token_id) == {"PHA"}, "the way goes on from the other station"
    assert "stands before" not in desk.get(TODAY).content.decode()


def test_who_does_not_need_the_closed_station_goes_on_to_the_next(ward: Ward, stations: Stations):
    visit = before_the_closed_laboratory(ward, stations, ("PHA",))
    commands.skip_station(actor=ward.meera, now=ward.now, visit_id=visit.id, reason="done elsewhere")
    assert stations.waits_at(visit.token_id) == {"PHA"}


def test_nobody_is_put_in_line_before_a_closed_door(ward: Ward, stations: Stations):
    visit = before_the_closed_laboratory(ward, stations)
    for back in (commands.resume, commands.say_here):
        with pytest.raises(StationClosed):
            back(actor=ward.meera, now=ward.now, visit_id=visit.id)
    commands.say_late(actor=ward.meera, now=ward.now, visit_id=visit.id, minutes=5)
    ward.later(minutes=90)
    sweeper = system_actor("sweeper", ward.facility.id)
    assert commands.sweep_aside(actor=sweeper, now=ward.now, department_id=visit.department_id) == 0
    with pytest.raises(PeopleWaiting):
        set_status(ward, stations, "LAB", DepartmentStatus.INACTIVE)


def test_when_it_opens_again_they_are_in_line(ward: Ward, stations: Stations):
    visit = before_the_closed_laboratory(ward, stations)
    set_status(ward, stations, "LAB", DepartmentStatus.ACTIVE)
    assert stations.serve("LAB").id == visit.id
    assert ward.fresh(visit).state == "COMPLETED"


def test_who_said_when_they_are_back_is_not_in_line_before(ward: Ward, stations: Stations):
    visit = before_the_closed_laboratory(ward, stations)
    commands.say_late(actor=ward.meera, now=ward.now, visit_id=visit.id, minutes=30)
    set_status(ward, stations, "LAB", DepartmentStatus.ACTIVE)
    assert ward.fresh(visit).state == "ON_HOLD"


def test_their_own_page_sends_them_to_the_desk(ward: Ward, stations: Stations):
    visit = before_the_closed_laboratory(ward, stations)
    address = f"/t/{tracking_code_of(visit, ward.now)}/"
    page = Client().get(address).content.decode()
    assert "Lab is closed at present. Please ask at the desk where to go on." in page
    assert "here/" not in page, "saying that one is back helps nobody before a closed door"


def test_what_was_last_done_in_a_department_is_not_taken_back_once_it_is_closed(ward: Ward, stations: Stations):
    visit = ward.arrive()
    commands.cancel(actor=ward.meera, now=ward.now, visit_id=visit.id, reason="left")
    commands.change_department(
        actor=ward.admin, now=ward.now, department_id=ward.department.id, status=DepartmentStatus.INACTIVE
    )
    with pytest.raises(ActedSince):
        undo(actor=ward.meera, now=ward.now + timedelta(seconds=5), visit_id=visit.id)


def test_a_day_that_ends_takes_them_off_with_their_way(ward: Ward, stations: Stations):
    visit = before_the_closed_laboratory(ward, stations, ("PHA",))
    actor: Any = system_actor("day keeper", ward.facility.id)
    ward.later(hours=24)
    commands.end_day(actor=actor, now=ward.now, department_id=visit.department_id)
    assert ward.fresh(visit).state == "NO_SHOW"
