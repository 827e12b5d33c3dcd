"""What patients read is in their language to the last word, whatever page they are on and whatever has happened."""

import re
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.accounts.queries import tracking_code
from apps.accounts.rules.credentials import ScreenUse
from apps.display.models import Board
from apps.queue import commands
from apps.queue.models import Visit
from opd import catalogue
from tests.bookings import book, cancel, open_slot, visit_type
from tests.browsers import browser_of
from tests.display.hall import paired_screen
from tests.patients.codes import PHONE
from tests.queue.test_own import signed_in_browser
from tests.ward import Ward

SPOKEN_ALOUD = ("aria-label", "title", "placeholder", "alt")
NEVER_TRANSLATED = {"English", "SMS", "UHID"}
OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class Words(HTMLParser):
    """What somebody sees or hears of a page, without what is marked as being in another language."""

    UNCLOSED = frozenset({"meta", "link", "input", "br", "hr", "path", "circle", "img"})

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language, self.texts, self.elsewhere = language, [], []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in self.UNCLOSED:
            pass
        elif self.elsewhere:
            self.elsewhere.append(tag)
        elif known.get("lang") not in (None, self.language) or tag in ("style", "script", "code"):
            self.elsewhere = [tag]
        if not self.elsewhere:
            self.texts += [known[name] or "" for name in SPOKEN_ALOUD if name in known]

    def handle_endtag(self, tag: str) -> None:
        if self.elsewhere and tag == self.elsewhere[-1]:
            self.elsewhere.pop()

    def handle_data(self, data: str) -> None:
        if not self.elsewhere:
            self.texts.append(data)


def foreign(answer: Any, language: str, ward: Ward) -> set[str]:
    """Words in Latin letters on a page that are nobody's name."""
    page = answer.content.decode()
    assert f'<html lang="{language}"' in page
    words = Words(language)
    words.feed(page)
    names = [ward.facility.name, "Hall A", "Asha Devi", "First time"]
    names += [place.name for place in ward.departments] + [doctor.name for doctor in ward.doctors]
    names += [place.room.name for place in ward.doctors if hasattr(place.room, "name")]
    known = NEVER_TRANSLATED | set(re.findall(r"[A-Za-z]{2,}", " ".join(names)))
    return set(re.findall(r"[A-Za-z]{3,}", re.sub(r"\S*https?://\S+", "", " ".join(words.texts)))) - known


def told(browser: Client, language: str) -> Client:
    """A browser whose reader has chosen a language."""
    assert browser.post("/language/", {"language": language, "next": "/"}).status_code == 302
    return browser


@pytest.mark.parametrize("language", OTHERS)
def test_every_page_of_a_family_is_in_its_language(ward: Ward, language: str):
    asha = ward.register("Asha Devi", phone=PHONE, language=language)
    phone = told(signed_in_browser(), language)
    visit_type(ward.department, 20, "First time")
    slot, full = open_slot(ward, 30), open_slot(ward, 60, capacity=1)
    row = book(ward, slot, patient=asha).appointment
    book(ward, full)
    waits = book(ward, full, patient=asha).waiting
    doctor, place = f"/book/{ward.doctor.id}/", f"/book/?for={asha.id}"
    link = f"/t/{tracking_code(row.id, timezone.now())}/"
    paths = ["/", "/login", "/login/phone/", "/me/", "/me/settings/", "/book/", place]
    paths += [f"{place}&department={ward.department.id}"]
    paths += [f"{doctor}?for={asha.id}", f"{doctor}check/?for={asha.id}&slot={slot.id}", f"/me/waiting/{waits.id}/"]
    paths += [f"/me/bookings/{row.id}/{deed}" for deed in ("", "move/", "cancel/", "here/")]
    paths += [link, f"{link}cancel/", "/t/2222222222/", "/nowhere/", "/checkin?h=wrong"]
    for path in paths:
        assert not foreign(phone.get(path, follow=True), language, ward), path
    assert not foreign(phone.post("/login/phone/", {"phone": "12"}), language, ward)
    assert not foreign(phone.post("/login/phone/", {"phone": "+919876500009"}), language, ward)
    assert not foreign(phone.post(f"/me/bookings/{row.id}/move/", {"version": 1}), language, ward)
    for press in ("sms-off", "sms-on", "push-on", "push-test", "email-confirm", "email-on", "email-drop"):
        assert not foreign(phone.post(f"/me/settings/{press}/", {"key": uuid4()}, follow=True), language, ward), press
    open_slot(ward, 90)
    cancel(ward, row, "")
    sorry = phone.get(link)
    assert 'name="slot"' in sorry.content.decode()
    assert not foreign(sorry, language, ward), "cancelled by us"


@pytest.mark.parametrize("language", OTHERS)
def test_the_slip_page_is_in_its_language_in_every_state(ward: Ward, language: str):
    phone = told(Client(), language)
    ward.arrive(doctor_id=ward.doctor.id)
    visit = ward.arrive(doctor_id=ward.doctor.id)
    path = f"/t/{tracking_code(visit.id, timezone.now())}/"
    assert not foreign(phone.get(path), language, ward)
    for state in ("CALLED", "IN_CONSULTATION", "ON_HOLD", "COMPLETED", "NO_SHOW", "CANCELLED", "SCANNED"):
        ended = timezone.now() if state in ("COMPLETED", "NO_SHOW", "CANCELLED") else None
        Visit.objects.filter(id=visit.id).update(state=state, ended_at=ended)
        assert not foreign(phone.get(path), language, ward), state
    token, _ends = commands.create_checkin_link(
        actor=ward.meera, now=timezone.now(), department_id=ward.department.id, expires_in=60
    )
    assert not foreign(phone.get(f"/checkin?h={token}"), language, ward)
    assert not foreign(phone.post(f"/checkin?h={token}", {"age": "many"}), language, ward)


@pytest.mark.parametrize("language", OTHERS)
def test_the_kiosk_is_in_its_language_at_every_step(ward: Ward, language: str):
    hall = Board.objects.create(facility=ward.facility, slug="hall-a", name="Hall A")
    hall.departments.set(ward.departments[:1])
    kiosk = told(paired_screen(ward.admin, hall, use=ScreenUse.KIOSK)[0], language)
    asha = ward.register("Asha Devi", phone="98765 41947")
    slot = open_slot(ward, 1)
    row = book(ward, slot, patient=asha, doctor_id=slot.doctor_id).appointment
    assert not foreign(kiosk.get("/kiosk/"), language, ward)
    steps = ({"phone": "12"}, {"phone": "9876500001"}, {"phone": "9876541947"}, {"booking": str(row.id)})
    for sent in steps:
        assert not foreign(kiosk.post("/kiosk/", sent), language, ward), sent
    assert not foreign(kiosk.post("/kiosk/help/"), language, ward)


def test_who_shows_a_page_to_patients_has_its_sentences_translated_for_them():
    pages = re.compile(r'render\([^)]*"(track|me)/')
    shown = [path for path in (settings.BASE_DIR / "apps").rglob("*.py") if pages.search(path.read_text())]
    assert len(shown) > 5
    assert not [path for path in shown if catalogue._in_python(path) and not catalogue.is_for_patients(path)]


def test_no_file_of_patients_sentences_was_moved_away():
    files = [
        path.relative_to(settings.BASE_DIR)
        for folder in (*catalogue.PYTHON, *catalogue.TEMPLATES)
        for path in (settings.BASE_DIR / folder).rglob("*")
    ]
    assert not [name for name in catalogue.FOR_PATIENTS if not any(path.match(name) for path in files)]


def test_the_desks_slip_is_in_the_patients_language_and_says_to_scan_in_all(ward: Ward):
    visit = ward.arrive(ward.register("Asha Devi", language="ta"), doctor_id=ward.doctor.id)
    page = browser_of(ward.meera).get(f"/admin/desk/slip/{visit.id}/").content.decode()
    paper = page[page.index('<section class="paper"') :]
    assert paper.startswith('<section class="paper" lang="ta">')
    for words in ("மருத்துவர்", "தேதி", "Scan to see your place in the queue", "कतार"):
        assert words in paper
    assert "Print" in page[: page.index('<section class="paper"')]


def test_pages_for_staff_speak_only_what_staff_work_in(ward: Ward):
    desk = told(browser_of(ward.meera), "ta")
    for path in ("/admin/desk/today/", "/console/", "/account/"):
        page = desk.get(path).content.decode()
        assert 'lang="en"' in page[:300]
        assert 'value="ta"' not in page
    assert 'value="ta"' in Client().get("/").content.decode()
