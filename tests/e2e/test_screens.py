"""Screens in halls, in a real browser: pairing, the codes to check in by, and what a screen shows that is taken off."""

from itertools import pairwise

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.display.commands import unpair
from apps.display.models import Board
from apps.display.queries import paired_screens
from apps.patients.commands import register
from apps.patients.rules.people import Sex
from apps.queue.commands import call_next, check_in
from apps.queue.models import Visit
from apps.queue.queries.links import door_url
from apps.scheduling.models import Doctor
from apps.scheduling.queries import departments
from tests.e2e.conftest import HALL, PHONE, Look, Open, fits, is_live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ADMIN = "admin@demo.opd"


def pair(screen: Page, desk: Page, board: str) -> None:
    """The administrator types what the screen shows."""
    code = screen.locator(".code").inner_text()
    desk.goto("/admin/screens/")
    desk.get_by_label("Code on the screen").fill(code)
    desk.get_by_label("Board").select_option(label=board)
    desk.get_by_label("Where it hangs").fill("beside the lift")
    desk.get_by_role("button", name="Pair").click()
    expect(desk.get_by_text("in a moment")).to_be_visible()


def test_a_screen_is_paired_shows_its_board_and_is_taken_off(hospital: FacilityFacts, open_page: Open, look: Look):
    screen = open_page("/display/staff-corridor/", screen=HALL)
    look(screen, "screen-closed-board")
    screen.get_by_role("button", name="Show a code").click()
    expect(screen.locator(".code")).to_be_visible()
    look(screen, "screen-pairing")
    desk = open_page("/admin/screens/", ADMIN)
    look(desk, "admin-screens-none")
    pair(screen, desk, "Staff corridor")
    look(desk, "admin-screens")
    screen.wait_for_url("**/display/staff-corridor/")
    is_live(screen)
    look(screen, "screen-board")
    (row,) = paired_screens(hospital.id, timezone.now())
    unpair(actor=staff_actor(ADMIN), now=timezone.now(), screen_id=row["id"])
    expect(screen.locator(".code")).to_be_visible()  # it left by itself, and asked for another code
    expect(screen.get_by_role("heading", name="no longer paired")).to_be_visible()
    look(screen, "screen-taken-off")


def test_without_scripts_a_screen_is_paired_too(hospital: FacilityFacts, open_page: Open):
    screen = open_page("/display/", screen=HALL, java_script_enabled=False)
    screen.get_by_role("button", name="Show a code").click()
    pair(screen, open_page("/admin/screens/", ADMIN), "Staff corridor")
    screen.wait_for_url("**/display/staff-corridor/")
    (row,) = paired_screens(hospital.id, timezone.now())
    unpair(actor=staff_actor(ADMIN), now=timezone.now(), screen_id=row["id"])
    screen.reload()
    expect(screen.get_by_role("heading", name="no longer paired")).to_be_visible()


def test_a_small_phone_can_be_a_screen(open_page: Open, look: Look):
    phone = open_page("/display/", screen=(320, 640))
    expect(phone.locator(".code")).to_be_visible()
    assert fits(phone)
    look(phone, "narrow-pairing")


PAUSES = """
  window.pauses = [];
  window.sockets = [];
  Math.random = () => 0.5;
  const later = window.setTimeout;
  window.setTimeout = (work, pause) => (pauses.push(pause), later(work, pause));
  window.WebSocket = class { constructor() { sockets.push(this); } send() {} close() {} };
"""
"""Sockets that are opened to nobody, and the pauses after which something is tried again; chance is in the middle."""


def test_when_the_server_ends_on_purpose_pages_come_back_spread_over_three_seconds(open_page: Open):
    screen = open_page("/login/")
    screen.add_init_script(PAUSES)
    screen.goto("/display/hall-a/")
    screen.wait_for_function("window.sockets.length === 1")

    def pauses_after(code: int) -> list[float]:
        return screen.evaluate(
            "(code) => { pauses.length = 0; sockets[0].onclose({ code }); return [...pauses]; }", code
        )

    assert pauses_after(1012) == [1500 + 500]
    assert pauses_after(1006) == [2 * 500]


HEARD = """
  window.heard = [];
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (at) {
    heard.push([at, at + this.buffer.duration]);
    return start.call(this, at);
  };
  const ask = window.fetch;
  window.asked = [];
  window.fetch = (address, how) => (String(address).includes("/voice/") && asked.push(address), ask(address, how));
"""
"""Notes what a board plays, and from when to when."""


def test_two_calls_at_once_are_shown_and_spoken_one_after_the_other_each_once(
    hospital: FacilityFacts, open_page: Open, look: Look
):
    Board.objects.update(spoken_in=["en"])
    board = open_page("/display/hall-a/", screen=HALL)
    board.add_init_script(HEARD)
    board.reload()
    is_live(board)
    expect(board.locator("[data-sound]")).to_contain_text("Touch to turn sound on")
    board.locator("[data-sound]").click()
    tokens = [call_somebody("rao@demo.opd", "GEN"), call_somebody("khan@demo.opd", "PED")]
    shown = board.locator(".slip:not([hidden]) .n")
    expect(shown).to_have_text(tokens[0])
    look(board, "board-two-calls")
    expect(shown).to_have_text(tokens[1], timeout=20_000)
    board.evaluate("new Promise((done) => setInterval(() => heard.length === 12 && done(), 50))")
    clips = board.evaluate("asked.map((address) => address.match(/[^/]+(?=[.][^/]*ogg|[.]ogg)/)[0].split('.')[0])")
    assert [clip for clip in clips if clip.startswith("letter")] == [f"letter-{token[0].lower()}" for token in tokens]
    heard = board.evaluate("heard")
    assert len(clips) == len(heard) == 12
    assert all(ends <= begins + 1e-6 for (_, ends), (begins, _) in pairwise(heard))
    board.reload()
    is_live(board)
    assert board.evaluate("JSON.parse(sessionStorage['opd.board.calls']).length") == 2  # and none is spoken again
    assert board.evaluate("asked") == []


def come(department: str) -> None:
    """Somebody comes to a department and waits."""
    desk, now = staff_actor("reception@demo.opd"), timezone.now()
    patient = register(actor=desk, now=now, name=f"Ravi of {department}", age=36, sex=Sex.MALE)
    check_in(actor=desk, now=now, department_id=departments().get(code=department).id, patient_id=patient.id)


def call_somebody(doctor: str, department: str) -> str:
    """Somebody comes to a department and is called by a doctor: their number."""
    come(department)
    who = staff_actor(doctor)
    visit = call_next(actor=who, now=timezone.now(), doctor_id=Doctor.objects.get(staff_id=who.id).id)
    assert visit
    return visit.token.label


def test_whoever_scans_the_screen_is_in_the_queue(hospital: FacilityFacts, open_page: Open, look: Look):
    codes = open_page("/display/hall-a/check-in/", ADMIN, screen=HALL)
    expect(codes.locator(".code svg")).to_have_count(2)
    look(codes, "screen-check-in-codes")
    codes.set_viewport_size({"width": 1080, "height": 1920})
    look(codes, "screen-check-in-codes-portrait")
    door = door_url(departments().get(code="GEN").id, timezone.now())
    phone = open_page(door[door.index("/checkin/") :], screen=PHONE)
    phone.get_by_label("Your name").fill("Ravi Kumar")
    phone.get_by_label("Your age").fill("36")
    phone.get_by_role("button", name="I am here").click()
    expect(phone.get_by_text("before you")).to_be_visible()
    assert Visit.objects.get().state == "WAITING"


def test_a_screen_that_has_lost_the_house_shows_no_old_code(hospital: FacilityFacts, open_page: Open, look: Look):
    codes = open_page("/display/hall-a/check-in/", ADMIN, screen=HALL)
    expect(codes.locator(".code svg").first).to_be_visible()
    codes.context.set_offline(True)
    expect(codes.locator(".code svg").first).to_be_hidden(timeout=25_000)
    expect(codes.get_by_text("Please get your number at the desk")).to_be_visible()
    look(codes, "screen-check-in-codes-lost")
    codes.context.set_offline(False)
    expect(codes.locator(".code svg").first).to_be_visible(timeout=15_000)
