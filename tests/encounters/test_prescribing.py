"""A prescription is drafted in the room, warned of, and signed with the visit; in no other state and no other way."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden
from apps.core.models import OutboxEvent
from apps.core.policy import system_actor
from apps.core.relay import Relay
from apps.encounters.commands import complete, undo
from apps.encounters.commands.prescribing import (
    NeedsReason,
    NothingToRepeat,
    NotPrescribing,
    keep_favourite,
    prescribe,
    remove_medicine,
    repeat_last,
)
from apps.encounters.commands.stocking import INTERACTIONS, MEDICINES, table, take_in_interactions, take_in_medicines
from apps.encounters.models import Favourite, Interaction, Medicine, Prescription, PrescriptionDraft
from apps.encounters.queries.medicines import medicines
from apps.encounters.views.prescribing import shown
from apps.patients.commands import note_health_fact
from apps.patients.rules.health import FactKind
from apps.queue import commands as queue
from apps.queue.models import Visit
from opd.subscriptions import handlers_for
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward

PARACETAMOL = {"medicine": "paracetamol 500 mg tablet", "frequency": "1-0-1", "days": 3}
AMOXICILLIN = {"medicine": "Amoxicillin 500 mg capsule", "frequency": "1-1-1", "days": 5}
OTHER = {"medicine": "Canary Zinnober drops", "frequency": "1-0-0", "days": 2}


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        opened.keep_real_time()
        tool = {"actor": system_actor("test", opened.facility.id), "now": opened.now}
        rows = [row for row in table(MEDICINES) if row["name"] in ("Paracetamol", "Amoxicillin", "Warfarin", "Aspirin")]
        take_in_medicines(**tool, rows=rows)
        take_in_interactions(**tool, rows=table(INTERACTIONS)[:5])
        yield opened


@pytest.fixture
def visit(ward: Ward) -> Any:
    """Somebody whom Dr Rao has called in."""
    ward.arrive()
    return ward.start(ward.call_next())


def draft(ward: Ward, visit: Any, *items: dict[str, Any], actor: Any = None, reason: str = "") -> PrescriptionDraft:
    drafted, _ = prescribe(
        actor=actor or ward.rao, now=ward.now, visit_id=visit.id, items=items or (PARACETAMOL,), override_reason=reason
    )
    return drafted


def allergic(ward: Ward, visit: Any) -> None:
    note_health_fact(
        actor=ward.nurse, now=ward.now, patient_id=visit.patient_id, kind=FactKind.ALLERGY, what="Penicillin",
        severity="severe",
    )  # fmt: skip


def test_the_draft_is_signed_with_the_visit_under_its_own_number(ward: Ward, visit: Any):
    first = draft(ward, visit)
    second = draft(ward, visit, PARACETAMOL, OTHER)
    assert (first.id, first.version, second.version) == (second.id, 1, 2)
    assert not Prescription.objects.exists()
    ward.complete(visit, "Drink much")
    signed = Prescription.objects.get()
    assert (signed.id, signed.version) == (first.id, 2)
    assert signed.content.splitlines() == [
        "Paracetamol 500 mg tablet, 1-0-1, 3 days",
        "Canary Zinnober drops, 1-0-0, 2 days",
        "Drink much",
    ]
    assert not PrescriptionDraft.objects.exists()


def test_in_no_other_state_and_by_nobody_else(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(Forbidden):
        draft(ward, visit)
    called = ward.call_next()
    with pytest.raises(NotPrescribing):
        draft(ward, called)
    ward.start(called)
    for actor in (ward.nurse, ward.meera, ward.admin, ward.as_doctor(add_doctor(ward, [ward.department]))):
        with pytest.raises(Forbidden):
            draft(ward, visit, actor=actor)
    done = ward.complete(visit)
    with pytest.raises(NotPrescribing):
        draft(ward, done)
    assert not PrescriptionDraft.objects.exists()


def test_a_draft_outlives_a_hold_and_dies_with_what_else_ends_the_consultation(ward: Ward, visit: Any):
    draft(ward, visit)
    about = {"actor": ward.rao, "now": ward.now, "visit_id": visit.id}
    queue.hold(**about, reason="Test")
    queue.resume(**about)
    ward.start(ward.call_next())
    assert PrescriptionDraft.objects.count() == 1
    undo(**about)
    assert ward.fresh(visit).state == "CALLED"
    assert not PrescriptionDraft.objects.exists()


def test_whoever_is_sent_elsewhere_takes_no_draft_along(ward: Ward, visit: Any):
    draft(ward, visit)
    other = add_doctor(ward, [ward.department])
    queue.transfer(
        actor=ward.rao, now=ward.now, visit_id=visit.id, department_id=ward.department.id, doctor_id=other.id,
        reason="Known there",
    )  # fmt: skip
    Relay(handlers_for).run_once()
    assert not PrescriptionDraft.objects.exists()
    assert not Prescription.objects.exists()


def with_another(ward: Ward, visit: Any) -> Any:
    """Another doctor, with whom somebody is for whom Dr Rao has drafted."""
    draft(ward, visit)
    other = add_doctor(ward, [ward.department])
    Visit.objects.filter(id=visit.id).update(doctor_id=other.id)
    return other


def test_another_doctor_is_shown_nothing_of_what_somebody_drafted(ward: Ward, visit: Any):
    other = with_another(ward, visit)
    assert not shown(visit.id, visit.patient_id, other.id)["lines"]
    assert len(shown(visit.id, visit.patient_id, ward.doctor.id)["lines"]) == 1


def test_a_draft_goes_once_the_person_is_with_another_doctor(ward: Ward, visit: Any):
    with_another(ward, visit)
    Relay(handlers_for).run_once()
    assert not PrescriptionDraft.objects.exists()


def test_an_event_that_comes_late_takes_no_draft_of_a_consultation_that_goes_on(ward: Ward, visit: Any):
    ward.complete(visit)
    undo(actor=ward.rao, now=ward.now, visit_id=visit.id)
    draft(ward, visit)
    Relay(handlers_for).run_once()
    assert PrescriptionDraft.objects.count() == 1


def test_a_new_allergy_is_shown_as_unanswered_and_its_medicines_can_be_taken_out(ward: Ward, visit: Any):
    draft(ward, visit, AMOXICILLIN, PARACETAMOL)
    allergic(ward, visit)
    seen = shown(visit.id, visit.patient_id, ward.doctor.id)
    assert (len(seen["unanswered"]), seen["answered"]) == (1, [])
    about = {"actor": ward.rao, "now": ward.now, "visit_id": visit.id}
    remove_medicine(**about, place=1)
    assert len(shown(visit.id, visit.patient_id, ward.doctor.id)["unanswered"]) == 1
    with pytest.raises(NeedsReason):
        complete(**about)
    remove_medicine(**about, place=0)
    complete(**about)
    assert not Prescription.objects.exists()


def test_what_became_known_since_is_answered_at_the_signature(ward: Ward, visit: Any):
    draft(ward, visit, AMOXICILLIN)
    allergic(ward, visit)
    rao = browser_of(ward.rao)
    page = rao.get(f"/console/{ward.doctor.id}/").content.decode()
    assert "No reason was given yet." in page
    assert "Prescribed all the same" not in page
    assert 'name="override_reason" form="act"' in page
    told = {"visit": visit.id, "version": ward.fresh(visit).version, "override_reason": "Tolerated twice since"}
    assert rao.post(f"/console/{ward.doctor.id}/finish/", told | {"key": "finish"}).status_code == 302
    assert Prescription.objects.get().override_reason == "Tolerated twice since"


def test_what_is_typed_by_hand_is_checked_by_its_name_or_said_not_to_be(ward: Ward, visit: Any):
    allergic(ward, visit)
    with pytest.raises(NeedsReason):
        draft(ward, visit, {"medicine": "Amoxicillin clav 625", "frequency": "1-0-1", "days": 5})
    with pytest.raises(NeedsReason):
        draft(ward, visit, PARACETAMOL, {"medicine": "Crocin (paracetamol)", "frequency": "1", "days": 5})
    draft(ward, visit, OTHER, PARACETAMOL, {"medicine": "Warfarin sodium", "frequency": "1-0-0", "days": 5})
    lines = shown(visit.id, visit.patient_id, ward.doctor.id)["lines"]
    assert [line["unchecked"] for line in lines] == [True, False, False]
    assert "Not on the list: not checked." in browser_of(ward.rao).get(f"/console/{ward.doctor.id}/").content.decode()


def test_a_medicine_is_found_by_its_id_and_by_what_it_is_called(ward: Ward, visit: Any):
    medicine = Medicine.objects.get(name="Amoxicillin", form="capsule", strength="500 mg")
    for called in (str(medicine.id), str(medicine).upper()):
        drafted = draft(ward, visit, AMOXICILLIN | {"medicine": called})
        assert drafted.content["items"][0]["medicine"] == str(medicine)
    assert medicine in medicines("amoxicillin 500")


def test_the_page_holds_no_list_of_medicines_and_searches_it(ward: Ward, visit: Any):
    rao = browser_of(ward.rao)
    page = rao.get(f"/console/{ward.doctor.id}/").content.decode()
    assert '<datalist id="rx-medicines" data-search="/api/v1/medicines"></datalist>' in page
    found = rao.get("/api/v1/medicines", {"search": "amoxi", "pageSize": 20})
    assert {row["name"] for row in found.json()["results"]} == {"Amoxicillin"}


def test_a_warning_needs_a_reason_once(ward: Ward, visit: Any):
    allergic(ward, visit)
    with pytest.raises(NeedsReason) as refused:
        draft(ward, visit, AMOXICILLIN)
    assert refused.value.extra["warnings"][0]["kind"] == "allergy"
    draft(ward, visit, AMOXICILLIN, reason="Tolerated twice since")
    draft(ward, visit, AMOXICILLIN, PARACETAMOL)
    ward.complete(visit)
    assert Prescription.objects.get().override_reason == "Tolerated twice since"


def test_what_becomes_known_after_the_draft_is_warned_of_at_the_signature(ward: Ward, visit: Any):
    draft(ward, visit, AMOXICILLIN)
    allergic(ward, visit)
    with pytest.raises(NeedsReason):
        complete(actor=ward.rao, now=ward.now, visit_id=visit.id)
    assert ward.fresh(visit).state == "IN_CONSULTATION"


def test_favourites_and_as_last_time(ward: Ward, visit: Any):
    about = {"actor": ward.rao, "now": ward.now}
    with pytest.raises(NothingToRepeat):
        repeat_last(**about, visit_id=visit.id)
    draft(ward, visit)
    keep_favourite(**about, visit_id=visit.id, place=0)
    keep_favourite(**about, visit_id=visit.id, place=0)
    assert Favourite.objects.get().medicine == "Paracetamol 500 mg tablet"
    ward.complete(visit)
    ward.arrive(visit.patient)
    again = ward.start(ward.call_next())
    drafted, _ = repeat_last(**about, visit_id=again.id)
    assert [item["medicine"] for item in drafted.content["items"]] == ["Paracetamol 500 mg tablet"]


def test_the_words_stand_sealed_and_in_no_event_and_no_audit_row(ward: Ward, visit: Any):
    draft(ward, visit, OTHER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM encounters_prescriptiondraft")
        stored = cursor.fetchall()
    ward.complete(visit)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, items FROM encounters_prescription")
        stored += cursor.fetchall()
    told = [*AuditEntry.objects.values_list("before", "after", "reason"), *OutboxEvent.objects.values_list("payload")]
    assert "Zinnober" not in str(stored)
    assert "Zinnober" not in str(told)


def test_the_console_adds_by_hand_by_favourite_and_asks_why(ward: Ward, visit: Any):
    allergic(ward, visit)
    rao = browser_of(ward.rao)

    def press(action: str, **form: Any) -> Any:
        seen = ward.fresh(visit)
        told = {"visit": visit.id, "version": seen.version, "key": f"{action}{form}{seen.version}"} | form
        return rao.post(f"/console/{ward.doctor.id}/{action}/", told, headers={"HX-Request": "true"})

    assert "Paracetamol 500 mg tablet, 1-0-1, 3 days" in press("rx-add", **PARACETAMOL).content.decode()
    press("rx-keep", place=0)
    press("rx-remove", place=0)
    assert not PrescriptionDraft.objects.get().content["items"]
    press("rx-favourite", favourite=Favourite.objects.get().id)
    refused = press("rx-add", **AMOXICILLIN)
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "allergic to Penicillin" in page
    assert 'name="override_reason"' in page
    press("rx-add", **AMOXICILLIN, override_reason="Tolerated twice")
    assert press("finish").status_code == 200
    assert len(Prescription.objects.get().items["items"]) == 2
    assert press("rx-add", **PARACETAMOL).status_code == 409


def test_a_visit_is_not_finished_over_a_medicine_that_was_typed_and_not_added(ward: Ward, visit: Any):
    told = {"visit": visit.id, "version": ward.fresh(visit).version, "key": "finish"} | AMOXICILLIN
    refused = browser_of(ward.rao).post(f"/console/{ward.doctor.id}/finish/", told, headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert "typed but not added" in refused.content.decode()
    assert 'value="Amoxicillin 500 mg capsule"' in refused.content.decode()
    assert ward.fresh(visit).state == "IN_CONSULTATION"


def test_every_favourite_has_a_button_keeps_its_dose_and_can_be_taken_out(ward: Ward, visit: Any):
    for days in range(1, 12):
        line = AMOXICILLIN | {"days": days, "dose": "2 capsules", "instructions": ""}
        Favourite.objects.create(facility_id=ward.facility.id, doctor=ward.doctor, kept_at=ward.now, **line)
    allergic(ward, visit)
    rao, told = browser_of(ward.rao), {"visit": visit.id, "version": ward.fresh(visit).version}
    eleventh = Favourite.objects.get(days=11)
    page = rao.get(f"/console/{ward.doctor.id}/").content.decode()
    assert page.count(f'value="{eleventh.id}"') == 2
    assert "Alt+9" in page
    assert "Alt+10" not in page
    about = told | {"favourite": eleventh.id}
    refused = rao.post(f"/console/{ward.doctor.id}/rx-favourite/", about | {"key": "a"})
    assert 'name="dose" maxlength="60" autocomplete="off" value="2 capsules"' in refused.content.decode()
    assert rao.post(f"/console/{ward.doctor.id}/rx-drop/", about | {"key": "b"}).status_code == 302
    assert not Favourite.objects.filter(id=eleventh.id).exists()
    assert Favourite.objects.count() == 10
    assert rao.post(f"/console/{ward.doctor.id}/rx-drop/", about | {"key": "c"}).status_code == 409


def test_a_list_is_taken_in_and_again_without_doubling(ward: Ward):
    call_command("take_in_medicines", ward.facility.code, verbosity=0)
    known = Medicine.objects.count(), Interaction.objects.count()
    call_command("take_in_medicines", ward.facility.code, verbosity=0)
    assert (Medicine.objects.count(), Interaction.objects.count()) == known
    assert known[0] == len(table(MEDICINES))
