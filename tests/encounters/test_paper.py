"""A prescription on paper: in the patient's language, only what was signed, only for those who may read it; each print
and each file is on record."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.audit.models import AuditEntry
from apps.core import paper
from apps.core.languages import named
from apps.core.policy import Role
from apps.encounters.commands import complete, save_note, sign_off
from apps.encounters.commands.ordering import take_back_order
from apps.encounters.commands.prescribing import prescribe
from apps.encounters.commands.vitals import take_vitals
from apps.encounters.queries.sheet import NothingSigned, sheet_of
from apps.patients.rules.login_codes import FRESH
from apps.queue.queries.visits import visit_of
from apps.scheduling.models import Department
from tests.browsers import browser_of
from tests.encounters.lab import Lab
from tests.patients.codes import PHONE, phone_of
from tests.ward import Ward, open_ward

PARACETAMOL = {"medicine": "Paracetamol 500 mg tablet", "frequency": "1-0-1", "days": 3, "instructions": "after food"}
ORS = {"medicine": "ORS", "frequency": "SOS", "days": 1, "instructions": "खाने के बाद", "dose": "200 ml"}
SIGNS = {"systolic": Decimal(120), "diastolic": Decimal(80), "pulse": Decimal(72)}
HOSTILE = {"medicine": '#read("/etc/passwd") <script>alert(1)</script>', "frequency": "1-1-1-1", "days": 2}
CHILD = {"medicine": "Zinc", "frequency": "whenever he likes", "days": 14}


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward(departments=2, doctors=2) as ward:
        ward.keep_real_time()
        yield ward


def seen(ward: Ward, language: str = "hi", lines: Any = (PARACETAMOL, ORS), text: str = "Rest.\nDrink water.") -> Any:
    """A finished visit at which this was prescribed, with its vital signs."""
    patient = ward.register(name="Asha Devi", phone=PHONE, language=language)
    visit = ward.arrive(patient)
    nurse = ward.as_role(Role.NURSE)
    take_vitals(actor=nurse, now=ward.now, visit_id=visit.id, **SIGNS)
    ward.call_next()
    ward.start(visit)
    rao = ward.as_doctor(ward.doctor)
    if lines:
        prescribe(actor=rao, now=ward.now, visit_id=visit.id, items=lines)
    complete(actor=rao, now=ward.now, visit_id=visit.id, prescription_text=text)
    return visit_of(visit.id)


def opened(reason: str) -> list[AuditEntry]:
    return list(AuditEntry.trail.filter(action="patient.opened", reason=reason))


def test_the_paper_speaks_the_patients_language_and_keeps_the_doctors_words(ward: Ward):
    told = sheet_of(seen(ward))
    assert told["language"] == "hi"
    assert told["medicines"]["columns"] == ["सुबह", "दोपहर", "रात"]
    first, second = told["medicines"]["rows"]
    assert (first["medicine"], first["at"]) == ("Paracetamol 500 mg tablet", ["1", "0", "1"])
    assert first["how"] == "3 दिन तक, खाने के बाद"
    assert second["how"] == "200 ml, सिर्फ़ ज़रूरत पर, 1 दिन तक, खाने के बाद"
    assert told["after"] == [{"title": "सलाह", "lines": ["Rest.", "Drink water."]}]
    assert "120/80 mmHg" in told["before"][0]["lines"][0]


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "Tests ordered for you"), ("hi", "आपके लिए लिखी गई जाँचें"), ("ta", "உங்களுக்கு எழுதப்பட்ட பரிசோதனைகள்")],
)
def test_the_tests_that_were_ordered_stand_on_it_but_not_those_taken_back(ward: Ward, language: str, title: str):
    lab = Lab(ward)
    visit = lab.called_in(name="Asha Devi", language=language)
    _blood, salts, _chest = lab.order(visit, "CBC", "ELEC", "XCHEST")
    take_back_order(actor=ward.rao, now=ward.now, order_id=salts.id)
    complete(actor=ward.rao, now=ward.now, visit_id=visit.id, prescription_text="Rest.")
    told = sheet_of(visit_of(visit.id))
    tests = {
        department.code: str(named(department)) for department in Department.objects.filter(code__in=("LAB", "XRA"))
    }
    assert told["after"][1]["title"] == title
    assert told["after"][1]["lines"] == [f"{tests['LAB']}: Complete blood count", f"{tests['XRA']}: X-ray chest"]
    assert paper.pdf("prescription.typ", told, standards=("a-2u",)).startswith(b"%PDF-")
    assert "Complete blood count" not in str(sheet_of(visit_of(visit.id), whole=False))


@pytest.mark.parametrize("language", ["en", "hi", "ta"])
def test_tests_stand_on_a_paper_of_their_own_where_nothing_was_signed(ward: Ward, language: str):
    lab = Lab(ward)
    visit = lab.called_in(name="Asha Devi", phone=PHONE, language=language)
    orders = lab.order(visit, "CBC", "ELEC")
    complete(actor=ward.rao, now=ward.now, visit_id=visit.id)
    told = sheet_of(visit_of(visit.id))
    assert (told["before"], told["medicines"]["rows"]) == ([], [])
    (tests,) = told["after"]
    assert tests["lines"][0].endswith("Complete blood count, Electrolytes")
    assert told["signed"].startswith({"en": "Ordered by ", "hi": "जाँच लिखी: ", "ta": "எழுதியவர்: "}[language])
    assert paper.pdf("prescription.typ", told, standards=("a-2u",)).startswith(b"%PDF-")
    phone = phone_of(timezone.now())
    assert f"/me/prescriptions/{visit.id}/" in phone.get("/me/prescriptions/").content.decode()
    assert "Complete blood count" in phone.get(f"/me/prescriptions/{visit.id}/").content.decode()
    for order in orders:
        take_back_order(actor=ward.rao, now=ward.now, order_id=order.id)
    assert phone.get(f"/me/prescriptions/{visit.id}/").status_code == 404
    with pytest.raises(NothingSigned):
        sheet_of(visit_of(visit.id))


@pytest.mark.parametrize(
    ("language", "prescription", "advice", "tests"),
    [
        ("en", "Prescription", "Doctor's advice", "Tests ordered"),
        ("hi", "दवा की पर्ची", "डॉक्टर की सलाह", "जाँच की पर्ची"),
        ("ta", "மருந்துச் சீட்டு", "மருத்துவரின் ஆலோசனை", "பரிசோதனைச் சீட்டு"),
    ],
)
def test_each_paper_is_called_by_what_stands_on_it(
    ward: Ward, language: str, prescription: str, advice: str, tests: str
):
    lab = Lab(ward)
    papers = [seen(ward, language)]
    for signs in (True, False):
        visit = lab.called_in(name="Asha Devi", phone=PHONE, language=language)
        lab.order(visit, "CBC")
        if signs:
            save_note(actor=ward.rao, now=ward.now, visit_id=visit.id, version=0, advice="Drink water.")
            sign_off(actor=ward.rao, now=ward.now, visit_id=visit.id, version=1)
        complete(actor=ward.rao, now=ward.now, visit_id=visit.id)
        papers.append(visit_of(visit.id))
    assert [sheet_of(visit)["title"] for visit in papers] == [prescription, advice, tests]
    desk, phone = browser_of(ward.rao), phone_of(timezone.now())
    for visit, title in zip(papers, ("Prescription", "Doctor&#x27;s advice", "Tests ordered"), strict=True):
        assert f"<title>{title} " in desk.get(f"/prescription/{visit.id}/").content.decode()
        assert f"<title>{title} " in phone.get(f"/me/prescriptions/{visit.id}/").content.decode()
        assert f"<b>{title}</b>" in phone.get("/me/prescriptions/").content.decode()


def test_the_console_offers_to_print_the_paper_of_whoever_was_finished_with_last(ward: Ward):
    lab, words = Lab(ward), []
    console = browser_of(ward.rao)

    def offered() -> list[str]:
        shown = console.get(f"/console/{ward.doctor.id}/").content.decode()
        return re.findall(
            r'href="/prescription/([^/]+)/[?]print=now"[^>]*aria-keyshortcuts="Control[+]P">.*?</svg>([^<]+)', shown
        )

    assert offered() == []
    for kind in ("Print the prescription", "Print the tests ordered", "Print the advice", ""):
        visit = lab.called_in(name=f"Asha {len(words)}")
        if "tests" in kind:
            lab.order(visit, "CBC")
        if "advice" in kind:
            save_note(actor=ward.rao, now=ward.now, visit_id=visit.id, version=0, advice="Drink water.")
            sign_off(actor=ward.rao, now=ward.now, visit_id=visit.id, version=1)
        ward.now += timedelta(seconds=1)
        complete(actor=ward.rao, now=ward.now, visit_id=visit.id, prescription_text="Rest." if "prescr" in kind else "")
        words = [(str(visit.id), kind)] if kind else words
        assert [(one, said.strip()) for one, said in offered()] == words


def test_what_a_doctor_wrote_in_their_own_way_stays(ward: Ward):
    told = sheet_of(seen(ward, lines=[HOSTILE, CHILD]), language="en")
    four, free = told["medicines"]["rows"]
    assert four["how"] == "Morning 1, Noon 1, Evening 1, Night 1, for 2 days"
    assert free["how"] == "whenever he likes, for 14 days"
    assert "खाने के बाद" not in str(told)


def test_another_language_is_chosen_and_an_unknown_one_is_the_patients(ward: Ward):
    visit = seen(ward, language="ta")
    assert [sheet_of(visit, language=code)["language"] for code in ("en", "", "xx")] == ["en", "ta", "ta"]


@pytest.mark.parametrize("language", ["en", "hi", "ta"])
def test_no_letter_is_missing_on_the_file_in_any_language(ward: Ward, language: str):
    """PDF/A refuses a paper on which a letter could not be shown."""
    made = paper.pdf("prescription.typ", sheet_of(seen(ward, language=language)), standards=("a-2u",))
    script = {"en": b"NotoSans-", "hi": b"NotoSansDevanagari", "ta": b"NotoSansTamil"}[language]
    assert script in made


def test_nothing_is_printed_that_was_not_signed(ward: Ward):
    visit = ward.arrive()
    with pytest.raises(NothingSigned):
        sheet_of(visit_of(visit.id))
    ward.call_next()
    ward.start(visit)
    prescribe(actor=ward.as_doctor(ward.doctor), now=ward.now, visit_id=visit.id, items=[PARACETAMOL])
    with pytest.raises(NothingSigned):
        sheet_of(visit_of(visit.id))


def test_the_doctor_prints_and_keeps_it_and_each_time_is_on_record(ward: Ward):
    visit = seen(ward, lines=[PARACETAMOL, HOSTILE])
    rao = browser_of(ward.as_doctor(ward.doctor))
    console = rao.get(f"/console/{ward.doctor.id}/").content.decode()
    assert f"/prescription/{visit.id}/?print=now" in console
    for _ in range(2):
        page = rao.get(f"/prescription/{visit.id}/", {"language": "en"})
        assert "&lt;script&gt;" in page.content.decode()
    assert len(opened("prescription print")) == 2
    file = rao.get(f"/prescription/{visit.id}/file/")
    assert file.content.startswith(b"%PDF-")
    assert file["Content-Type"] == "application/pdf"
    assert file["Content-Disposition"].startswith('attachment; filename="prescription-')
    assert "Asha" not in unquote(file["Content-Disposition"])
    assert file["Cache-Control"] == "no-store"
    assert [entry.actor_id for entry in opened("prescription file")] == [ward.doctor.staff_id]


def test_only_those_who_may_read_it_get_it_and_a_pharmacist_the_medicines_alone(ward: Ward):
    visit = seen(ward)
    stranger, meera = browser_of(ward.as_doctor(ward.doctors[1])), browser_of(ward.as_role(Role.RECEPTION))
    for path in (f"/prescription/{visit.id}/", f"/prescription/{visit.id}/file/"):
        assert stranger.get(path).status_code == 404
        assert meera.get(path).status_code == 403
        assert Client().get(path).status_code == 302
    pharmacist = browser_of(ward.as_role(Role.PHARMACIST, [ward.department]))
    shown = pharmacist.get(f"/prescription/{visit.id}/", {"language": "en"}).content.decode()
    assert "Paracetamol 500 mg tablet" in shown
    assert "120/80" not in shown


def test_a_family_reads_and_keeps_its_own_after_a_fresh_code(ward: Ward):
    visit, other = seen(ward), ward.arrive(ward.register(name="Ravi Kumar", phone="+919811122334"))
    phone = phone_of(timezone.now())
    assert f"/me/prescriptions/{visit.id}/" in phone.get("/me/prescriptions/").content.decode()
    assert "Paracetamol" in phone.get(f"/me/prescriptions/{visit.id}/").content.decode()
    assert phone.get(f"/me/prescriptions/{visit.id}/file/").content.startswith(b"%PDF-")
    assert {entry.actor_type for entry in opened("prescription file")} == {"patient"}
    for path in (f"/me/prescriptions/{other.id}/", f"/me/prescriptions/{other.id}/file/"):
        assert phone.get(path).status_code == 404


def test_an_old_sign_in_is_asked_for_a_new_code_and_comes_back(ward: Ward):
    visit = seen(ward)
    phone = phone_of(timezone.now())
    Credential.objects.filter(kind="patient_login").update(issued_at=timezone.now() - FRESH - timedelta(seconds=1))
    for path in ("/me/prescriptions/", f"/me/prescriptions/{visit.id}/", f"/me/prescriptions/{visit.id}/file/"):
        sent = phone.get(path)
        assert (sent.status_code, unquote(sent["Location"])) == (302, f"/login/phone/?next={path}")
    assert "This needs a new code" in phone.get(sent["Location"]).content.decode()
    assert "Paracetamol" not in phone.get("/me/").content.decode()
    assert opened("prescription") == []


def test_a_paper_that_cannot_be_made_is_a_sentence_and_no_error(ward: Ward, monkeypatch):
    visit = seen(ward)
    monkeypatch.setattr(paper, "TEMPLATES", paper.TEMPLATES / "gone")
    refused = browser_of(ward.as_doctor(ward.doctor)).get(f"/prescription/{visit.id}/file/")
    assert refused.status_code == 503
    assert "The paper could not be made just now" in refused.content.decode()
