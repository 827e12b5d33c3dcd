"""A note is saved as it is typed, signed once, and then stays; what comes after is added."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import Actor
from apps.encounters.commands import Signed, add_addendum, complete, save_note, sign_off, undo
from apps.encounters.commands.notes import NotConsulting, NoteChanged, NoteNotSigned, NoteSigned, NothingWritten
from apps.encounters.models import Addendum, Encounter, NoteVersion, SignedNote
from apps.encounters.rules.notes import LONGEST_PART, changed, is_empty, note_hash
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward

CANARY = "Canary Zinnober coughs"


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward(departments=2) as opened:
        yield opened


@pytest.fixture
def visit(ward: Ward) -> Any:
    """Somebody whom Dr Rao has called in."""
    ward.arrive()
    return ward.start(ward.call_next())


def write(ward: Ward, visit: Any, version: int = 0, actor: Actor | None = None, **parts: str) -> Encounter:
    parts = parts or {"subjective": CANARY}
    return save_note(actor=actor or ward.rao, now=ward.now, visit_id=visit.id, version=version, **parts)


def sign(ward: Ward, visit: Any, version: int = 1) -> SignedNote:
    return sign_off(actor=ward.rao, now=ward.now, visit_id=visit.id, version=version)


def test_what_is_told_replaces_parts_and_spaces_say_nothing():
    draft = {"subjective": "Fever", "plan": "Rest"}
    assert changed(draft, {"plan": " Rest \n"}) is None
    assert changed(draft, {"plan": "Sleep"}) == {
        "subjective": "Fever", "objective": "", "assessment": "", "plan": "Sleep", "advice": "",
    }  # fmt: skip
    assert is_empty({"plan": ""})


def test_the_hash_is_that_of_the_content_whatever_its_order():
    assert note_hash({"a": 1, "b": "ठीक"}) == note_hash({"b": "ठीक", "a": 1})
    assert note_hash({"a": 1}) != note_hash({"a": 2})


def test_every_saved_draft_is_kept_and_saving_the_same_again_is_none(ward: Ward, visit: Any):
    write(ward, visit)
    write(ward, visit, version=1, plan="Rest")
    assert write(ward, visit, version=2, plan="Rest ").version == 2
    kept = NoteVersion.objects.order_by("version")
    assert [(row.version, row.content["subjective"], row.content["plan"]) for row in kept] == [
        (1, CANARY, ""),
        (2, CANARY, "Rest"),
    ]


def test_two_windows_do_not_overwrite_each_other(ward: Ward, visit: Any):
    write(ward, visit)
    with pytest.raises(NoteChanged):
        write(ward, visit, version=0, subjective="From the other window")
    assert NoteVersion.objects.get().content["subjective"] == CANARY


def test_a_note_is_begun_in_consultation_alone(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(Forbidden):
        write(ward, visit)
    called = ward.call_next()
    with pytest.raises(NotConsulting):
        write(ward, called)
    assert not Encounter.objects.exists()


def test_only_the_doctor_of_the_visit_writes(ward: Ward, visit: Any):
    for actor in (ward.nurse, ward.meera, ward.admin, ward.as_doctor(add_doctor(ward, [ward.department]))):
        with pytest.raises(Forbidden):
            write(ward, visit, actor=actor)


def test_what_no_part_can_hold_is_refused(ward: Ward, visit: Any):
    with pytest.raises(Invalid):
        write(ward, visit, plan="x" * (LONGEST_PART + 1))


def test_a_signed_note_takes_addenda_and_nothing_else(ward: Ward, visit: Any):
    write(ward, visit)
    with pytest.raises(NoteNotSigned):
        add_addendum(actor=ward.rao, now=ward.now, visit_id=visit.id, text="Too early")
    signed = sign(ward, visit)
    assert signed.hash == note_hash(SignedNote.objects.get().content)
    with pytest.raises(NoteSigned):
        write(ward, visit, version=1, plan="Later")
    with pytest.raises(NoteSigned):
        sign(ward, visit)
    colleague = ward.as_doctor(add_doctor(ward, [ward.department]))
    add_addendum(actor=colleague, now=ward.now, visit_id=visit.id, text="Result came")
    assert Addendum.objects.get().text == "Result came"
    with pytest.raises(Forbidden):
        add_addendum(actor=ward.nurse, now=ward.now, visit_id=visit.id, text="No")


def test_nothing_is_signed_where_nothing_is_written(ward: Ward, visit: Any):
    with pytest.raises(NothingWritten):
        sign(ward, visit, 0)
    write(ward, visit)
    write(ward, visit, version=1, subjective="")
    with pytest.raises(NothingWritten):
        sign(ward, visit, 2)


def test_finishing_signs_what_was_written_with_what_was_typed_last(ward: Ward, visit: Any):
    write(ward, visit)
    complete(actor=ward.rao, now=ward.now, visit_id=visit.id, note={"plan": "Rest"}, note_version=1)
    signed = SignedNote.objects.get()
    assert (signed.content["subjective"], signed.content["plan"], signed.version) == (CANARY, "Rest", 2)
    assert OutboxEvent.objects.filter(type="VISIT_SIGNED_OFF", entity_id=visit.id).count() == 1


def test_finishing_over_another_windows_note_finishes_nothing(ward: Ward, visit: Any):
    write(ward, visit)
    with pytest.raises(NoteChanged):
        complete(actor=ward.rao, now=ward.now, visit_id=visit.id, note={"plan": "Rest"}, note_version=0)
    assert ward.fresh(visit).state == "IN_CONSULTATION"
    sign(ward, visit)
    with pytest.raises(NoteSigned):
        complete(actor=ward.rao, now=ward.now, visit_id=visit.id, note={"plan": "Rest"}, note_version=1)


def test_finishing_without_a_word_signs_nothing(ward: Ward, visit: Any):
    complete(actor=ward.rao, now=ward.now, visit_id=visit.id, note={"plan": " "}, note_version=0)
    assert not Encounter.objects.exists()


def test_a_visit_whose_note_was_signed_is_not_taken_back(ward: Ward, visit: Any):
    write(ward, visit)
    done = ward.complete(visit)
    ward.now += timedelta(seconds=5)
    with pytest.raises(Signed):
        undo(actor=ward.rao, now=ward.now, visit_id=done.id)


def test_the_words_stand_sealed_and_appear_in_no_event_and_no_audit_row(ward: Ward, visit: Any):
    write(ward, visit)
    sign(ward, visit)
    add_addendum(actor=ward.rao, now=ward.now, visit_id=visit.id, text=CANARY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT content FROM encounters_noteversion UNION ALL SELECT content FROM encounters_signednote"
            " UNION ALL SELECT text FROM encounters_addendum"
        )
        stored = cursor.fetchall()
    told = [*AuditEntry.objects.values_list("before", "after", "reason"), *OutboxEvent.objects.values_list("payload")]
    assert len(stored) == 3
    assert "Zinnober" not in str(stored)
    assert "Zinnober" not in str(told)


@pytest.mark.parametrize("table", ["noteversion", "signednote", "addendum"])
@pytest.mark.parametrize(
    "change", ["UPDATE encounters_{} SET facility_id = facility_id, {}", "DELETE FROM encounters_{}"]
)
def test_what_was_written_can_be_neither_changed_nor_removed(ward: Ward, visit: Any, table: str, change: str):
    write(ward, visit)
    sign(ward, visit)
    add_addendum(actor=ward.rao, now=ward.now, visit_id=visit.id, text="Later")
    column = "text = ''" if table == "addendum" else "content = ''"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table, column))


def test_reading_is_for_the_department_and_leaves_a_trace(ward: Ward, visit: Any):
    write(ward, visit)
    other = ward.as_doctor(add_doctor(ward, [ward.departments[1]]))
    assert browser_of(ward.rao).get(f"/note/{visit.id}/").status_code == 200
    opened = AuditEntry.objects.filter(action="patient.opened", entity_id=str(visit.patient_id), actor_id=ward.rao.id)
    assert opened.count() == 1
    for stranger in (other, ward.nurse, ward.meera):
        assert browser_of(stranger).get(f"/note/{visit.id}/").status_code == 403


def test_the_console_saves_as_it_is_typed_and_says_when_it_cannot(ward: Ward, visit: Any):
    browser: Client = browser_of(ward.rao)
    address = f"/console/{ward.doctor.id}/note/{visit.id}/"
    first = browser.post(address, {"note_version": 0, "subjective": "Fever"})
    assert (first.status_code, first.json()["version"]) == (200, 1)
    page = browser.get(f"/console/{ward.doctor.id}/").content.decode()
    assert "Fever</textarea>" in page
    assert 'name="note_version" form="act" value="1"' in page
    stale = browser.post(address, {"note_version": 0, "subjective": "Other"})
    assert stale.status_code == 409
    assert "another window" in stale.json()["detail"]
    assert browser_of(ward.nurse).post(address, {"note_version": 1, "plan": "No"}).status_code == 403


def test_an_unsigned_note_is_signed_and_added_to_on_its_page(ward: Ward, visit: Any):
    browser = browser_of(ward.rao)
    write(ward, visit)
    assert browser.post(f"/note/{visit.id}/sign/", {"version": 1, "key": "a"}).status_code == 302
    assert browser.post(f"/note/{visit.id}/add/", {"text": "Later", "key": "b"}).status_code == 302
    page = browser.get(f"/note/{visit.id}/").content.decode()
    assert SignedNote.objects.get().hash in page
    assert "Later" in page
    assert browser.post(f"/note/{visit.id}/sign/", {"version": 1, "key": "c"}).status_code == 409
