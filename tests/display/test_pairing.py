"""A screen gets its board by a code that an administrator types, keeps it until that is taken back, and can do no
more with it than look."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.accounts.commands import TooManyWrongCodes
from apps.accounts.models import Credential, FailedTries
from apps.accounts.queries import actor_of_credential, actor_of_token
from apps.accounts.rules.credentials import SCREEN_LIFETIME
from apps.audit.models import AuditEntry
from apps.core.errors import DomainError, Forbidden, NotFound
from apps.core.policy import PUBLIC, Permission
from apps.display.commands import TooManyWaiting, ask_to_pair, pair, unpair
from apps.display.models import PairingRequest
from apps.display.rules.pairing import (
    OPEN_PAIRINGS_OF_ADDRESS,
    PAIRING_CODE_LENGTH,
    pairing_code,
    read_pairing_code,
    shown_pairing_code,
)
from apps.live.queries import admit
from tests.architecture.test_policy import ADDRESSES
from tests.browsers import browser_of
from tests.display.hall import closed_board, code_on, paired_screen, waiting_screen
from tests.marks import tells
from tests.ward import Ward, open_ward

SCREENS = "/admin/screens/"


def typed(board: Any, code: str, label: str = "beside the lift") -> dict[str, Any]:
    """The administrator's form."""
    return {"code": code, "board": str(board.id), "label": label, "key": str(uuid4())}


def test_a_screen_shows_its_board_once_its_code_was_typed(ward: Ward):
    board = closed_board(ward)
    screen, code = waiting_screen()
    assert len(code.replace(" ", "")) == PAIRING_CODE_LENGTH
    office = browser_of(ward.admin)
    assert office.post(SCREENS, typed(board, code.lower().replace(" ", "-"))).url == SCREENS
    assert screen.get("/display/").url == "/display/corridor/"
    page = screen.get("/display/corridor/")
    assert page.status_code == 200
    assert 'id="board"' in page.content.decode()
    assert screen.get("/display/corridor/view/").status_code == 200
    listed = office.get(SCREENS).content.decode()
    for words in ("Corridor", "beside the lift", ward.admin.name, "here now"):
        assert words in listed
    entry = AuditEntry.objects.get(action="screen.paired")
    assert entry.actor_id == ward.admin.id
    assert entry.after["board"] == "Corridor"


def test_the_table_keeps_neither_the_code_nor_the_secret(ward: Ward):
    screen, code = waiting_screen()
    row = PairingRequest.objects.get()
    kept = " ".join(str(value) for value in vars(row).values())
    assert read_pairing_code(code) not in kept
    assert screen.cookies[settings.SCREEN_COOKIE_NAME].value not in kept
    assert "127.0.0.1" not in kept


def test_the_screens_cookie_is_out_of_scripts_reach_and_is_kept_as_long_as_it_is_used(ward: Ward):
    screen, credential = paired_screen(ward.admin, closed_board(ward))
    cookie = screen.get("/display/corridor/").cookies[settings.SCREEN_COOKIE_NAME]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Lax", "/", 400 * 86_400)
    assert cookie.key != settings.SESSION_COOKIE_NAME
    later = timezone.now() - timedelta(days=300)
    Credential.objects.filter(id=credential.id).update(issued_at=later, last_seen_at=later)
    screen.get("/display/corridor/view/")
    credential.refresh_from_db()
    assert credential.expires_at > timezone.now() + SCREEN_LIFETIME - timedelta(minutes=1)


def test_opening_the_page_writes_nothing_and_asking_is_a_form(ward: Ward):
    page = Client().get("/display/")
    assert page["Cache-Control"] == "no-store"
    assert "data-ask" in page.content.decode()
    assert not PairingRequest.objects.exists()
    assert Client(enforce_csrf_checks=True).post("/display/").status_code == 403


def test_a_browser_without_cookies_is_told_and_does_not_ask_for_ever(db: None):
    page = Client().get("/display/?asked").content.decode()
    assert "keeps no cookies" in page
    assert "data-ask" not in page


def test_a_code_pairs_one_screen_and_once(ward: Ward):
    board = closed_board(ward)
    _, code = waiting_screen()
    assert pair(actor=ward.admin, now=timezone.now(), code=code, board_id=board.id)
    assert pair(actor=ward.admin, now=timezone.now(), code=code, board_id=board.id) is None
    assert Credential.objects.filter(kind="screen").count() == 1


def test_a_code_is_over_after_ten_minutes_and_the_screen_asks_for_another(ward: Ward):
    board = closed_board(ward)
    screen, code = waiting_screen()
    late = timezone.now() + timedelta(minutes=10)
    assert pair(actor=ward.admin, now=late, code=code, board_id=board.id) is None
    PairingRequest.objects.update(asked_at=late - timedelta(days=1), expires_at=timezone.now())
    assert "data-ask" in screen.get("/display/").content.decode()
    screen.post("/display/")
    assert code_on(screen) != code
    assert PairingRequest.objects.count() == 1


def test_five_wrong_codes_lock_the_administrator_out_of_the_right_one_too(ward: Ward):
    board, now = closed_board(ward), timezone.now()
    _, code = waiting_screen()
    office = browser_of(ward.admin)
    for wrong in ("222222", "333333", "444444", "nothing", "5"):
        answer = office.post(SCREENS, typed(board, wrong))
        assert answer.status_code == 400
        assert "No screen shows this code" in answer.content.decode()
    assert office.post(SCREENS, typed(board, code)).status_code == 429
    with pytest.raises(TooManyWrongCodes):
        pair(actor=ward.admin, now=now, code=code, board_id=board.id)
    assert pair(actor=ward.admin, now=now + timedelta(minutes=16), code=code, board_id=board.id) is None  # over by now
    _, other = waiting_screen()
    PairingRequest.objects.update(expires_at=now + timedelta(hours=1))
    assert pair(actor=ward.admin, now=now + timedelta(minutes=32), code=other, board_id=board.id)
    assert not FailedTries.objects.exists()


def test_only_administrators_pair_and_only_with_their_own_boards(ward: Ward):
    board, now = closed_board(ward), timezone.now()
    _, code = waiting_screen()
    for actor in (ward.meera, ward.nurse, ward.rao):
        with pytest.raises(Forbidden):
            pair(actor=actor, now=now, code=code, board_id=board.id)
    assert browser_of(ward.meera).get(SCREENS).status_code == 403
    with open_ward() as other:
        with pytest.raises(NotFound):
            pair(actor=other.admin, now=now, code=code, board_id=board.id)
        assert "Corridor" not in browser_of(other.admin).get(SCREENS).content.decode()
    assert not Credential.objects.filter(kind="screen").exists()


def test_a_screen_that_is_taken_off_loses_its_board_at_the_next_request_and_says_so(ward: Ward):
    screen, credential = paired_screen(ward.admin, closed_board(ward))
    with open_ward() as other, pytest.raises(NotFound):
        unpair(actor=other.admin, now=timezone.now(), screen_id=credential.id)
    office = browser_of(ward.admin)
    asked = office.get(f"{SCREENS}{credential.id}/off/").content.decode()
    assert "beside the lift" in asked
    assert office.post(f"{SCREENS}{credential.id}/off/", {"key": str(uuid4())}).url == SCREENS
    gone = screen.get("/display/corridor/")
    assert gone.status_code == 401
    assert "no longer paired" in gone.content.decode()
    assert "data-ask" in gone.content.decode()
    assert screen.get("/display/corridor/view/").status_code == 401
    fresh = screen.post("/display/")
    assert "no longer paired" in screen.get(fresh.url).content.decode()
    assert code_on(screen)
    assert AuditEntry.objects.filter(action="screen.revoked", entity_id=str(credential.id)).exists()
    assert office.post(f"{SCREENS}{credential.id}/off/", {"key": str(uuid4())}).status_code == 404


def test_a_deleted_board_ends_its_screens(ward: Ward):
    board = closed_board(ward)
    screen, _ = paired_screen(ward.admin, board)
    answer = browser_of(ward.admin).post(f"/admin/display/board/{board.id}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not Credential.objects.filter(kind="screen", revoked_at=None).exists()
    assert screen.get("/display/").status_code == 200


def test_a_closed_board_is_kept_from_strangers_everywhere(ward: Ward):
    board = closed_board(ward)
    label = ward.arrive().token.label
    stranger = Client()
    page = stranger.get("/display/corridor/")
    assert page.status_code == 401
    assert not tells(page.content.decode(), label)
    assert "data-ask" not in page.content.decode()  # who merely passes by asks for no code
    assert stranger.get("/display/corridor/view/").status_code == 401
    assert stranger.get(f"/api/v1/live/board.{board.id}").status_code == 401
    with pytest.raises(DomainError):
        admit(None, f"board.{board.id}")
    assert b"Corridor" not in stranger.get("/").content


def test_staff_of_the_house_may_look_and_others_may_not(ward: Ward):
    board = closed_board(ward)
    assert browser_of(ward.nurse).get("/display/corridor/").status_code == 200
    assert browser_of(ward.nurse).get(f"/api/v1/live/board.{board.id}").status_code == 200
    with open_ward() as other:
        assert browser_of(other.admin).get("/display/corridor/").status_code == 401
        with pytest.raises(NotFound):
            admit(other.admin, f"board.{board.id}")


def test_an_open_board_needs_nobody_and_a_screen_of_one_board_sees_no_other(ward: Ward):
    first, second = closed_board(ward), closed_board(ward, "second")
    screen, credential = paired_screen(ward.admin, first)
    refused = screen.get("/display/second/")
    assert refused.status_code == 401
    assert "/display/corridor/" in refused.content.decode()
    actor = actor_of_credential(credential)
    assert admit(actor, f"board.{first.id}")
    with pytest.raises(Forbidden):
        admit(actor, f"board.{second.id}")
    second.open_to_all = True
    second.save()
    assert screen.get("/display/second/").status_code == 200
    assert Client().get("/display/second/").status_code == 200
    assert admit(None, f"board.{second.id}")


def test_a_screen_is_nobody_on_every_page_that_is_not_public_and_in_the_whole_api(ward: Ward):
    """The screen's cookie, and its secret as a token and in the session's place: of no use anywhere."""
    screen, credential = paired_screen(ward.admin, closed_board(ward))
    secret = screen.cookies[settings.SCREEN_COOKIE_NAME].value
    assert actor_of_token(secret, timezone.now()) is None
    screen.cookies[settings.SESSION_COOKIE_NAME] = secret
    actor = actor_of_credential(credential)
    assert actor.permissions == {Permission.BOARD_READ}
    asked = 0
    for address, view in ADDRESSES:
        if getattr(view, "policy", None) == PUBLIC or "(?P" in address:
            continue
        path = "/" + "/".join(str(ward.department.id) if part.startswith("<") else part for part in address.split("/"))
        answer = screen.get(path, headers={"Authorization": f"Bearer {secret}"} if asked % 2 else {})
        assert answer.status_code in (401, 404, 405) or answer["Location"].startswith(("/login/", "/admin/login/", "/"))
        assert "sign in" not in answer.content.decode().lower() or answer.status_code != 200
        asked += 1
    assert asked > 40


def test_whoever_signs_in_on_a_screens_machine_acts_as_themselves(ward: Ward):
    screen, _ = paired_screen(ward.admin, closed_board(ward))
    closed_board(ward, "second")
    nurse = browser_of(ward.nurse)
    nurse.cookies[settings.SCREEN_COOKIE_NAME] = screen.cookies[settings.SCREEN_COOKIE_NAME].value
    assert nurse.get("/admin/desk/today/").status_code == 200
    assert nurse.get("/display/second/").status_code == 200
    nurse.cookies.pop(settings.SESSION_COOKIE_NAME)
    assert nurse.get("/admin/desk/today/").status_code == 302
    assert nurse.get("/display/corridor/").status_code == 200
    assert nurse.get("/display/second/").status_code == 401


def test_of_many_who_ask_for_codes_from_one_address_most_have_to_wait(ward: Ward):
    for _ in range(OPEN_PAIRINGS_OF_ADDRESS):
        Client().post("/display/")
    assert Client().post("/display/").status_code == 429
    with pytest.raises(TooManyWaiting):
        ask_to_pair(actor=ward.admin, now=timezone.now(), address="127.0.0.1")
    assert ask_to_pair(actor=ward.admin, now=timezone.now(), address="192.0.2.1")
    hour = timezone.now() + timedelta(hours=1)
    assert ask_to_pair(actor=ward.admin, now=hour, address="127.0.0.1")
    assert PairingRequest.objects.count() == 1


def test_a_code_taken_by_another_screen_is_made_anew(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    secrets = iter(["same", "same", "other"])
    monkeypatch.setattr("apps.display.commands.new_secret", lambda: next(secrets))
    asked = {"actor": ward.admin, "now": timezone.now(), "address": "192.0.2.1"}
    assert ask_to_pair(**asked) == "same"
    assert ask_to_pair(**asked) == "other"


def test_a_code_is_read_as_people_type_it():
    code = pairing_code("secret", "00" * 32)
    assert read_pairing_code(f" {shown_pairing_code(code)} ") == code
    assert read_pairing_code("") == read_pairing_code("aeiou1") == read_pairing_code(code + "2") == ""


@pytest.mark.usefixtures("the_clock_stands")
def test_a_paired_screen_costs_one_question_more_than_an_open_board(ward: Ward, django_assert_num_queries: Any):
    screen, _ = paired_screen(ward.admin, closed_board(ward))
    screen.get("/display/corridor/view/")
    etag = screen.get("/display/corridor/view/")["ETag"]
    with django_assert_num_queries(4):
        assert screen.get("/display/corridor/view/", headers={"If-None-Match": etag}).status_code == 304
