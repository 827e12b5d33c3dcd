"""The board of a hall: numbers and rooms, the call of the moment, and never a person."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from apps.accounts.models import Facility
from apps.accounts.queries import facility_facts
from apps.audit.models import AuditEntry
from apps.display.consumers import VIEWS
from apps.display.models import Board
from apps.display.queries import board_view, boards
from apps.live.queries import admit, draw
from apps.queue import commands
from apps.scheduling.models import Doctor, Room
from tests.browsers import browser_of
from tests.marks import tells
from tests.ward import Ward, add_doctor


@pytest.fixture
def hall(ward: Ward) -> Board:
    """Hall A, for both departments."""
    return make_board(ward, "hall-a")


def make_board(ward: Ward, slug: str, departments: int = 2) -> Board:
    board = Board.objects.create(facility=ward.facility, slug=slug, name="Hall A", open_to_all=True)
    board.departments.set(ward.departments[:departments])
    return board


def rooms_of(ward: Ward, board: Board) -> dict[str, dict[str, Any]]:
    """The rows of a board by doctor."""
    return {room["doctor"]: room for room in board_view(board, ward.now)["rooms"]}


def test_a_call_is_shown_with_its_room_and_an_id_that_every_screen_plays_once(ward: Ward, hall: Board):
    ward.arrive()
    visit = ward.call_next()
    assert visit is not None
    (call,) = board_view(hall, ward.now)["calls"]
    room = ward.doctor.room
    assert (call["token"], call["number"], call["symbol"]) == (visit.token.label, room.number, "boat")
    assert call["symbol_names"] == {"en": "Boat", "hi": "नाव", "ta": "படகு"}
    assert (call["call_id"], call["times"]) == (f"{visit.id}:1", 1)
    commands.recall(actor=ward.rao, now=ward.later(seconds=20), visit_id=visit.id)
    assert board_view(hall, ward.now)["calls"][0]["call_id"] == f"{visit.id}:2"


def test_a_call_leaves_the_slip_after_ninety_seconds_or_when_the_person_is_in(ward: Ward, hall: Board):
    ward.arrive()
    visit = ward.call_next()
    assert visit is not None
    assert board_view(hall, ward.now + timedelta(seconds=89))["calls"]
    assert not board_view(hall, ward.now + timedelta(seconds=90))["calls"]
    ward.start(visit)
    assert not board_view(hall, ward.now)["calls"]
    assert rooms_of(ward, hall)[ward.doctor.name]["status"] == "with_doctor"


def test_names_stand_in_every_language_of_the_hall_in_pages_and_frames(ward: Ward, hall: Board):
    Doctor.objects.filter(id=ward.doctor.id).update(names={"ta": "டாக்டர் ராவ்"})
    Board.objects.filter(id=hall.id).update(names={"hi": "हॉल ए"})
    Facility.objects.filter(id=ward.facility.id).update(names={"hi": "आशा अस्पताल"})
    hall.refresh_from_db()
    view = board_view(hall, ward.now)
    assert rooms_of(ward, hall)[ward.doctor.name]["names"] == {"en": ward.doctor.name, "ta": "டாக்டர் ராவ்"}
    assert view["board"]["names"] == {"en": "Hall A", "hi": "हॉल ए"}
    page = Client().get("/display/hall-a/").content.decode()
    assert '<span lang="ta" data-off>டாக்டர் ராவ்</span>' in page
    assert '<span lang="en">Hall A</span><span lang="hi" data-off>हॉल ए</span>' in page
    assert f'<span lang="en">{ward.facility.name}</span><span lang="hi" data-off>आशा अस्पताल</span>' in page
    assert '<span lang="hi" data-off>कृपया प्रतीक्षा करें</span>' in page
    frame = VIEWS[0].render(hall.id)
    assert "டாக்டர் ராவ்" in frame["html"]


def test_the_newest_call_stands_first(ward: Ward, hall: Board):
    ward.arrive()
    ward.arrive(department=ward.departments[1])
    first = ward.call_next()
    ward.later(seconds=5)
    second = ward.call_next(ward.doctors[1])
    assert first is not None
    assert second is not None
    assert [call["token"] for call in board_view(hall, ward.now)["calls"]] == [
        second.token.label,
        first.token.label,
    ]


def test_a_room_shows_what_happens_there(ward: Ward, hall: Board):
    resting = add_doctor(ward, [ward.department], availability="PAUSED")
    gone = add_doctor(ward, [ward.department], availability="OFFLINE")
    ward.arrive(department=ward.departments[1])
    ward.call_next(ward.doctors[1])
    rooms = rooms_of(ward, hall)
    assert rooms[ward.doctors[0].name]["status"] == "idle"
    assert rooms[ward.doctors[1].name]["status"] == "calling"
    assert rooms[resting.name]["status"] == "paused"
    assert rooms[gone.name]["status"] == "offline"
    assert rooms[resting.name]["says"] == {"en": "Short break", "hi": "थोड़ा विराम", "ta": "சிறு இடைவேளை"}


def test_a_break_says_in_every_language_when_the_doctor_is_back(ward: Ward, hall: Board):
    back_at = ward.now + timedelta(minutes=20)
    resting = add_doctor(ward, [ward.department], availability="PAUSED")
    Doctor.objects.filter(id=resting.id).update(back_at=back_at)
    back = rooms_of(ward, hall)[resting.name]["back"]
    assert list(back) == ["en", "hi", "ta"]
    clock = facility_facts(ward.facility.id).clock(back_at)
    assert back["en"] == f"back at {clock}"
    assert all(clock in said for said in back.values())


def test_whoever_shares_a_room_and_is_not_there_leaves_the_row(ward: Ward, hall: Board):
    gone = add_doctor(ward, [ward.department], availability="OFFLINE")
    gone.room = ward.doctor.room
    gone.save()
    assert gone.name not in rooms_of(ward, hall)


def test_the_next_three_of_each_room_are_shown_in_order_and_early_ones_are_marked(ward: Ward, hall: Board):
    other = add_doctor(ward, [ward.department])
    plain = [ward.arrive() for _ in range(3)]
    own = ward.arrive(doctor_id=ward.doctor.id)
    urgent = ward.arrive(symptoms=["chest pain"])
    rooms = rooms_of(ward, hall)
    expected = [urgent.token.label, plain[0].token.label, plain[1].token.label]
    assert [row["token"] for row in rooms[ward.doctor.name]["next"]] == expected
    assert [row["priority"] for row in rooms[ward.doctor.name]["next"]] == [True, False, False]
    assert own.token.label not in [row["token"] for row in rooms[other.name]["next"]]


def test_what_the_board_says_is_next_is_who_is_called_next(ward: Ward, hall: Board):
    for age in (30, 80, 3, 45, 66):
        ward.arrive(ward.register(f"Age {age}", age))
        ward.later(minutes=9)
    for _ in range(5):
        shown = rooms_of(ward, hall)[ward.doctor.name]["next"][0]["token"]
        visit = ward.call_next()
        assert visit is not None
        assert visit.token.label == shown
        ward.see(visit)


def test_rooms_are_counted_as_people_count(ward: Ward, hall: Board):
    Room.objects.filter(id=ward.doctors[0].room_id).update(number="10")
    Room.objects.filter(id=ward.doctors[1].room_id).update(number="9")
    assert [room["number"] for room in board_view(hall, ward.now)["rooms"]] == ["9", "10"]


def test_no_name_phone_or_file_number_is_on_a_board_or_in_what_it_is_sent(ward: Ward, hall: Board):
    known = ward.register("Lakshmi Devi", 67, phone="98765 41947")
    ward.arrive(known, symptoms=["chest pain"])
    ward.arrive(ward.register("Ramesh Kumar"))
    ward.call_next()
    page = Client().get(f"/display/{hall.slug}/").content.decode()
    sent = str(draw(admit(None, f"board.{hall.id}")).as_json())
    for secret in ("Lakshmi", "Ramesh", known.uhid, str(known.id), "chest"):
        assert secret not in page
        assert secret not in sent
    assert not tells(page, "1947")
    assert not tells(sent, "1947")


def test_a_board_costs_the_same_however_many_wait(ward: Ward, hall: Board, django_assert_num_queries: Any):
    for _ in range(12):
        ward.arrive()
    with django_assert_num_queries(5):
        board_view(hall, ward.now)


@pytest.mark.usefixtures("the_clock_stands")
def test_the_page_and_its_part_are_public_and_need_nobody_signed_in(ward: Ward, hall: Board):
    visit = ward.arrive()
    whole = Client().get("/display/hall-a/")
    assert visit.token.label[1:] in whole.content.decode()
    assert whole["Cache-Control"] == "no-store"
    part = Client().get("/display/hall-a/view/")
    assert part.content.decode().lstrip().startswith('<div id="board"')
    headers = {"If-None-Match": part["ETag"]}
    assert Client().get("/display/hall-a/view/", headers=headers).status_code == 304
    ward.call_next()
    assert Client().get("/display/hall-a/view/", headers=headers).status_code == 200
    assert Client().get("/display/nowhere/").status_code == 404


def test_a_board_speaks_the_halls_languages_whatever_the_screens_own_is(ward: Ward, hall: Board):
    ward.arrive()
    ward.call_next()
    page = Client().get("/display/hall-a/", headers={"Accept-Language": "hi"}).content.decode()
    for words in ("Now calling", "अब बुलाया जा रहा है", "அழைக்கப்படுகிறது", '<html lang="en"'):
        assert words in page


def test_the_live_view_carries_the_same_picture_and_number_as_the_page(ward: Ward, hall: Board):
    ward.arrive()
    ward.call_next()
    picture = draw(admit(None, f"board.{hall.id}"))
    numbers = " ".join(str(number) for number in picture.numbers.values())
    assert f'data-seq="{numbers}"' in picture.payload["html"]
    assert f'data-seq="{numbers}"' in Client().get("/display/hall-a/").content.decode()
    assert picture.payload["view"]["calls"]


def test_a_board_is_found_from_no_facility_at_all(ward: Ward, hall: Board):
    (view,) = VIEWS
    with scopes_disabled():
        assert view.facility_of(hall.id) == ward.facility.id
    assert {"name": "Hall A", "url": "/display/hall-a/"} in boards(None)


def test_a_board_is_made_in_the_admin_and_that_is_audited(ward: Ward):
    admin = browser_of(ward.admin)
    form = {"name": "Hall B", "slug": "hall-b", "departments": [str(ward.department.id)]}
    assert admin.post("/admin/display/board/add/", form).status_code == 302
    board = Board.objects.get(slug="hall-b")
    assert board.facility_id == ward.facility.id
    assert AuditEntry.objects.filter(entity_type="board", entity_id=str(board.id)).exists()
    form["departments"] = [str(place.id) for place in ward.departments]
    assert admin.post(f"/admin/display/board/{board.id}/change/", form).status_code == 302
    linked = AuditEntry.objects.filter(action="board.linked", entity_id=str(board.id)).order_by("number").last()
    assert linked.after == {"departments": sorted(form["departments"])}
    assert "/display/hall-b/" in admin.get("/admin/display/board/").content.decode()
    assert browser_of(ward.meera).post("/admin/display/board/add/", form).status_code == 403
