"""Diagnoses are coded in the room, signed with the note, and found again on later visits."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.policy import Role, system_actor
from apps.encounters import commands
from apps.encounters.commands.coding import take_in_diagnoses
from apps.encounters.commands.notes import NotConsulting, NoteSigned
from apps.encounters.commands.outcome import KnownAlready
from apps.encounters.models import DiagnosisCode, Encounter, SignedNote, UsualDiagnosis
from apps.encounters.queries import history, history_values
from apps.encounters.queries.diagnoses import diagnosis_codes, usual_diagnoses
from apps.encounters.queries.papers import paper_of
from apps.encounters.rules.notes import note_hash
from apps.patients.queries import health_facts
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward

ROWS = (
    {"code": "E11.9", "title": "Type 2 diabetes mellitus without complications", "words": "sugar"},
    {"code": "E11.21", "title": "Type 2 diabetes mellitus with diabetic nephropathy"},
    {"code": "I10", "title": "Essential (primary) hypertension", "words": "bp"},
)
RARE = {"code": "e1169", "title": "Type 2 diabetes mellitus with other specified complication"}
CANARY = "Canary Zinnober fever"


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        opened.keep_real_time()
        tool = {"actor": system_actor("test", opened.facility.id), "now": opened.now}
        take_in_diagnoses(**tool, rows=ROWS, common=True)
        take_in_diagnoses(**tool, rows=[RARE], common=False)
        yield opened


@pytest.fixture
def visit(ward: Ward) -> Any:
    """Somebody whom Dr Rao has called in."""
    ward.arrive()
    return ward.start(ward.call_next())


def diagnose(ward: Ward, visit: Any, text: str = "I10", actor: Any = None, **more: Any) -> Encounter:
    return commands.add_diagnosis(actor=actor or ward.rao, now=ward.now, visit_id=visit.id, text=text, **more)


def found(search: str) -> list[str]:
    return [row.code for row in diagnosis_codes(search)]


def test_codes_are_found_by_code_by_words_and_by_what_is_nearly_written_so(ward: Ward):
    assert found("e11") == ["E11.9", "E11.21", "E11.69"]
    assert found("E1121") == ["E11.21"]
    assert found("diab neph") == ["E11.21"]
    assert found("sugar") == ["E11.9"]
    assert found("hipertension") == ["I10"]
    assert found("zzzzzz") == []
    assert found("") == ["E11.21", "E11.9", "I10"]


def test_the_whole_table_is_taken_in_and_keeps_the_words_of_the_common_ones(ward: Ward, tmp_path: Path):
    whole = tmp_path / "icd10cm-codes-2026.txt"
    whole.write_text("I10    Essential hypertension\nZ992   Dependence on renal dialysis\n")
    call_command("take_in_diagnoses", ward.facility.code, str(whole), stdout=StringIO())
    assert DiagnosisCode.objects.get(code="Z99.2").title == "Dependence on renal dialysis"
    assert DiagnosisCode.objects.get(code="I10").is_common
    assert "I10" in found("blood pressure")
    assert found("Z99") == ["Z99.2"]
    whole.write_text("<html>")
    with pytest.raises(CommandError):
        call_command("take_in_diagnoses", ward.facility.code, str(whole))


def test_a_code_under_a_new_title_is_found_by_it_and_no_more_by_the_old_one(ward: Ward):
    tool = {"actor": system_actor("test", ward.facility.id), "now": ward.now, "common": False}
    renamed = ({"code": RARE["code"], "title": "Sweet illness"}, {"code": "E11.9", "title": "Plain sweet illness"})
    for _ in range(2):
        take_in_diagnoses(**tool, rows=renamed)
        assert found("sweet illness") == ["E11.9", "E11.69"]
        assert found("specified complication") == []
        assert found("without complications") == []
        assert found("sugar") == ["E11.9"]
    assert DiagnosisCode.objects.get(code="E11.9").search_key == "plain sweet illness sugar"
    assert not DiagnosisCode.objects.get(code="E11.69").is_common


def test_of_the_publishers_order_file_the_codes_are_taken_in_and_the_headings_left_out(ward: Ward, tmp_path: Path):
    whole = tmp_path / "icd10cm-order-2026.txt"
    rows = (("00001", "N18", "0", "Chronic kidney disease (CKD)"), ("00002", "N186", "1", "End stage renal disease"))
    whole.write_text("".join(f"{n} {code:<7} {usable} {title:<60} {title}\n" for n, code, usable, title in rows))
    call_command("take_in_diagnoses", ward.facility.code, str(whole), stdout=StringIO())
    assert DiagnosisCode.objects.get(code="N18.6").title == "End stage renal disease"
    assert not DiagnosisCode.objects.filter(code="N18").exists()


def test_what_is_diagnosed_is_signed_with_the_note_and_counted_as_usual(ward: Ward, visit: Any):
    diagnose(ward, visit, "e11.9 with a sore LEFT foot")
    diagnose(ward, visit, CANARY)
    commands.put_first(actor=ward.rao, now=ward.now, visit_id=visit.id, place=1)
    ward.complete(visit)
    signed = SignedNote.objects.get()
    assert signed.content["diagnoses"] == [
        {"code": "", "text": CANARY},
        {"code": "E11.9", "text": f"{ROWS[0]['title']}: with a sore LEFT foot"},
    ]
    assert signed.hash == note_hash(signed.content)
    usual = [(row.code, row.text, row.times) for row in usual_diagnoses(ward.doctor.id)]
    assert usual == [("E11.9", ROWS[0]["title"], 1)]
    paper = paper_of(visit.id)
    assert paper
    assert paper.diagnoses == signed.content["diagnoses"]
    with pytest.raises(NotConsulting):
        diagnose(ward, visit)


def test_what_is_diagnosed_most_is_offered_first(ward: Ward):
    for codes in (("I10",), ("E11.9", "I10")):
        ward.arrive()
        visit = ward.start(ward.call_next())
        for code in codes:
            diagnose(ward, visit, code)
        ward.complete(visit)
    assert [(row.code, row.times) for row in usual_diagnoses(ward.doctor.id)] == [("I10", 2), ("E11.9", 1)]


def test_nobody_else_diagnoses_and_nobody_in_another_state(ward: Ward):
    waiting = ward.arrive()
    called = ward.call_next()
    with pytest.raises(NotConsulting):
        diagnose(ward, called)
    ward.start(called)
    for actor in (ward.nurse, ward.meera, ward.admin, ward.as_doctor(add_doctor(ward, [ward.department]))):
        with pytest.raises(Forbidden):
            diagnose(ward, waiting, actor=actor)
    assert not Encounter.objects.exists()


def test_a_signed_note_takes_no_diagnosis(ward: Ward, visit: Any):
    diagnose(ward, visit)
    commands.sign_off(actor=ward.rao, now=ward.now, visit_id=visit.id, version=0)
    with pytest.raises(NoteSigned):
        diagnose(ward, visit, "E11.9")


def test_a_code_that_the_table_does_not_have_is_refused_and_typed_is_free_words(ward: Ward, visit: Any):
    with pytest.raises(Invalid):
        diagnose(ward, visit, code="X99")
    assert diagnose(ward, visit, "B12 deficiency").outcome["diagnoses"] == [{"code": "", "text": "B12 deficiency"}]


def test_nothing_of_it_stands_in_the_audit_trail_or_unsealed(ward: Ward, visit: Any):
    diagnose(ward, visit, CANARY)
    entries = AuditEntry.objects.filter(action="diagnosis.added")
    assert entries.count() == 1
    assert "Zinnober" not in str(entries.values())
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome FROM encounters_encounter")
        assert "Zinnober" not in cursor.fetchone()[0]


def test_one_press_keeps_a_diagnosis_as_a_long_term_condition(ward: Ward, visit: Any):
    diagnose(ward, visit)
    about = {"actor": ward.rao, "now": ward.now, "visit_id": visit.id, "place": 0}
    commands.keep_condition(**about)
    assert [fact.what for fact in health_facts(visit.patient_id)] == [ROWS[2]["title"]]
    with pytest.raises(KnownAlready):
        commands.keep_condition(**about)


def test_past_visits_tell_doctors_of_diagnoses_and_the_pharmacy_not(ward: Ward, visit: Any):
    diagnose(ward, visit)
    ward.complete(visit, "Amlodipine")
    [told] = _past(ward, ward.rao, visit)
    assert told["diagnoses"] == [{"code": "I10", "text": ROWS[2]["title"]}]
    [told] = _past(ward, ward.as_role(Role.PHARMACIST), visit)
    assert "diagnoses" not in told


def _past(ward: Ward, reader: Any, visit: Any) -> list[dict[str, Any]]:
    of = history(reader, visit.patient_id, ward.now)
    return history_values(list(of.visits), of, reader)


def test_the_console_adds_by_typing_and_by_what_is_usual(ward: Ward, visit: Any):
    UsualDiagnosis.objects.create(
        facility=ward.facility, doctor=ward.doctor, code="E11.9", text=ROWS[0]["title"], times=3
    )
    rao = browser_of(ward.rao)
    address = f"/console/{ward.doctor.id}"
    assert "What you usually diagnose" in rao.get(f"{address}/").content.decode()

    def press(action: str, **form: Any) -> str:
        told = {"visit": visit.id, "version": visit.version, "key": f"{action} {form}"}
        return rao.post(f"{address}/{action}/", told | form, follow=True).content.decode()

    press("dx-add", diagnosis="I10 Essential (primary) hypertension")
    page = press("dx-add", usual="E11.9")
    assert "Principal diagnosis" in page
    assert "What you usually diagnose" not in page
    assert [row["code"] for row in Encounter.objects.get().outcome["diagnoses"]] == ["I10", "E11.9"]
    press("dx-first", place=1)
    assert "Long-term condition" in press("dx-condition", place=0)
    press("dx-remove", place=1)
    assert [row["code"] for row in Encounter.objects.get().outcome["diagnoses"]] == ["E11.9"]
    refused = press("finish", diagnosis="not added yet")
    assert "Something is typed but not added." in refused
    assert "not added yet" in refused
    press("finish")
    assert "E11.9" in rao.get(f"/note/{visit.id}/").content.decode()
    assert "E11.9" in rao.get(f"/record/{visit.patient_id}/").content.decode()
