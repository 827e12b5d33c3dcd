"""The hall's kiosk: who has a booking today checks in by slip or phone; it can do nothing else and keeps nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.queries import tracking_code
from apps.accounts.rules.credentials import ScreenUse
from apps.audit.models import AuditEntry
from apps.core.models import OutboxEvent
from apps.core.policy import Permission
from apps.display.models import Board
from apps.queue.models import HelpCall, Visit
from tests.bookings import book, open_slot
from tests.browsers import browser_of
from tests.display.hall import paired_screen
from tests.marks import tells
from tests.queue.test_usual_journeys import goes_through, usual
from tests.stations import Stations
from tests.ward import Ward, open_ward

PHONE = "98765 41947"


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with two departments and a doctor in each, at noon of today."""
    with open_ward(departments=2, doctors=2) as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def hall(ward: Ward) -> Board:
    """The hall of the first department only."""
    board = Board.objects.create(facility=ward.facility, slug="hall-a", name="Hall A")
    board.departments.set(ward.departments[:1])
    return board


@pytest.fixture
def kiosk(ward: Ward, hall: Board) -> Client:
    """A kiosk's browser."""
    return paired_screen(ward.admin, hall, use=ScreenUse.KIOSK)[0]


def booked(ward: Ward, name: str = "Lakshmi Devi", hours: float = 1, **where: Any) -> Any:
    """Somebody's booking of today (unless told), under the phone of all these tests."""
    person = ward.register(name, 67, phone=PHONE)
    slot = open_slot(ward, hours, **where)
    return book(ward, slot, patient=person, doctor_id=slot.doctor_id).appointment


def text_of(answer: Any) -> str:
    return answer.content.decode()


def test_a_scanned_slip_checks_in_at_once_and_shows_number_room_and_slip(ward: Ward, kiosk: Client) -> None:
    row = booked(ward)
    address = f"https://opd.example/t/{tracking_code(row.id, timezone.now())}/"
    answer = kiosk.post("/kiosk/", {"code": address})
    visit = Visit.objects.get()
    assert (visit.state, visit.token_id) == ("WAITING", row.token_id)
    shown = text_of(answer)
    for words in ("You are checked in", visit.token.label[1:], "You are next", 'class="paper"', "data-now"):
        assert words in shown
    assert "Lakshmi" not in shown
    entry = AuditEntry.objects.filter(entity_type="visit", entity_id=str(visit.id)).first()
    assert entry.actor_type == "screen"


def test_at_the_kiosk_the_usual_journey_begins_and_goes_on_to_the_cashier(ward: Ward, kiosk: Client) -> None:
    stations = Stations(ward)
    usual(ward, stations, ("TRI",), ("",), ("CSH",), departments=frozenset({ward.department.id}))
    row = booked(ward)
    code = tracking_code(row.id, timezone.now())
    shown = text_of(kiosk.post("/kiosk/", {"code": code}))
    assert "You are checked in" in shown
    assert "Room T1" in shown, "the slip sends them to triage, which is in another hall"
    assert "You are checked in already" in text_of(kiosk.post("/kiosk/", {"code": code}))
    goes_through(ward, stations, row)


def test_shown_again_the_slip_tells_the_number_and_checks_nobody_in_twice(ward: Ward, kiosk: Client) -> None:
    row = booked(ward)
    code = tracking_code(row.id, timezone.now())
    kiosk.post("/kiosk/", {"code": code})
    assert "You are checked in already" in text_of(kiosk.post("/kiosk/", {"code": code}))
    assert Visit.objects.count() == 1


def test_who_types_a_phone_finds_themselves_by_initials_before_anything_is_done(ward: Ward, kiosk: Client) -> None:
    first, second = booked(ward), booked(ward, "Ravi Kumar", 2)
    asked = kiosk.post("/kiosk/", {"phone": PHONE.replace(" ", "")})
    assert not Visit.objects.exists()
    shown = text_of(asked)
    assert "Is this you?" in shown
    assert shown.index("L. D.") < shown.index("R. K.")
    for secret in ("Lakshmi", "Ravi"):
        assert secret not in shown
    assert not tells(shown, "1947")
    assert "You are checked in" in text_of(kiosk.post("/kiosk/", {"booking": str(second.id)}))
    assert Visit.objects.get().patient_id == second.patient_id != first.patient_id


def test_the_link_of_a_visit_is_printed_for_who_has_shown_it_and_for_no_phone_that_is_typed(
    ward: Ward, kiosk: Client
) -> None:
    row = booked(ward)
    code = tracking_code(row.id, timezone.now())
    phone = {"phone": PHONE.replace(" ", "")}
    kiosk.post("/kiosk/", phone)
    for sent in ({"booking": str(row.id)}, phone):
        shown = text_of(kiosk.post("/kiosk/", sent))
        assert 'class="paper"' in shown
        assert "/t/" not in shown
        assert 'class="qr"' not in shown
        assert "open the link in our message to your phone" in shown
    shown = text_of(kiosk.post("/kiosk/", {"code": code}))
    assert "/t/" in shown
    assert 'class="qr"' in shown


def test_a_second_press_of_the_same_button_gives_the_same_number(ward: Ward, kiosk: Client) -> None:
    row = booked(ward)
    sent = {"booking": str(row.id), "key": "kiosk-1"}
    assert {kiosk.post("/kiosk/", sent).status_code for _ in range(2)} == {200}
    assert Visit.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"phone": "123"}, "Give a full phone number"),
        ({"phone": ""}, "Give a full phone number"),
        ({"phone": "98765 00000"}, "We found no booking for today"),
        ({"code": "not-a-code-of-ours"}, "We found no booking for today"),
        ({"code": "x" * 5000}, "We found no booking for today"),
    ],
)
def test_what_opens_nothing_says_what_to_do(kiosk: Client, said: dict[str, str], answer: str) -> None:
    assert answer in text_of(kiosk.post("/kiosk/", said))


def test_another_day_and_another_hall_are_not_this_kiosks(ward: Ward, kiosk: Client) -> None:
    tomorrow = booked(ward, hours=24)
    elsewhere = booked(ward, "Ravi Kumar", doctor=ward.doctors[1], department=ward.departments[1])
    assert "We found no booking" in text_of(kiosk.post("/kiosk/", {"phone": PHONE}))
    for row in (tomorrow, elsewhere):
        kiosk.post("/kiosk/", {"code": tracking_code(row.id, timezone.now())})
        kiosk.post("/kiosk/", {"booking": str(row.id)})
    kiosk.post("/kiosk/", {"booking": "nonsense"})
    assert not Visit.objects.exists()


def test_only_a_paired_kiosk_has_the_page_and_it_has_no_other(ward: Ward, hall: Board, kiosk: Client) -> None:
    board, _ = paired_screen(ward.admin, hall)
    row = booked(ward)
    for browser in (Client(), board, browser_of(ward.meera)):
        assert browser.get("/kiosk/").status_code == 401
        assert browser.post("/kiosk/", {"booking": str(row.id)}).status_code == 401
        assert browser.post("/kiosk/help/").status_code == 401
    assert not Visit.objects.exists()
    assert kiosk.get("/display/hall-a/").status_code == 401
    assert kiosk.get("/display/hall-a/check-in/").status_code == 401
    assert kiosk.get("/admin/").status_code == 302
    assert kiosk.get("/display/").url == "/kiosk/"


def test_a_kiosk_is_paired_and_listed_in_the_admin(ward: Ward, hall: Board, kiosk: Client) -> None:
    assert "Kiosk" in text_of(browser_of(ward.admin).get("/admin/screens/"))
    assert AuditEntry.objects.get(action="screen.paired").after["use"] == "kiosk"


def test_it_begins_again_in_the_houses_language(kiosk: Client) -> None:
    kiosk.post("/language/", {"language": "hi", "next": "/kiosk/"})
    page = text_of(kiosk.get("/kiosk/"))
    assert '<html lang="hi"' in page
    assert "voice/hi/kiosk" in page
    again = kiosk.get("/kiosk/?fresh", follow=True)
    assert '<html lang="en"' in text_of(again)
    assert again["Cache-Control"] == "no-store"


def test_who_asks_for_help_is_told_that_somebody_comes_and_the_house_is_told(ward: Ward, kiosk: Client) -> None:
    assert "Somebody is coming" in text_of(kiosk.post("/kiosk/help/"))
    assert AuditEntry.objects.filter(action="screen.help_asked").exists()
    assert HelpCall.objects.get().answered_at is None
    told = OutboxEvent.objects.get(type="screen.help_asked")
    assert told.stream == f"facility.{ward.facility.id}"


def test_staff_need_the_desks_permission_still(ward: Ward) -> None:
    assert not any(actor.may(Permission.KIOSK_CHECK_IN) for actor in (ward.admin, ward.meera, ward.rao))
