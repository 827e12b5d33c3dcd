"""What a doctor has before their eyes, as values."""

from typing import Any

from apps.core.policy import Actor
from apps.queue import commands
from apps.queue.queries.console import acted_meanwhile, console_sequence, console_view, consoles
from apps.scheduling.models import Doctor
from tests.ward import Ward, add_doctor, open_ward


def view_of(ward: Ward, doctor: Doctor | None = None, actor: Actor | None = None) -> dict[str, Any]:
    """A doctor's console at the ward's hour."""
    found, sequence = console_sequence((doctor or ward.doctor).id)
    return console_view(found, sequence, actor or ward.as_doctor(doctor or ward.doctor), ward.now)


def test_who_is_next_stands_first_with_why_and_since_when(ward: Ward):
    ward.arrive(ward.register("Ramesh Kumar", 40))
    ward.later(minutes=20)
    ward.arrive(ward.register("Lakshmi Devi", 70), symptoms=["chest pain since morning"])
    view = view_of(ward)
    first, second = view["waiting"]
    assert (first["name"], first["priority"], first["note"], first["is_next"]) == (
        "Lakshmi Devi",
        "Urgent",
        "chest pain",
        True,
    )
    assert (second["name"], second["waited_minutes"], second["is_next"]) == ("Ramesh Kumar", 20, False)
    assert view["next_token"] == first["token"]
    assert view["counts"] == {"waiting": 2, "longest": 20, "not_come": 0, "held": 0}


def test_who_was_put_back_has_waited_since_the_queues_door_and_still_does(ward: Ward):
    visit = ward.arrive()
    ward.later(minutes=5)
    ward.call_next()
    ward.later(minutes=5)
    commands.put_back(actor=ward.rao, now=ward.now, visit_id=visit.id)
    ward.later(minutes=5)
    (row,) = view_of(ward)["waiting"]
    assert row["waited_minutes"] == 15


def test_the_order_shown_is_the_order_of_calling(ward: Ward):
    for age in (30, 80, 3, 45):
        ward.arrive(ward.register(f"Age {age}", age))
        ward.later(minutes=7)
    shown = [row["token"] for row in view_of(ward)["waiting"]]
    called = []
    while visit := ward.call_next():
        called.append(visit.token.label)
        ward.see(visit)
    assert shown == called


def test_who_waits_for_another_doctor_is_not_shown(ward: Ward):
    other = add_doctor(ward, [ward.department])
    anybodys, mine = ward.arrive(), ward.arrive(doctor_id=ward.doctor.id)
    ward.arrive(doctor_id=other.id)
    assert [row["visit_id"] for row in view_of(ward)["waiting"]] == [anybodys.id, mine.id]


def test_the_called_person_is_shown_with_what_must_be_asked_and_may_be_done(ward: Ward):
    ward.arrive(ward.register("Asha Devi"), symptoms=["fever"])
    visit = ward.call_next()
    assert visit is not None
    ward.later(seconds=40)
    current = view_of(ward)["current"]
    assert (current["state"], current["name"], current["called_ago_seconds"]) == ("CALLED", "Asha Devi", 40)
    assert current["symptoms"] == ["fever"]
    assert {"start", "hold", "put_back", "no_show"} <= set(current["allowed"])
    assert "start" not in view_of(ward, actor=ward.meera)["current"]["allowed"]


def test_who_did_not_come_waits_aside_until_taken_off(ward: Ward):
    ward.arrive()
    visit = ward.call_next()
    assert visit is not None
    commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="Did not come when called")
    view = view_of(ward)
    assert view["current"] is None
    assert [row["note"] for row in view["held"]] == ["Did not come when called"]
    commands.no_show(actor=ward.rao, now=ward.now, visit_id=visit.id)
    assert view_of(ward)["counts"] == {"waiting": 0, "longest": 0, "not_come": 1, "held": 0}


def test_the_view_costs_the_same_however_many_wait(ward: Ward, django_assert_num_queries: Any):
    for _ in range(15):
        ward.arrive()
    ward.call_next()
    with django_assert_num_queries(8):
        view_of(ward)


def test_the_number_of_the_view_moves_with_every_change_of_its_queues(ward: Ward):
    seen = {console_sequence(ward.doctor.id)[1]}
    visit = ward.arrive()
    seen.add(console_sequence(ward.doctor.id)[1])
    ward.call_next()
    seen.add(console_sequence(ward.doctor.id)[1])
    ward.start(visit)
    seen.add(console_sequence(ward.doctor.id)[1])
    assert len(seen) == 4


def test_others_choose_among_doctors_whose_queues_they_serve(db: None):
    with open_ward(departments=2, doctors=2) as two:
        two.arrive()
        assert [(c["id"], c["waiting"]) for c in consoles(two.meera)] == [
            (two.doctors[0].id, 1),
            (two.doctors[1].id, 0),
        ]
        narrow = two.as_role(two.nurse.role, [two.departments[1]])
        assert [c["id"] for c in consoles(narrow)] == [two.doctors[1].id]


def test_it_is_told_who_was_faster(ward: Ward):
    other = add_doctor(ward, [ward.department])
    visit = ward.arrive()
    assert acted_meanwhile(visit.id, ward.doctor.id) == ""
    ward.call_next(other)
    assert acted_meanwhile(visit.id, ward.doctor.id) == f"{other.name} called {visit.token.label} at 09:00."
    assert acted_meanwhile(visit.id, other.id) == ""
