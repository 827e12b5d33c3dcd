"""Whichever way somebody arrives, the journey that is usual for what they come for begins by itself."""

from typing import Any

import pytest

from apps.core import outbox
from apps.core.policy import Role
from apps.queue import commands
from apps.queue.commands import Usual
from apps.queue.commands.admitting import QueueFull
from apps.queue.models import Journey, JourneyTemplate, Visit
from apps.scheduling.models import Department
from tests.bookings import book, open_slot, visit_type
from tests.browsers import browser_of
from tests.stations import Stations
from tests.ward import Ward, came

pytestmark = pytest.mark.django_db


@pytest.fixture
def stations(ward: Ward) -> Stations:
    return Stations(ward)


def usual(ward: Ward, stations: Stations, *steps: tuple[str, ...], **for_what: Any) -> Any:
    """A journey that begins by itself for these departments or types of visit."""
    kind = stations.kind_of_visit(*steps, name=f"Usual {len(steps)}")
    rows = list(kind.stations.values_list("step", "department_id"))
    how = {"name": kind.name, "stations": rows, "template_id": kind.id, "usual_for": Usual(**for_what)}
    return commands.change_template(actor=ward.admin, now=ward.now, **how)


def goes_through(ward: Ward, stations: Stations, booking: Any) -> None:
    """Somebody with a booking goes from triage to their doctor at its time and to the cashier, under its number."""
    assert stations.waits_at(booking.token_id) == {"TRI"}
    stations.serve("TRI")
    assert stations.waits_at(booking.token_id) == {ward.department.code}
    at_the_doctors = Visit.objects.get(token_id=booking.token_id, department=ward.department)
    assert (at_the_doctors.booked_for, at_the_doctors.doctor_id) == (booking.at, booking.doctor_id)
    ward.see(ward.call_next())
    stations.serve("CSH")
    assert Journey.objects.get(token_id=booking.token_id).ended_at is not None


def by_the_code_in_the_hall(ward: Ward) -> Visit:
    token, _url = commands.create_checkin_link(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, expires_in=600, printed=False
    )
    about = {"department_id": ward.department.id, "name": "Ravi", "age": 30, "symptoms": []}
    return commands.self_check_in(now=ward.now, **came(token), **about).visit


def test_at_the_desk_and_by_the_code_in_the_hall_the_departments_journey_begins(ward: Ward, stations: Stations):
    usual(ward, stations, ("TRI",), ("",), ("PHA",), departments=frozenset({ward.department.id}))
    for visit in (ward.arrive(), by_the_code_in_the_hall(ward)):
        assert stations.waits_at(visit.token_id) == {"TRI"}
        assert Visit.objects.get(id=visit.id).token.department_id == ward.department.id
        stations.serve("TRI")
        assert stations.waits_at(visit.token_id) == {ward.department.code}
        ward.see(ward.call_next())
        assert stations.waits_at(visit.token_id) == {"PHA"}
        stations.serve("PHA")
    assert Journey.objects.filter(ended_at__isnull=False).count() == 2


def test_a_booked_type_of_visit_goes_before_its_department_and_keeps_number_and_time(ward: Ward, stations: Stations):
    kind = visit_type(ward.department, minutes=20)
    usual(ward, stations, ("",), ("CSH",), departments=frozenset({ward.department.id}))
    usual(ward, stations, ("TRI",), ("",), ("PHA",), visit_types=frozenset({kind.id}))
    slot = open_slot(ward, hours=0.5)
    typed = book(ward, slot, visit_type_id=kind.id).appointment
    plain = book(ward, slot).appointment
    first = commands.arrive(actor=ward.meera, now=ward.now, booking_id=typed.id).visit
    second = commands.arrive(actor=ward.meera, now=ward.now, booking_id=plain.id).visit
    assert stations.waits_at(first.token_id) == {"TRI"}
    assert (first.token_id, second.token_id) == (typed.token_id, plain.token_id)
    assert [journey.name for journey in Journey.objects.order_by("name")] == ["Usual 2", "Usual 3"]
    ward.later(minutes=5)
    stations.serve("TRI")
    there = Visit.objects.get(token_id=typed.token_id, department=ward.department)
    assert (there.booked_for, there.doctor_id) == (typed.at, ward.doctor.id)
    assert there.arrival_key == Visit.objects.get(id=first.id).arrival_key


def test_an_emergency_a_chosen_journey_and_one_department_alone_go_their_own_way(ward: Ward, stations: Stations):
    usual(ward, stations, ("TRI",), ("",), departments=frozenset({ward.department.id}))
    other = stations.kind_of_visit(("",), ("PHA",), name="Chosen")
    urgent = commands.take_in_unknown(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, reason="Collapsed"
    ).visit
    alone, chosen = ward.arrive(alone=True), ward.arrive(journey_id=other.id)
    for visit in (urgent, alone, chosen):
        assert stations.waits_at(visit.token_id) == {ward.department.code}
    assert Journey.objects.get().name == "Chosen"


def test_who_comes_back_after_a_missed_call_begins_no_second_way(ward: Ward, stations: Stations):
    person = ward.register()
    visit = ward.arrive(person)
    ward.call_next()
    commands.no_show(actor=ward.nurse, now=ward.now, visit_id=visit.id)
    usual(ward, stations, ("TRI",), ("",), departments=frozenset({ward.department.id}))
    again = ward.arrive(person)
    assert (again.token_id, again.journey_id) == (visit.token_id, None)


def test_the_administrator_ticks_for_what_a_journey_is_usual(ward: Ward, stations: Stations):
    kind, typed = stations.kind_of_visit(("TRI",), ("",)), visit_type(ward.department, minutes=20, name="Checkup")
    admin, address = browser_of(ward.as_role(Role.ADMIN)), f"/admin/desk/journeys/{kind.id}/"
    assert "Checkup" in admin.get(address).content.decode()
    triage = str(stations.department("TRI").id)
    body = {"name": kind.name, "active": "on", "step1": [triage], "step2": ["own"], "version": "1", "key": "a"}
    assert admin.post(address, body | {"usual_d": "nonsense"}).status_code == 409
    ticked = {"usual_d": [str(ward.department.id)], "usual_t": [str(typed.id)]}
    assert admin.post(address, body | ticked | {"key": "b"}).status_code == 302
    assert Department.objects.get(id=ward.department.id).usual_journey_id == kind.id
    assert admin.get(address).content.decode().count("checked") == 5
    assert admin.post(address, body | {"version": "2", "key": "c"}).status_code == 302
    assert Department.objects.get(id=ward.department.id).usual_journey_id is None
    page = browser_of(ward.meera).get(f"/admin/desk/walk-in/?patient={ward.register().id}").content.decode()
    assert "As usual in this department" in page


def test_a_station_that_is_closed_is_passed_over(ward: Ward, stations: Stations):
    usual(ward, stations, ("TRI",), ("",), ("LAB",), ("PHA",), departments=frozenset({ward.department.id}))
    for code in ("TRI", "LAB"):
        Department.objects.filter(id=stations.department(code).id).update(status="INACTIVE")
    for visit in (ward.arrive(), by_the_code_in_the_hall(ward)):
        assert stations.waits_at(visit.token_id) == {ward.department.code}
        ward.see(ward.call_next())
        assert stations.waits_at(visit.token_id) == {"PHA"}


def test_nobody_is_sent_by_themselves_to_a_station_that_is_full(ward: Ward, stations: Stations):
    usual(ward, stations, ("TRI",), ("",), departments=frozenset({ward.department.id}))
    policy = stations.department("TRI").policy
    policy.queue_limit = 1
    policy.save()
    ward.arrive()
    with pytest.raises(QueueFull):
        ward.arrive()
    assert ward.arrive(alone=True).department_id == ward.department.id


def test_where_the_journey_of_a_type_is_not_offered_any_more_the_departments_begins(ward: Ward, stations: Stations):
    kind = visit_type(ward.department, minutes=20)
    own = usual(ward, stations, ("PHA",), ("",), ("CSH",), visit_types=frozenset({kind.id}))
    usual(ward, stations, ("TRI",), ("",), departments=frozenset({ward.department.id}))
    JourneyTemplate.objects.filter(id=own.id).update(active=False)
    row = book(ward, open_slot(ward, hours=0.5), visit_type_id=kind.id).appointment
    came_in = commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id).visit
    assert stations.waits_at(came_in.token_id) == {"TRI"}


def test_all_queues_of_an_arrival_by_code_or_booking_are_locked_at_once_and_in_order(
    ward: Ward, stations: Stations, monkeypatch: pytest.MonkeyPatch
):
    """Locked one after the other, two who come at once would each hold what the other one wants."""
    usual(ward, stations, ("TRI",), ("",), departments=frozenset({ward.department.id}))
    slot, now = open_slot(ward, hours=0.5), {"now": ward.now}
    booked = book(ward, slot).appointment
    token, _url = commands.create_checkin_link(
        actor=ward.meera, **now, department_id=ward.department.id, expires_in=600, printed=False
    )
    about = {"department_id": ward.department.id, "name": "Ravi", "age": 30, "symptoms": []}
    lock = outbox._lock
    locked: list[list[str]] = []

    def lock_and_tell(names: list[str]) -> Any:
        locked.append(names)
        return lock(names)

    monkeypatch.setattr(outbox, "_lock", lock_and_tell)
    for come in (
        lambda: commands.self_check_in(**now, **came(token), **about),
        lambda: commands.arrive(actor=ward.meera, **now, booking_id=booked.id),
    ):
        locked.clear()
        come()
        assert len(locked[0]) == 2
        in_order = [name for names in locked for name in names]
        assert in_order == sorted(in_order)
