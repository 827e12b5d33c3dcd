"""Boards speak: with the clips of the house, or with those that a hospital recorded itself."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.display.commands import drop_recording, record_clip
from apps.display.models import Board, Recording
from apps.display.queries import board_view
from apps.display.rules.voice import LARGEST_RECORDING
from apps.queue import commands
from apps.queue.models import Visit
from apps.scheduling.models import Token
from tests.browsers import browser_of
from tests.ward import Ward

SOUND = b"OggS" + b"\0" * 60


@pytest.fixture
def hall(ward: Ward) -> Board:
    """Hall A, where somebody is being called."""
    board = Board.objects.create(facility=ward.facility, slug="hall-a", name="Hall A", open_to_all=True)
    board.departments.set(ward.departments)
    ward.arrive()
    ward.call_next()
    return board


def said(ward: Ward, board: Board) -> list[list[str]]:
    """What the board plays for its only call."""
    (call,) = board_view(board, ward.now)["calls"]
    return call["voice"]


def upload(browser: Client, content: bytes = SOUND, **more: Any) -> Any:
    file = SimpleUploadedFile("room.exe", content, content_type="text/html")
    return browser.post("/admin/screens/voice/", {"language": "en", "clip": "room", "file": file} | more)


def test_a_call_carries_its_clips_language_by_language(ward: Ward, hall: Board) -> None:
    english, hindi = said(ward, hall)
    assert english[0].endswith(".ogg")
    assert [address.split("/")[3] for address in (english[0], hindi[0])] == ["en", "hi"]
    page = Client().get("/display/hall-a/").content.decode()
    assert f'data-say="{" ".join(english)}|{" ".join(hindi)}"' in page


def test_a_repeated_call_is_spelt_out(ward: Ward, hall: Board) -> None:
    Token.objects.update(number=42)
    once = said(ward, hall)[0]
    commands.recall(actor=ward.rao, now=ward.later(seconds=20), visit_id=Visit.objects.get().id)
    again = said(ward, hall)[0]
    assert ("/number-42." in once[2], "/number-4." in again[2], "/number-2." in again[3]) == (True, True, True)


def test_chime_and_voice_are_switched_apart(ward: Ward, hall: Board) -> None:
    Board.objects.update(spoken_in=[])
    page = Client().get("/display/hall-a/").content.decode()
    assert 'data-chime="on" data-voice="off"' in page
    assert 'data-say=""' in page
    Board.objects.update(spoken_in=["ta"], chime=False)
    page = Client().get("/display/hall-a/").content.decode()
    assert 'data-chime="off" data-voice="on"' in page
    assert "voice/ta/" in page
    assert "voice/en/" not in page


def test_the_administrator_switches_them_in_the_admin(ward: Ward, hall: Board) -> None:
    form = {"name": "Hall A", "slug": "hall-a", "departments": [str(ward.department.id)], "spoken_in": ["ta", "hi"]}
    assert browser_of(ward.admin).post(f"/admin/display/board/{hall.id}/change/", form).status_code == 302
    hall.refresh_from_db()
    assert (hall.chime, sorted(hall.spoken_in)) == (False, ["hi", "ta"])


def test_a_hospitals_own_recording_is_played_in_place_of_the_clip_and_taken_back(ward: Ward, hall: Board) -> None:
    browser = browser_of(ward.admin)
    usual = said(ward, hall)[0]
    assert upload(browser).status_code == 302
    row = Recording.objects.get()
    assert f"/display/voice/{row.id}/" in said(ward, hall)[0]
    answer = Client().get(f"/display/voice/{row.id}/")
    assert (answer.content, answer["Content-Type"]) == (SOUND, "audio/ogg")
    assert "immutable" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Please come to room" in browser.get("/admin/screens/voice/").content.decode()
    assert browser.get(f"/admin/screens/voice/{row.id}/drop/").status_code == 200
    assert browser.post(f"/admin/screens/voice/{row.id}/drop/").status_code == 302
    assert said(ward, hall)[0] == usual
    assert Client().get(f"/display/voice/{row.id}/").status_code == 404
    assert list(
        AuditEntry.objects.filter(entity_type="recording").order_by("number").values_list("action", flat=True)
    ) == [
        "recording.added",
        "recording.dropped",
    ]


def test_another_recording_of_the_same_clip_takes_its_place_under_another_address(ward: Ward) -> None:
    about = {"actor": ward.admin, "now": ward.now, "language": "en", "clip": "room"}
    first = record_clip(content=SOUND, **about)
    second = record_clip(content=SOUND + b"x", **about)
    assert [row.id for row in Recording.objects.all()] == [second.id] != [first.id]


def test_what_is_no_short_sound_is_refused(ward: Ward) -> None:
    browser = browser_of(ward.admin)
    for content in (b"<script>alert(1)</script>", b"\xff\xd8\xff\xe0 a picture", SOUND + b"\0" * LARGEST_RECORDING):
        answer = upload(browser, content)
        assert answer.status_code == 400
        assert "at most 200 kB" in answer.content.decode()
    assert upload(browser, clip="token; drop").status_code == 400
    with pytest.raises(Invalid):
        record_clip(actor=ward.admin, now=ward.now, language="en", clip="nothing", content=SOUND)
    assert not Recording.objects.exists()


def test_only_the_administrator_gives_boards_a_voice(ward: Ward) -> None:
    assert upload(browser_of(ward.meera)).status_code == 403
    row = record_clip(actor=ward.admin, now=ward.now, language="en", clip="room", content=SOUND)
    with pytest.raises(Forbidden):
        drop_recording(actor=ward.meera, now=ward.now, recording_id=row.id)
