"""What comes after a visit: a place to come again, the next department, a letter, a diet."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.core.errors import Forbidden, Invalid
from apps.core.policy import system_actor
from apps.encounters.commands import complete
from apps.encounters.commands.afterwards import add_diet, drop_diet, drop_referral, refer, set_follow_up
from apps.encounters.commands.notes import NotConsulting
from apps.encounters.commands.stocking import DIETS, table, take_in_diets
from apps.encounters.models import DietPlan, Encounter, SignedNote
from apps.encounters.queries.diets import diet_plans
from apps.encounters.queries.papers import paper_of
from apps.encounters.rules.outcome import LineGone
from apps.notifications.models import Message
from apps.queue.commands.admitting import DepartmentClosed
from apps.queue.models import Visit
from apps.queue.queries.journeys import ahead_of_visits
from apps.scheduling.models import Appointment, Department
from tests.bookings import book, open_slot
from tests.browsers import browser_of
from tests.encounters.lab import Lab
from tests.ward import Ward, add_doctor, open_ward

WEEK = 7


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward(departments=2) as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def visit(ward: Ward) -> Any:
    """Somebody with a phone whom Dr Rao has called in."""
    ward.arrive(ward.register("Asha Devi", phone="9845012345"))
    return ward.start(ward.call_next())


def about(ward: Ward, visit: Any, **more: Any) -> dict[str, Any]:
    return {"actor": ward.rao, "now": ward.now, "visit_id": visit.id} | more


def said(kind: str = "come_again") -> list[Message]:
    return [row for row in Message.objects.all() if "wants to see you again" in row.text]


def test_whoever_comes_again_has_a_place_that_day_once_the_visit_is_completed(ward: Ward, visit: Any):
    open_slot(ward, hours=24 * WEEK - 3)
    slot = open_slot(ward, hours=24 * WEEK, capacity=1)
    set_follow_up(**about(ward, visit, days=WEEK))
    assert not Appointment.objects.exists()
    ward.complete(visit)
    booked = Appointment.objects.get()
    assert (booked.slot_id, booked.source, booked.patient_id) == (slot.id, "follow_up", visit.patient_id)
    assert SignedNote.objects.get().content["followUp"] == {"on": slot.day.isoformat()}
    told = paper_of(visit.id)
    assert told
    assert told.follow_up
    assert (told.follow_up.on, told.follow_up.at) == (slot.day, booked.at)
    [message] = said()
    assert booked.token.label in message.text


def test_nobody_is_moved_for_it_and_without_a_place_they_are_asked_to_choose(ward: Ward, visit: Any):
    slot = open_slot(ward, hours=24 * WEEK, capacity=1)
    holder = book(ward, slot).appointment
    set_follow_up(**about(ward, visit, days=WEEK))
    ward.complete(visit)
    assert Appointment.objects.get() == holder
    assert Encounter.objects.get().follow_up is None
    [message] = said()
    assert "/book/" in message.text


def test_who_has_a_booking_that_day_keeps_it(ward: Ward, visit: Any):
    slot = open_slot(ward, hours=24 * WEEK, capacity=2)
    book(ward, slot, patient=visit.patient)
    set_follow_up(**about(ward, visit, on=slot.day))
    ward.complete(visit)
    assert Appointment.objects.count() == 1
    assert not said()


def test_a_wish_can_be_taken_back(ward: Ward, visit: Any):
    open_slot(ward, hours=24 * WEEK)
    set_follow_up(**about(ward, visit, days=WEEK))
    set_follow_up(**about(ward, visit))
    ward.complete(visit)
    assert not Appointment.objects.exists()
    with pytest.raises(Invalid):
        set_follow_up(**about(ward, ward.start(_another(ward)), days=0))


def _another(ward: Ward) -> Any:
    ward.arrive()
    return ward.call_next()


def test_referred_inside_they_go_there_next_under_the_same_number(ward: Ward, visit: Any):
    other = ward.departments[1]
    refer(**about(ward, visit, department_id=other.id, reason="Palpitations"))
    assert ahead_of_visits(ward.fresh(visit)) == [other.name]
    with pytest.raises(Invalid):
        refer(**about(ward, visit, department_id=other.id, reason="Once more"))
    ward.complete(visit)
    there = Visit.objects.get(department=other)
    assert (there.token_id, there.state) == (visit.token_id, "WAITING")
    [referral] = SignedNote.objects.get().content["referrals"]
    assert (referral["to"], referral["reason"]) == (other.name, "Palpitations")


def test_a_referral_that_is_taken_out_leads_nowhere(ward: Ward, visit: Any):
    refer(**about(ward, visit, department_id=ward.departments[1].id, reason="Palpitations"))
    drop_referral(**about(ward, visit, place=0))
    with pytest.raises(LineGone):
        drop_referral(**about(ward, visit, place=0))
    ward.complete(visit)
    assert Visit.objects.count() == 1


def test_nobody_is_referred_to_a_closed_door_or_to_where_they_are(ward: Ward, visit: Any):
    with pytest.raises(Invalid):
        refer(**about(ward, visit, department_id=ward.department.id, reason="Here"))
    Department.objects.filter(id=ward.departments[1].id).update(status="INACTIVE")
    with pytest.raises(DepartmentClosed):
        refer(**about(ward, visit, department_id=ward.departments[1].id, reason="There"))
    assert not Encounter.objects.exclude(outcome="").exists()


def test_a_letter_leads_outside_and_a_diet_keeps_the_words_it_was_signed_with(ward: Ward, visit: Any):
    take_in_diets(actor=system_actor("test", ward.facility.id), now=ward.now, rows=table(DIETS))
    refer(**about(ward, visit, to="Dr Sen, heart surgeon", reason="Please see her."))
    add_diet(**about(ward, visit, code="diabetes", text="No mangoes"))
    add_diet(**about(ward, visit, text="Much water"))
    drop_diet(**about(ward, visit, place=1))
    with pytest.raises(LineGone):
        add_diet(**about(ward, visit, code="none"))
    ward.complete(visit)
    DietPlan.objects.all().delete()
    told = paper_of(visit.id, "ta")
    assert told
    [diet] = told.diets
    assert diet.name.startswith("நீரிழிவு")
    assert diet.text.endswith("No mangoes")
    assert [row.to for row in told.referrals] == ["Dr Sen, heart surgeon"]


def test_plans_are_in_the_language_of_who_chooses_and_a_hospital_keeps_its_own(ward: Ward):
    tool = {"actor": system_actor("test", ward.facility.id), "now": ward.now}
    take_in_diets(**tool, rows=table(DIETS))
    DietPlan.objects.filter(code="diabetes", language="en").update(name="Ours")
    take_in_diets(**tool, rows=table(DIETS))
    plans = {plan["code"]: plan for plan in diet_plans()}
    assert plans["diabetes"]["name"] == "Ours"
    assert {"en", "hi", "ta"} == set(plans["diabetes"]["languages"])


def test_nobody_else_says_what_comes_after(ward: Ward, visit: Any):
    deeds = ((set_follow_up, {"days": 3}), (refer, {"to": "x", "reason": "x"}), (add_diet, {"text": "x"}))
    for actor in (ward.nurse, ward.meera, ward.admin, ward.as_doctor(add_doctor(ward, [ward.department]))):
        for deed, more in deeds:
            with pytest.raises(Forbidden):
                deed(**about(ward, visit, actor=actor, **more))
    ward.complete(visit)
    for deed, more in deeds:
        with pytest.raises(NotConsulting):
            deed(**about(ward, visit, **more))


def test_at_a_laboratory_nobody_says_when_to_come_again_and_it_is_refused_clearly(ward: Ward):
    lab = Lab(ward)
    lab.order(lab.called_in(), "CBC", send=True)
    there = lab.begin()
    for actor in (lab.hands["LAB"], ward.rao):
        with pytest.raises(Forbidden):
            set_follow_up(**about(ward, there, actor=actor, days=WEEK))
    told = browser_of(lab.hands["LAB"]).put(
        f"/api/v1/encounters/{there.id}/follow-up", {"days": WEEK}, content_type="application/json"
    )
    assert (told.status_code, told.json()["code"]) == (403, "forbidden")
    assert not Encounter.objects.filter(visit_id=there.id).exists()


def test_the_console_books_refers_and_hands_out_by_its_buttons(ward: Ward, visit: Any):
    take_in_diets(actor=system_actor("test", ward.facility.id), now=ward.now, rows=table(DIETS))
    slot = open_slot(ward, hours=24 * WEEK)
    rao = browser_of(ward.rao)

    def press(action: str, **form: Any) -> str:
        told = {"visit": visit.id, "version": ward.fresh(visit).version, "key": f"{action} {form}"}
        return rao.post(f"/console/{ward.doctor.id}/{action}/", told | form, follow=True).content.decode()

    assert "A place is booked when you finish." in press("follow-up", days=WEEK)
    assert "No place is open that day" in press("follow-up", on=(slot.day + timedelta(days=1)).isoformat())
    assert "A place is booked" in press("follow-up", on=slot.day.isoformat())
    assert "Choose a day from tomorrow on" in press("follow-up", on="yesterday")
    assert "Diet: Diabetes" in press("diet", diet="diabetes")
    assert "Referred to Dr Sen" in press("refer", refer_to="Dr Sen", refer_why="Heart")
    assert "is referred to" not in press("refer-drop", place=0)
    assert ward.departments[1].name in press("refer", refer_place=ward.departments[1].id, refer_why="Heart")
    press("finish")
    assert Appointment.objects.get().slot_id == slot.id
    note = rao.get(f"/note/{visit.id}/").content.decode()
    assert "Diet: Diabetes" in note
    assert f"Referred to {ward.departments[1].name}" in note


def test_lines_are_taken_out_over_the_api(ward: Ward, visit: Any):
    here, other = f"/api/v1/encounters/{visit.id}", ward.departments[1]
    rao, nurse = browser_of(ward.rao), browser_of(ward.nurse)
    for path, told in (
        ("referrals", {"to": "Dr Sen", "reason": "Heart"}),
        ("referrals", {"departmentId": str(other.id), "reason": "Palpitations"}),
        ("diet-plans", {"text": "Much water"}),
    ):
        assert rao.post(f"{here}/{path}", told, content_type="application/json").status_code == 201
    left = rao.delete(f"{here}/referrals/1").json()
    assert [row["to"] for row in left["referrals"]] == ["Dr Sen"]
    assert ahead_of_visits(ward.fresh(visit)) == []
    assert rao.delete(f"{here}/diet-plans/0").json()["diets"] == []
    for gone in ("referrals/1", "diet-plans/0", f"diet-plans/{10**30}"):
        answer = rao.delete(f"{here}/{gone}")
        assert (answer.status_code, answer.json()["code"]) == (409, "line_gone")
    assert nurse.delete(f"{here}/referrals/0").status_code == 403
    ward.complete(visit)
    assert rao.delete(f"{here}/referrals/0").json()["code"] == "not_in_consultation"
    assert [row["to"] for row in SignedNote.objects.get().content["referrals"]] == ["Dr Sen"]


def test_finishing_says_all_of_it_in_one_transaction(ward: Ward, visit: Any):
    set_follow_up(**about(ward, visit, days=WEEK))
    open_slot(ward, hours=24 * WEEK)
    complete(**about(ward, visit, note={"advice": "Drink much"}))
    told = paper_of(visit.id)
    assert told
    assert told.advice == "Drink much"
    assert told.follow_up
    assert told.follow_up.booking_id == Appointment.objects.get().id
