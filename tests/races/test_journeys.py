"""One person is called, sent on and cancelled at the same instant, or called to two stations at once: one wins."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from apps.core import outbox
from apps.core.commands import unit
from apps.core.errors import Conflict
from apps.core.models import Stream
from apps.queue import commands
from apps.queue.commands import calling, masters, moving, onward
from apps.queue.models import JourneyTemplate, Visit, VisitTransition
from tests.proving import PROVE
from tests.races.threads import at_once
from tests.stations import Stations
from tests.ward import Ward, open_ward

ROUNDS = 100 if PROVE else 3


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    with open_ward(departments=2, doctors=2) as ward:
        yield ward


def collide(ward: Ward, visit: Visit) -> tuple[list[Any], list[Exception]]:
    """Call, transfer and cancel one waiting person, from three threads."""
    how: dict[str, Any] = {"now": ward.now, "visit_id": visit.id, "expected_version": visit.version}
    target = ward.departments[1].id
    deeds = (
        lambda: commands.call(actor=ward.rao, doctor_id=ward.doctor.id, **how),
        lambda: commands.transfer(actor=ward.meera, department_id=target, reason="wrong door", **how),
        lambda: commands.cancel(actor=ward.meera, reason="left", **how),
    )

    def one(index: int) -> Any:
        try:
            return deeds[index]()
        except Conflict:
            return None

    return at_once(one, len(deeds), ward.facility.id)


def moves_of(visit: Visit) -> int:
    """How many transitions took the visit away from where it waited."""
    return VisitTransition.objects.filter(visit_id=visit.id, from_state="WAITING").count()


@pytest.mark.timeout(300)
def test_of_call_transfer_and_cancel_exactly_one_wins(ward: Ward):
    for _ in range(ROUNDS):
        visit = ward.arrive()
        done, errors = collide(ward, visit)
        assert errors == []
        assert sum(result is not None for result in done) == 1
        assert moves_of(visit) == 1
        state = ward.fresh(visit).state
        follows = Visit.objects.filter(previous_id=visit.id).count()
        assert follows == (1 if state == "TRANSFERRED" else 0)
        if state == "CALLED":
            ward.see(visit)


@pytest.mark.timeout(300)
def test_the_control_without_the_lock_lets_more_than_one_win(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    def only_look(*names: str) -> None:
        gathered = unit()
        gathered.streams.update(dict(Stream.objects.filter(name__in=names).values_list("name", "sequence")))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")  # so that all have looked before the first one writes

    for module in (outbox, moving, calling):
        monkeypatch.setattr(module, "lock_streams", only_look)
    twice = 0
    for _ in range(12):
        visit = ward.arrive()
        done, _errors = collide(ward, visit)
        twice += sum(result is not None for result in done) > 1
        if twice:
            break
    assert twice


@pytest.mark.timeout(300)
def test_a_person_of_two_stations_is_called_to_one_and_both_counters_have_somebody(ward: Ward):
    stations = Stations(ward)
    kind = stations.kind_of_visit(("LAB", "XRA"), ("",))
    for _ in range(ROUNDS):
        people = {ward.arrive(journey_id=kind.id).token_id for _ in range(2)}
        called, errors = at_once(lambda index: stations.call(("LAB", "XRA")[index]), 2, ward.facility.id)
        assert errors == []
        assert {visit.token_id for visit in called} == people
        for visit, code in zip(called, ("LAB", "XRA"), strict=True):
            hands = stations.hands[code]
            commands.start_at_counter(actor=hands, now=ward.now, visit_id=visit.id)
            commands.finish_at_counter(actor=hands, now=ward.now, visit_id=visit.id)
        for code in ("LAB", "XRA"):
            stations.serve(code)
        for _ in people:
            ward.see(ward.call_next())


@pytest.mark.timeout(300)
def test_the_last_two_stations_ending_at_once_open_the_next_one_once(ward: Ward):
    stations = Stations(ward)
    kind = stations.kind_of_visit(("LAB", "XRA"), ("PHA",), ("",))
    for _ in range(ROUNDS):
        first = ward.arrive(journey_id=kind.id)
        second = ward.arrive(journey_id=kind.id)
        inside = {"LAB": stations.call("LAB"), "XRA": stations.call("XRA")}
        for code, visit in inside.items():
            commands.start_at_counter(actor=stations.hands[code], now=ward.now, visit_id=visit.id)
            commands.finish_at_counter(actor=stations.hands[code], now=ward.now, visit_id=visit.id)
        inside = {"LAB": stations.call("LAB"), "XRA": stations.call("XRA")}
        for code, visit in inside.items():
            commands.start_at_counter(actor=stations.hands[code], now=ward.now, visit_id=visit.id)

        def finish(index: int, inside: dict[str, Any] = inside) -> Visit:
            code = ("LAB", "XRA")[index]
            return commands.finish_at_counter(actor=stations.hands[code], now=ward.now, visit_id=inside[code].id)

        _, errors = at_once(finish, 2, ward.facility.id)
        assert errors == []
        for visit in (first, second):
            assert Visit.objects.filter(token_id=visit.token_id, department__code="PHA").count() == 1
            stations.serve("PHA")
            ward.see(ward.call_next())


def close_while_somebody_is_sent_there(ward: Ward, stations: Stations, way: JourneyTemplate) -> tuple[str, str, Any]:
    """The doctor is done with somebody whose way leads to the laboratory, which is closed at the same instant: how the
    laboratory and the visit there stand, and what went wrong."""
    laboratory = stations.department("LAB")
    visit = ward.arrive(journey_id=way.id)
    ward.start(ward.call_next())
    deeds = (
        lambda: ward.complete(visit),
        lambda: commands.change_department(
            actor=ward.admin, now=ward.now, department_id=laboratory.id, status="INACTIVE"
        ),
    )
    _done, errors = at_once(lambda index: deeds[index](), 2, ward.facility.id)
    laboratory.refresh_from_db()
    there = Visit.objects.filter(token_id=visit.token_id, department=laboratory).first()
    return laboratory.status, there.state if there else "", [one for one in errors if not isinstance(one, Conflict)]


@pytest.mark.timeout(300)
def test_who_is_sent_to_a_station_as_it_closes_is_in_its_line_or_known_to_the_desk(ward: Ward):
    stations = Stations(ward)
    way = stations.kind_of_visit(("",), ("LAB",))
    for _ in range(ROUNDS):
        status, state, errors = close_while_somebody_is_sent_there(ward, stations, way)
        assert (status, state, errors) in [("ACTIVE", "WAITING", []), ("INACTIVE", "ON_HOLD", [])]
        if status == "INACTIVE":
            commands.change_department(
                actor=ward.admin, now=ward.now, department_id=stations.department("LAB").id, status="ACTIVE"
            )
        stations.serve("LAB")


@pytest.mark.timeout(300)
def test_who_came_to_a_door_closed_just_before_it_is_opened_is_in_line(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    stations = Stations(ward)
    laboratory = stations.department("LAB")
    visit = ward.arrive(journey_id=stations.kind_of_visit(("",), ("LAB",)).id)
    ward.start(ward.call_next())

    def set_status(status: str) -> None:
        commands.change_department(actor=ward.admin, now=ward.now, department_id=laboratory.id, status=status)

    def close_and_send(_: int) -> None:
        set_status("INACTIVE")
        ward.complete(visit)

    def lock_after_somebody_else(*names: str) -> None:
        monkeypatch.setattr(masters, "lock_streams", lock)
        assert at_once(close_and_send, 1, ward.facility.id)[1] == []
        lock(*names)

    lock = masters.lock_streams
    monkeypatch.setattr(masters, "lock_streams", lock_after_somebody_else)
    set_status("ACTIVE")  # it was open when this began, and closed with somebody before its door when its turn came
    there = Visit.objects.get(token_id=visit.token_id, department=laboratory)
    verbs = VisitTransition.objects.filter(visit_id=there.id).order_by("version").values_list("verb", flat=True)
    assert (there.state, list(verbs)) == ("WAITING", ["check_in", "hold", "resume"])


@pytest.mark.timeout(300)
def test_the_control_without_the_lock_leaves_somebody_in_line_before_a_closed_door(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
):
    def only_look(*names: str) -> None:
        gathered = unit()
        gathered.streams.update(dict(Stream.objects.filter(name__in=names).values_list("name", "sequence")))

    def look_long_before(department_id: Any) -> None:
        nobody_there(department_id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")

    nobody_there = masters._require_empty
    stations = Stations(ward)
    way = stations.kind_of_visit(("",), ("LAB",))
    for module in (outbox, moving, onward, masters):
        monkeypatch.setattr(module, "lock_streams", only_look)
    monkeypatch.setattr(masters, "_require_empty", look_long_before)
    assert close_while_somebody_is_sent_there(ward, stations, way) == ("INACTIVE", "WAITING", [])
