"""A doctor's own templates fill empty parts and add below written ones; nobody else has them, nothing is replaced."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid, NotFound
from apps.core.policy import system_actor
from apps.encounters.commands import add_diagnosis, save_note
from apps.encounters.commands.notes import NotConsulting, NoteChanged
from apps.encounters.commands.ordering import UnknownTest
from apps.encounters.commands.prescribing import NeedsReason, prescribe
from apps.encounters.commands.stocking import MEDICINES, table, take_in_medicines
from apps.encounters.commands.templating import (
    TemplateChanged,
    TemplateNamed,
    change_visit_template,
    drop_template,
    fill_in_template,
    keep_as_template,
    make_template,
)
from apps.encounters.models import Encounter, Investigation, Order, PrescriptionDraft, VisitTemplate
from apps.encounters.queries.notes import draft_of
from apps.encounters.queries.templates import template_named
from apps.encounters.rules.templates import content_of, filled
from apps.patients.commands import note_health_fact
from apps.patients.rules.health import FactKind
from tests.browsers import browser_of
from tests.encounters.lab import Lab
from tests.ward import Ward, add_doctor, open_ward

PARACETAMOL = {"medicine": "Paracetamol 500 mg tablet", "frequency": "1-0-1", "days": 3}
AMOXICILLIN = {"medicine": "Amoxicillin 500 mg capsule", "frequency": "1-1-1", "days": 5}
FEVER: dict[str, Any] = {
    "note": {"plan": "Fluids, rest", "advice": "Come back if it lasts"},
    "diagnoses": [{"text": "Viral fever"}],
    "items": [PARACETAMOL],
    "tests": [],
}


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        opened.keep_real_time()
        rows = [row for row in table(MEDICINES) if row["name"] in ("Paracetamol", "Amoxicillin")]
        take_in_medicines(actor=system_actor("test", opened.facility.id), now=opened.now, rows=rows)
        yield opened


@pytest.fixture
def visit(ward: Ward) -> Any:
    """Somebody whom Dr Rao has called in."""
    ward.arrive()
    return ward.start(ward.call_next())


def fever(ward: Ward, **other: Any) -> VisitTemplate:
    return make_template(**({"actor": ward.rao, "now": ward.now, "name": "Fever"} | FEVER | other))


def fill_in(ward: Ward, visit: Any, template: VisitTemplate, **more: Any) -> Any:
    about = {"actor": ward.rao, "now": ward.now, "visit_id": visit.id, "template_id": template.id}
    return fill_in_template(**(about | more))


def note_of(visit: Any) -> dict[str, str]:
    return draft_of(Encounter.objects.get(visit_id=visit.id))


def lines_of(visit: Any) -> list[str]:
    draft = PrescriptionDraft.objects.filter(visit_id=visit.id).first()
    return [row["medicine"] for row in draft.content["items"]] if draft else []


def test_an_empty_part_gets_the_words_and_a_written_one_gets_them_below_once():
    template = {"plan": "Rest", "advice": "Drink much"}
    once = filled({"plan": "X-ray", "subjective": "Cough"}, template)
    assert once == {
        "subjective": "Cough", "objective": "", "assessment": "", "plan": "X-ray\nRest", "advice": "Drink much",
    }  # fmt: skip
    assert filled(once, template) == once


def test_a_template_that_holds_nothing_is_none():
    with pytest.raises(Invalid):
        content_of({"plan": "  "}, [], [], [])


def test_everything_of_a_template_is_filled_into_a_visit_and_a_second_time_adds_nothing(ward: Ward, visit: Any):
    template = fever(ward)
    save_note(actor=ward.rao, now=ward.now, visit_id=visit.id, version=0, plan="X-ray")
    for _time in range(2):
        fill_in(ward, visit, template)
    assert note_of(visit)["plan"] == "X-ray\nFluids, rest"
    assert note_of(visit)["advice"] == "Come back if it lasts"
    assert Encounter.objects.get().outcome["diagnoses"] == [{"code": "", "text": "Viral fever"}]
    assert lines_of(visit) == ["Paracetamol 500 mg tablet"]
    entry = AuditEntry.objects.filter(action="template.filled_in").latest("at")
    assert entry.after == {"visitId": str(visit.id), "templateId": str(template.id)}


def test_what_is_drafted_stays_and_the_lines_come_behind_it(ward: Ward, visit: Any):
    prescribe(actor=ward.rao, now=ward.now, visit_id=visit.id, items=[AMOXICILLIN])
    add_diagnosis(actor=ward.rao, now=ward.now, visit_id=visit.id, text="Otitis")
    fill_in(ward, visit, fever(ward))
    assert lines_of(visit) == ["Amoxicillin 500 mg capsule", "Paracetamol 500 mg tablet"]
    assert [row["text"] for row in Encounter.objects.get().outcome["diagnoses"]] == ["Otitis", "Viral fever"]


def test_an_allergy_stops_a_template_until_a_reason_is_given_and_nothing_of_it_is_filled_in(ward: Ward, visit: Any):
    note_health_fact(
        actor=ward.nurse, now=ward.now, patient_id=visit.patient_id, kind=FactKind.ALLERGY, what="Penicillin",
        severity="severe",
    )  # fmt: skip
    template = fever(ward, items=[AMOXICILLIN])
    with pytest.raises(NeedsReason):
        fill_in(ward, visit, template)
    assert not Encounter.objects.exists()
    assert not lines_of(visit)
    fill_in(ward, visit, template, override_reason="Tolerated last year")
    assert lines_of(visit) == ["Amoxicillin 500 mg capsule"]


def test_what_was_typed_and_not_saved_is_saved_with_it_unless_another_window_was_faster(ward: Ward, visit: Any):
    template = fever(ward)
    save_note(actor=ward.rao, now=ward.now, visit_id=visit.id, version=0, plan="X-ray")
    with pytest.raises(NoteChanged):
        fill_in(ward, visit, template, version=0, note={"plan": "Blood test"})
    fill_in(ward, visit, template, version=0, note={"plan": "X-ray"})  # it has just been saved
    fill_in(ward, visit, template, version=2, note={"plan": "Blood test"})
    assert note_of(visit)["plan"] == "Blood test\nFluids, rest"


def test_tests_are_ordered_once_and_those_that_are_offered_no_more_are_left_out(ward: Ward, visit: Any):
    Lab(ward)
    test = Investigation.objects.get(code="CBC")
    template = fever(ward, tests=[test.name])
    assert template.content["tests"] == [test.code]
    assert fill_in(ward, visit, template).gone == []
    assert fill_in(ward, visit, template).gone == []
    assert Order.objects.get().investigation_id == test.id
    Investigation.objects.filter(id=test.id).update(active=False)
    assert fill_in(ward, visit, template).gone == [test.code]
    with pytest.raises(UnknownTest):
        fever(ward, name="Other", tests=["No such test"])


def test_a_visit_is_kept_as_a_template_with_what_was_typed(ward: Ward, visit: Any):
    prescribe(actor=ward.rao, now=ward.now, visit_id=visit.id, items=[PARACETAMOL])
    add_diagnosis(actor=ward.rao, now=ward.now, visit_id=visit.id, text="Viral fever")
    kept = keep_as_template(actor=ward.rao, now=ward.now, visit_id=visit.id, name=" My  fever ", note={"plan": "Rest"})
    again = VisitTemplate.objects.get(id=kept.id)
    assert (again.name, again.doctor_id) == ("My fever", ward.doctor.id)
    assert again.content["note"] == {"plan": "Rest"}
    assert again.content["diagnoses"] == [{"code": "", "text": "Viral fever"}]
    assert [line["medicine"] for line in again.content["items"]] == ["Paracetamol 500 mg tablet"]
    assert note_of(visit)["plan"] == "Rest"


def test_a_name_is_a_doctors_once_in_whatever_letters_and_its_beginning_finds_it(ward: Ward):
    kept = fever(ward)
    with pytest.raises(TemplateNamed):
        fever(ward, name="FEVER")
    other = fever(ward, name="Fever of children")
    with pytest.raises(TemplateNamed):
        change(ward, other, name="fever")
    assert template_named(ward.doctor.id, "fever") == kept
    assert template_named(ward.doctor.id, "fever of") == other
    assert template_named(ward.doctor.id, "fev") is None


def change(ward: Ward, template: VisitTemplate, **other: Any) -> VisitTemplate:
    about = {"actor": ward.rao, "now": ward.now, "template_id": template.id, "version": template.version}
    return change_visit_template(**(about | {"name": template.name} | FEVER | other))


def test_two_windows_that_change_a_template_conflict_clearly(ward: Ward):
    template = fever(ward)
    changed = change(ward, template, note={"plan": "Sleep"})
    assert (changed.version, changed.content["note"]) == (2, {"plan": "Sleep"})
    with pytest.raises(TemplateChanged) as refusal:
        change(ward, template)
    assert refusal.value.extra == {"version": 2}


def test_nobody_else_has_a_doctors_templates(ward: Ward, visit: Any):
    template = fever(ward)
    other = ward.as_doctor(add_doctor(ward, [ward.department]))
    about = {"now": ward.now, "template_id": template.id}
    with pytest.raises(NotFound):
        drop_template(actor=other, **about)
    for actor in (ward.nurse, ward.meera, ward.admin):
        with pytest.raises(Forbidden):
            drop_template(actor=actor, **about)
    theirs = make_template(actor=other, now=ward.now, name="Fever", **FEVER)
    with pytest.raises(NotFound):
        fill_in(ward, visit, theirs)
    with pytest.raises(Forbidden):
        fill_in(ward, visit, theirs, actor=other)


def test_it_is_filled_in_while_the_person_is_in_the_room_only(ward: Ward, visit: Any):
    template = fever(ward)
    done = ward.complete(visit)
    with pytest.raises(NotConsulting):
        fill_in(ward, done, template)


def test_what_it_says_stands_sealed_in_the_table(ward: Ward):
    fever(ward)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM encounters_visittemplate")
        assert "Fluids" not in cursor.fetchone()[0]


def test_the_pages_keep_change_and_throw_away(ward: Ward):
    browser = browser_of(ward.rao)
    typed = {
        "name": "Cold", "version": "0", "plan": "Steam", "diagnoses": "Common cold\n\n", "tests": "",
        "medicine": ["Paracetamol 500 mg tablet", ""], "dose": ["", ""], "frequency": ["1-0-1", ""],
        "days": ["3", ""], "instructions": ["", ""],
    }  # fmt: skip
    assert browser.post("/console/templates/new/", typed).status_code == 302
    kept = VisitTemplate.objects.get()
    shown = browser.get(f"/console/templates/{kept.id}/").content.decode()
    assert "Common cold" in shown
    assert "Steam" in shown
    assert 'value="Paracetamol 500 mg tablet"' in shown
    assert "Common cold" in browser.get("/console/templates/").content.decode()
    stale = browser.post(f"/console/templates/{kept.id}/", typed | {"version": "7", "plan": "Mine"})
    assert stale.status_code == 409
    assert "changed in another window" in stale.content.decode()
    assert "Mine" in stale.content.decode()
    wrong = browser.post(f"/console/templates/{kept.id}/", typed | {"version": "1", "days": ["x", ""]})
    assert wrong.status_code == 400
    assert 'value="x"' in wrong.content.decode()
    assert browser.post(f"/console/templates/{kept.id}/drop/").status_code == 302
    assert not VisitTemplate.objects.exists()


def test_the_console_fills_in_by_the_beginning_of_a_name_and_asks_for_a_reason(ward: Ward, visit: Any):
    template = fever(ward, items=[AMOXICILLIN])
    note_health_fact(
        actor=ward.nurse, now=ward.now, patient_id=visit.patient_id, kind=FactKind.ALLERGY, what="Penicillin",
        severity="severe",
    )  # fmt: skip
    browser = browser_of(ward.rao)
    address = f"/console/{ward.doctor.id}/template/"
    about = {"visit": str(visit.id), "version": "3", "note_version": "0", "plan": "X-ray", "template_begins": "fev"}
    refused = browser.post(address, about, headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert "template-why" in refused.content.decode()
    assert "allergic to Penicillin" in refused.content.decode()
    done = browser.post(address, about | {"override_reason": "Tolerated"}, headers={"HX-Request": "true"})
    assert "Nothing that you had written was replaced" in done.content.decode()
    assert "X-ray\nFluids, rest</textarea>" in done.content.decode()
    assert note_of(visit)["plan"] == "X-ray\nFluids, rest"
    nobody = browser.post(address, about | {"template_begins": "zzz"}, headers={"HX-Request": "true"})
    assert nobody.status_code == 409
    assert "no template of this name" in nobody.content.decode()
    assert template.name in nobody.content.decode()


def test_the_api_keeps_changes_and_fills_in(ward: Ward, visit: Any):
    client = browser_of(ward.rao)
    json = {"content_type": "application/json"}
    body = {"name": "Fever", "note": {"plan": "Rest"}, "items": [PARACETAMOL], "diagnoses": [{"text": "Viral fever"}]}
    made = client.post("/api/v1/visit-templates", body, **json)
    assert made.status_code == 201
    told = made.json()
    assert told["note"]["advice"] == ""
    assert told["items"][0]["days"] == 3
    assert told["tests"] == []
    one = f"/api/v1/visit-templates/{told['templateId']}"
    assert client.get(one).json() == told
    assert client.post("/api/v1/visit-templates", body, **json).json()["code"] == "template_named"
    changed = client.put(one, body | {"version": 1, "name": "Fever again"}, **json)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert client.put(one, body | {"version": 1}, **json).json()["code"] == "template_changed"
    filled_in = client.post(
        f"/api/v1/encounters/{visit.id}/fill-in-template", {"templateId": told["templateId"]}, **json
    )
    assert filled_in.json()["note"]["plan"] == "Rest"
    assert filled_in.json()["prescription"]["items"][0]["medicine"] == "Paracetamol 500 mg tablet"
    assert filled_in.json()["leftOut"] == []
    kept = client.post(f"/api/v1/encounters/{visit.id}/keep-as-template", {"name": "Of this visit"}, **json)
    assert (kept.status_code, kept.json()["note"]["plan"]) == (201, "Rest")
    assert [row["name"] for row in client.get("/api/v1/visit-templates").json()["templates"]] == [
        "Fever again", "Of this visit",
    ]  # fmt: skip
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404
