"""Who went before whom, by whose doing and why, and what it cost: the ledger, the order with its reasons."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.core.policy import Role
from apps.queue import commands
from apps.queue.models import Overtaking
from apps.queue.queries.fairness import lasting
from apps.queue.queries.why import queue_with_reasons, why
from apps.queue.rules.fairness import Cause, cause_of
from apps.queue.rules.order import Tier
from tests.bookings import book, open_slot
from tests.browsers import browser_of
from tests.ward import Ward, open_ward

LEDGER = "/admin/desk/fairness/"


@pytest.fixture
def open_now(db: None) -> Iterator[Ward]:
    with open_ward() as ward:
        ward.keep_real_time()
        yield ward


@pytest.mark.parametrize(
    ("about", "cause"),
    [
        ({"tier": Tier.EMERGENCY, "first": False}, Cause.EMERGENCY),
        ({"tier": Tier.URGENT}, Cause.URGENT),
        ({"first": False, "moved": True}, Cause.OUT_OF_TURN),
        ({"moved": True, "needs": True}, Cause.MOVED),
        ({"tier": Tier.PINNED, "booked": True}, Cause.PINNED),
        ({"needs": True, "booked": True}, Cause.HEAD_START),
        ({"booked": True}, Cause.BOOKING),
        ({}, Cause.LATE),
    ],
)
def test_every_overtaking_has_one_cause(about: dict[str, object], cause: Cause):
    usual = {"tier": Tier.REST, "first": True, "moved": False, "needs": False, "booked": False}
    assert cause_of(**usual | about) is cause  # type: ignore[arg-type]


def test_an_emergency_stands_in_the_ledger_with_who_why_and_whom(ward: Ward):
    others = [ward.arrive() for _ in range(3)]
    ward.later(minutes=1)
    urgent = ward.arrive()
    commands.triage_up(actor=ward.nurse, now=ward.now, visit_id=urgent.id, reason="Collapsed", emergency=True)
    ward.call_next()
    row = Overtaking.objects.get()
    assert (row.cause, row.actor_id, row.reason) == ("emergency", ward.nurse.id, "Collapsed")
    assert set(row.overtaken) == {visit.id for visit in others}


def test_a_head_start_is_the_rules_doing_and_a_call_in_order_is_nobody_s(ward: Ward):
    ward.arrive(ward.register(age=30))
    ward.later(minutes=5)
    ward.arrive(ward.register(name="Lakshmi Devi", age=75))
    ward.see(ward.call_next())
    row = Overtaking.objects.get()
    assert (row.cause, row.actor_id, row.actor_type) == ("head_start", None, "system")
    ward.call_next()
    assert Overtaking.objects.count() == 1


def test_a_call_out_of_turn_is_the_caller_s(ward: Ward):
    ward.arrive()
    ward.later(minutes=1)
    second = ward.arrive()
    commands.call(actor=ward.rao, now=ward.now, visit_id=second.id, doctor_id=ward.doctor.id, reason="Bus leaves")
    row = Overtaking.objects.get()
    assert (row.cause, row.actor_id, row.reason) == ("out_of_turn", ward.rao.id, "Bus leaves")


def test_whoever_is_moved_by_hand_goes_first_by_who_moved_them(ward: Ward):
    ward.arrive()
    ward.later(minutes=1)
    second = ward.arrive()
    commands.move_in_queue(
        actor=ward.meera, now=ward.now, some_id=second.token_id, new_position=1, reason="Ambulance waits"
    )
    assert ward.call_next().id == second.id
    row = Overtaking.objects.get()
    assert (row.cause, row.actor_id, row.reason) == ("moved", ward.meera.id, "Ambulance waits")


def test_the_ledger_s_page_says_who_whom_why_and_how_many_minutes(open_now: Ward):
    early = open_now.arrive()
    open_now.later(minutes=1)
    late = open_now.arrive()
    commands.triage_up(actor=open_now.nurse, now=open_now.now, visit_id=late.id, reason="Collapsed", emergency=True)
    open_now.see(open_now.call_next(), minutes=9)
    page = browser_of(open_now.meera).get(LEDGER).content.decode()
    for shown in ("Emergency", "Collapsed", open_now.nurse.name, early.token.label, late.token.label, "9 min"):
        assert shown in page
    assert re.search("Nobody went before", browser_of(open_now.meera).get(f"{LEDGER}?day=2020-01-01").content.decode())


def test_what_the_rules_did_is_shown_when_asked_for(open_now: Ward):
    open_now.arrive(open_now.register(age=30))
    open_now.later(minutes=5)
    open_now.arrive(open_now.register(name="Lakshmi Devi", age=75))
    open_now.see(open_now.call_next())
    desk = browser_of(open_now.meera)
    assert "Head start" not in desk.get(LEDGER).content.decode()
    assert "Head start" in desk.get(f"{LEDGER}?also=rules").content.decode()


def test_another_department_s_ledger_is_not_shown(open_now: Ward):
    with open_ward() as other:
        other.keep_real_time()
        other.arrive()
        other.later(minutes=1)
        other.arrive(source="emergency")
        other.call_next()
    assert "Nobody went before" in browser_of(open_now.meera).get(LEDGER).content.decode()


def test_the_order_says_why_each_stands_there(ward: Ward):
    plain = ward.arrive(ward.register(age=30))
    ward.later(minutes=5)
    old = ward.arrive(ward.register(name="Lakshmi Devi", age=75))
    urgent = ward.arrive()
    commands.triage_up(actor=ward.nurse, now=ward.now, visit_id=urgent.id, reason="Breathless")
    shown = queue_with_reasons(ward.department.id, ward.meera, ward.now)
    assert [row["token"] for row in shown["rows"]] == [v.token.label for v in (urgent, old, plain)]
    assert "Breathless" in " ".join(shown["rows"][0]["why"])
    assert "25 min head start" in " ".join(shown["rows"][1]["why"])
    assert shown["rows"][2]["why"][0].startswith("Came at 09:00 without a booking")


def test_the_reasons_are_those_of_the_rules_that_held_when_somebody_came(ward: Ward):
    old = ward.arrive(ward.register(name="Lakshmi Devi", age=75))
    change = {"head_start_elderly": 5, "reason": "Fewer old people"}
    commands.change_rules(actor=ward.admin, now=ward.now, department_id=ward.department.id, **change)
    assert "25 min head start" in " ".join(why(ward.fresh(old), ward.meera))
    newer = ward.arrive(ward.register(name="Savitri Devi", age=76))
    assert "5 min head start" in " ".join(why(newer, ward.meera))
    assert newer.scanned_at - newer.arrival_key == timedelta(minutes=5)


def test_the_order_is_read_in_pages_and_each_keeps_the_place_in_the_whole_queue(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("apps.queue.queries.why.LISTED", 2)
    labels = [ward.arrive().token.label for _ in range(3)]
    first, second = (queue_with_reasons(ward.department.id, ward.meera, ward.now, number) for number in (1, "2"))
    assert [(row["token"], row["place"]) for row in first["rows"]] == [(labels[0], 1), (labels[1], 2)]
    assert [(row["token"], row["place"]) for row in second["rows"]] == [(labels[2], 3)]
    assert second["page"].paginator.count == 3


def test_the_order_costs_the_same_however_many_wait(ward: Ward, django_assert_max_num_queries):
    for _ in range(12):
        ward.arrive()
    with django_assert_max_num_queries(8):
        queue_with_reasons(ward.department.id, ward.meera, ward.now)


def test_who_only_looks_learns_no_special_need(ward: Ward):
    old = ward.arrive(ward.register(name="Lakshmi Devi", age=75))
    told = " ".join(why(old, ward.as_role(Role.CASHIER)))
    assert "Elderly" not in told
    assert "Special need" in told


def test_a_booking_that_takes_a_place_stands_in_the_ledger_with_who_and_how_much_later(open_now: Ward):
    present, later = open_slot(open_now, 1, 1), open_slot(open_now, 4, 1)
    low = book(open_now, present).appointment
    person = open_now.register(name="Urgent Person")
    how = {"doctor_id": open_now.doctor.id, "patient_id": person.id, "severity": "critical", "reason": "Bleeding"}
    taker = commands.request_emergency(actor=open_now.meera, now=open_now.now, **how).appointment
    row = Overtaking.objects.get()
    assert (row.cause, row.visit_id, row.overtaken) == ("displaced", taker.id, [low.id])
    assert (row.actor_id, row.reason, row.minutes) == (open_now.meera.id, "Bleeding", 180)
    assert low.slot_id == present.id != later.id
    page = browser_of(open_now.meera).get(LEDGER).content.decode()
    for shown in ("Took a booked place", "Bleeding", open_now.meera.name, low.token.label, "3 h"):
        assert shown in page
    assert f"/admin/desk/bookings/{taker.id}/" in page


def test_who_pays_for_a_place_displaces_by_their_source_and_not_by_their_complaint(open_now: Ward):
    slot, _later = open_slot(open_now, 1, 1), open_slot(open_now, 4, 1)
    book(open_now, slot)
    book(open_now, slot, source="paid_priority", reason="knee pain")
    page = browser_of(open_now.meera).get(LEDGER).content.decode()
    assert "Paid priority" in page
    assert "knee pain" not in page


@pytest.mark.parametrize(("minutes", "said"), [(0, "0 min"), (119, "119 min"), (120, "2 h"), (2880, "2 d")])
def test_a_cost_is_said_as_people_say_it(minutes: int, said: str):
    assert lasting(minutes) == said
