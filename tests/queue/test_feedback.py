"""How a visit was: one tap, words if somebody likes, and a page on which nobody is named."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.queries import actor_of_tracking, tracking_code
from apps.audit.models import AuditEntry
from apps.core.policy import Role
from apps.queue import commands
from apps.queue.commands.moving import NotAllowed
from apps.queue.models import Feedback, Visit
from apps.queue.rules.feedback import Face, Opinion, opinion
from tests.browsers import browser_of
from tests.marks import tells
from tests.ward import Ward

WORDS = "Dr Rao took time. The toilet is dirty."


@pytest.fixture
def seen(ward: Ward) -> Visit:
    """A visit that is finished."""
    ward.keep_real_time()
    return _finished(ward)


def _finished(ward: Ward, name: str = "Lakshmi Devi") -> Visit:
    visit = ward.arrive(ward.register(name), doctor_id=ward.doctor.id)
    ward.call_next()
    ward.start(ward.fresh(visit))
    ward.complete(ward.fresh(visit))
    return ward.fresh(visit)


def path_of(visit: Visit) -> str:
    return f"/t/{tracking_code(visit.id, timezone.now())}/"


def say(visit: Visit, **form: Any) -> Any:
    return Client().post(f"{path_of(visit)}feedback/", {"key": uuid4(), **form})


def test_an_opinion_counts_faces():
    assert opinion([3, 3, 1, 2]) == Opinion(good=2, fair=1, bad=1)
    assert (opinion([3, 3, 1]).content, opinion([]).content) == (67, None)


def test_one_tap_is_enough_and_the_page_thanks(seen: Visit):
    page = Client().get(path_of(seen)).content.decode()
    assert "How was your visit?" in page
    assert say(seen, face=3).url == path_of(seen)
    kept = Feedback.objects.get()
    assert (kept.face, kept.comment, kept.token_id, kept.doctor_id) == (Face.GOOD, "", seen.token_id, seen.doctor_id)
    assert "Thank you for telling us" in Client().get(path_of(seen)).content.decode()


def test_words_come_after_and_thinking_again_replaces_the_face_only(seen: Visit):
    say(seen, face=3)
    say(seen, face=3, comment=WORDS)
    say(seen, face=1)
    kept = Feedback.objects.get()
    assert (kept.face, kept.comment) == (Face.BAD, WORDS)
    say(seen, face=1, comment="")
    assert Feedback.objects.get().comment == ""


def test_words_stand_sealed_and_out_of_the_audit_trail(seen: Visit):
    say(seen, face=2, comment=WORDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT comment FROM queue_feedback")
        assert "toilet" not in cursor.fetchone()[0]
    entry = AuditEntry.objects.get(action="visit.feedback")
    assert entry.after == {"face": 2, "words": True}


@pytest.mark.parametrize("form", [{}, {"face": 0}, {"face": 4}, {"face": "x"}, {"face": 3, "comment": "x" * 501}])
def test_what_is_no_face_or_too_long_is_refused(seen: Visit, form: dict[str, Any]):
    assert say(seen, **form).status_code == 400
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(("language", "told"), [("en", "nothing is lost yet"), ("hi", "500"), ("ta", "500")])
def test_words_that_are_too_long_come_back_with_what_is_wrong(seen: Visit, language: str, told: str):
    browser = Client(headers={"Accept-Language": language})
    words = "long words " * 50
    answer = browser.post(f"{path_of(seen)}feedback/", {"key": uuid4(), "face": 2, "comment": words})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert words.strip() in page
    assert re.search(rf'role="alert" id="comment-error">.*{told}', page)
    assert re.search(r'name="face" value="2"', page)
    assert ("shorten" in page) == (language == "en")


def test_words_about_what_is_not_finished_are_no_page(ward: Ward):
    visit = ward.arrive(ward.register("Asha"))
    assert say(visit, face=2, comment="x" * 501).status_code in {302, 404}


def test_a_line_break_counts_as_one_letter_as_in_the_browser(seen: Visit):
    words = "x" * 249 + "\n" + "y" * 250
    assert say(seen, face=3, comment=words.replace("\n", "\r\n")).status_code == 302
    assert Feedback.objects.get().comment == words


def test_nobody_is_asked_before_the_end_and_nothing_is_kept(ward: Ward):
    ward.keep_real_time()
    visit = ward.arrive()
    assert "How was your visit?" not in Client().get(path_of(visit)).content.decode()
    assert say(visit, face=3).url == path_of(visit)
    assert not Feedback.objects.exists()
    holder = actor_of_tracking(tracking_code(visit.id, ward.now), ward.now)
    assert holder
    with pytest.raises(NotAllowed):
        commands.say_how_it_was(actor=holder, now=ward.now, visit_id=visit.id, face=3)


def test_another_link_says_nothing_about_it(seen: Visit, ward: Ward):
    assert Client().post("/t/2222222222/feedback/", {"face": 3}).status_code == 404
    other = ward.arrive()
    say(other, face=1)
    assert not Feedback.objects.exists()


def test_the_hospital_reads_it_without_names(seen: Visit, ward: Ward):
    say(seen, face=2, comment=WORDS)
    say(_finished(ward, "Ravi Kumar"), face=3)
    page = browser_of(ward.admin).get("/admin/desk/feedback/").content.decode()
    assert WORDS in page
    assert "50 %" in page
    assert ward.department.name in page
    for secret in ("Lakshmi", "Ravi"):
        assert secret not in page
    assert not tells(page, seen.token.label)
    with_words = browser_of(ward.admin).get("/admin/desk/feedback/?only=words").content.decode()
    assert WORDS in with_words
    assert with_words.count('<td dir="auto">') == 1


def test_the_page_says_so_where_nobody_has_said_anything(ward: Ward):
    assert "Nobody has said anything yet" in browser_of(ward.admin).get("/admin/desk/feedback/").content.decode()


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.NURSE, Role.CASHIER, Role.DOCTOR])
def test_only_administrators_read_it(ward: Ward, role: Role):
    actor = ward.rao if role is Role.DOCTOR else ward.as_role(role)
    assert browser_of(actor).get("/admin/desk/feedback/").status_code == 403
