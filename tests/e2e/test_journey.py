"""A person's way through the house, as people see it: desk, slip, call, board, consultation, audit."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.audit.commands import seal
from apps.audit.models import AuditEntry
from apps.audit.queries import verify
from apps.encounters.models import Prescription
from apps.queue.commands import create_checkin_link
from apps.queue.models import Visit
from apps.scheduling.queries import departments
from tests.e2e.conftest import HALL, PHONE, Look, Open, fits, is_live, press

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ASKS_ITSELF = 7_000
"""Milliseconds after which a page without a socket asks for itself (`POLL_EVERY` in `live.js`)."""

MEERA, RAO, ADMIN = "reception@demo.opd", "rao@demo.opd", "admin@demo.opd"


def test_from_the_desk_to_the_doctor_and_onto_the_board(hospital: FacilityFacts, open_page: Open, look: Look):
    board = open_page("/display/hall-a/", screen=HALL)
    is_live(board)
    look(board, "board-nobody-called")

    desk = open_page("/admin/", MEERA)
    look(desk, "desk-home")
    token, address = register_asha(desk, look)

    phone = open_page(address, screen=PHONE)
    is_live(phone)
    expect(phone.get_by_text("A. K.", exact=True)).to_be_visible()
    look(phone, "track-waiting")
    choose_language(phone, "हिंदी", "hi")
    choose_language(phone, "English", "en")
    is_live(phone)

    rao = open_page("/console/", RAO)
    is_live(rao)
    expect(rao.get_by_role("heading", name="Next: Asha Kumari")).to_be_visible()
    look(rao, "console-idle")

    note_when(rao, "click", "document.addEventListener('click', note, true)")
    note_when(board, "slip", "document.addEventListener('opd:put', () => document.querySelector('.slip') && note())")
    rao.get_by_role("button", name="Call").click()
    expect(board.locator(".slip")).to_contain_text(token[1:])
    took = board.evaluate("noted.slip") - rao.evaluate("noted.click")
    assert took < ASKS_ITSELF, f"the board was not told: it changed after {took} ms"
    assert "Kumari" not in board.content()
    expect(rao.get_by_role("button", name="Patient is here, start")).to_be_visible()
    look(rao, "console-called")
    look(board, "board-called")
    expect(phone.get_by_role("heading", name="It is your turn")).to_be_visible()
    look(phone, "track-called")

    press(rao, "Control+Enter")
    expect(rao.get_by_label("More, in your own words")).to_be_visible()
    rao.get_by_label("More, in your own words").fill("Paracetamol 500 mg, 1-1-1, 3 days")
    look(rao, "console-with-patient")
    rao.locator("#primary").click()
    expect(rao.get_by_text(f"Visit {token} is finished.")).to_be_visible()
    expect(board.locator(".slip")).to_have_count(0)

    visit = Visit.objects.get(patient__name="Asha Kumari")
    assert visit.state == "COMPLETED"
    assert Prescription.objects.get(visit_id=visit.id).content == "Paracetamol 500 mg, 1-1-1, 3 days"
    done = list(AuditEntry.objects.filter(entity_id=str(visit.id)).order_by("number").values_list("action", flat=True))
    assert done == ["visit.check_in", "visit.call", "visit.start", "visit.complete"]
    seal(timezone.now())
    assert verify(timezone.now()).fault is None


def choose_language(page: Page, name: str, code: str) -> None:
    """Somebody reads another language."""
    page.get_by_role("button", name=name).click()
    expect(page.locator("html")).to_have_attribute("lang", code)


def note_when(page: Page, name: str, listen: str) -> None:
    """Have a page note the time at which something first happens in it."""
    page.evaluate(f"() => {{ window.noted ??= {{}}; const note = () => (noted.{name} ??= Date.now()); {listen}; }}")


def register_asha(desk: Page, look: Look) -> tuple[str, str]:
    """Meera looks for Asha in vain, makes her file and gives her a number; the number and the slip's address."""
    desk.get_by_role("link", name="Register or find").first.click()
    desk.get_by_role("searchbox").fill("Asha Kumari")
    desk.get_by_role("button", name="Find").click()
    look(desk, "desk-find")
    desk.get_by_role("link", name="New file").click()
    desk.get_by_label("Phone").fill("98765 43210")
    desk.get_by_label("Female").check()
    desk.get_by_label("Age in years").fill("34")
    look(desk, "desk-register")
    desk.get_by_role("button", name="Make the file").click()
    decide(desk)
    desk.get_by_label("Department and doctor").select_option(label="Dr Suresh Rao, 0 waiting")
    desk.get_by_label("What is the complaint?").fill("fever since Monday")
    look(desk, "desk-walk-in")
    desk.get_by_role("button", name="Give number and print").click()
    desk.wait_for_url("**/slip/**")
    token = desk.locator("h1.n").inner_text()
    look(desk, "slip")
    expect(desk.locator(".qr svg")).to_be_visible()
    address = desk.locator(".link").inner_text()
    desk.get_by_role("link", name="Back").click()
    is_live(desk)
    expect(desk.get_by_role("row", name="Asha Kumari")).to_contain_text(token)
    look(desk, "desk-today")
    return token, address


def decide(desk: Page) -> None:
    """Where somebody similar is known, Meera says that Asha is none of them."""
    none_of_these = desk.get_by_role("button", name="None of these")
    expect(none_of_these.or_(desk.get_by_role("button", name="Give number and print"))).to_be_visible()
    if none_of_these.is_visible():
        none_of_these.click()
    desk.wait_for_url("**/walk-in/**")


def test_what_is_being_written_stays_while_the_queue_moves(hospital: FacilityFacts, open_page: Open):
    desk = open_page("/admin/desk/today/", MEERA)
    walk_in(desk, 0)
    rao = open_page("/console/", RAO)
    is_live(rao)
    rao.get_by_role("button", name="Call").click()
    rao.get_by_role("button", name="Patient is here, start").click()
    note = rao.get_by_label("More, in your own words")
    note.press_sequentially("Metformin 500 mg")
    for _ in range(9):
        note.press("ArrowLeft")
    for person in range(1, 6):
        walk_in(desk, person)
    expect(rao.get_by_role("heading", name="5 waiting")).to_be_visible()
    note.press_sequentially("XR ")
    assert note.input_value() == "MetformXR in 500 mg"
    assert note.evaluate("field => field === document.activeElement")


def walk_in(desk: Page, person: int) -> None:
    """Somebody whom the hospital knows gets a number for Dr Rao."""
    desk.goto(f"/admin/desk/find/?q={9000000001 + person}")
    desk.get_by_role("link", name="Use this record").first.click()
    desk.get_by_label("Department and doctor").select_option(index=0)
    label = desk.locator("select[name=place] option", has_text="Dr Suresh Rao").first.inner_text()
    desk.get_by_label("Department and doctor").select_option(label=label.strip())
    desk.get_by_role("button", name="Give number and print").click()
    desk.wait_for_url("**/slip/**")


def test_the_desk_sees_a_call_without_reloading(hospital: FacilityFacts, open_page: Open):
    desk = open_page("/admin/desk/today/", MEERA)
    walk_in(desk, 0)
    desk.goto("/admin/desk/today/")
    is_live(desk)
    desk.evaluate("window.here = true")
    rao = open_page("/console/", RAO)
    rao.get_by_role("button", name="Call").click()
    expect(desk.locator("tbody .state", has_text="Called")).to_be_visible()
    assert desk.evaluate("window.here")


def test_a_person_without_scripts_can_still_do_everything_but_see_it_move(hospital: FacilityFacts, open_page: Open):
    desk = open_page("/admin/desk/today/", MEERA, java_script_enabled=False)
    walk_in(desk, 0)
    address = desk.locator(".link").inner_text()
    phone = open_page(address, screen=PHONE, java_script_enabled=False)
    expect(phone.get_by_text("before you")).to_be_visible()
    rao = open_page("/console/", RAO, java_script_enabled=False)
    for button in ("Call", "Patient is here, start", "Finish"):
        expect(rao.locator("#primary")).to_contain_text(button)
        rao.locator("#primary").click()
    expect(rao.get_by_role("heading", name="Nobody is waiting", level=1)).to_be_visible()
    assert Visit.objects.get().state == "COMPLETED"


def test_public_pages_fit_a_narrow_phone_and_can_be_used_by_everybody(open_page: Open, look: Look):
    page = open_page("/", screen=(320, 640))
    paths = {
        "start": "/",
        "login": "/login",
        "sign-in": "/login/staff/",
        "no-visit": "/t/2222222222/",
        "no-code": "/checkin",
    }
    for name, path in paths.items():
        page.goto(path)
        assert fits(page), name
        look(page, f"narrow-{name}")


def test_the_halls_code_leads_from_a_phone_to_the_own_page(hospital: FacilityFacts, open_page: Open, look: Look):
    meera = staff_actor(MEERA)
    department = departments().get(code="GEN")
    token, _ends = create_checkin_link(
        actor=meera, now=timezone.now(), department_id=department.id, expires_in=600, printed=True
    )
    phone = open_page(f"/checkin?h={token}", screen=(320, 640))
    look(phone, "check-in")
    phone.get_by_label("Your name").fill("Ravi Kumar")
    phone.get_by_label("Your age").fill("36")
    phone.get_by_role("button", name="I am here").click()
    expect(phone.get_by_text("show this page at the desk")).to_be_visible()
    look(phone, "track-not-confirmed")
    desk = open_page("/admin/desk/today/", MEERA)
    desk.get_by_role("button", name="Check in").click()
    expect(phone.get_by_text("before you")).to_be_visible()


def test_a_small_hall_and_a_turned_screen_have_a_board_too(open_page: Open, look: Look):
    look(open_page("/display/hall-b/", screen=HALL), "board-b")
    look(open_page("/display/hall-a/", screen=(1080, 1920)), "board-portrait")
