"""Long names and three languages on boards of every shape: nothing is cut, and who is next stands with numbers."""

import pytest
from playwright.sync_api import Page

from apps.accounts.queries import FacilityFacts
from apps.scheduling.models import Doctor, Room
from apps.scheduling.rules.places import Symbol
from tests.e2e.conftest import HALL, Look, Open, is_live
from tests.e2e.test_screens import call_somebody, come

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

SHAPES = {"wide": HALL, "upright": (1080, 1920), "old": (1024, 768)}
LONG = "Dr Venkatesan Subramaniam"
LONG_NAMES = {"hi": "डॉ. वेंकटेशन सुब्रमण्यम", "ta": "டாக்டர் வெங்கடேசன் சுப்பிரமணியம்"}

CUT = """() => [...document.querySelectorAll(".doc, .place, .bar > .hall, .st, .tk, .sit, .say, .where, .names")]
  .filter((one) => one.getClientRects().length)
  .filter((one) => one.scrollWidth > one.clientWidth + 1
    || one.scrollHeight > one.clientHeight + parseFloat(getComputedStyle(one).fontSize) / 2)
  .map((one) => `${one.className}: ${one.innerText}`)"""
"""What does not fit where it stands; letters reach a little beyond their line, and a line that is missing is more."""
UNNUMBERED = """() => [...document.querySelectorAll(".next")].filter((next) => {
  const line = next.getBoundingClientRect(), first = next.querySelector("b").getBoundingClientRect();
  return next.getClientRects().length && (first.top + first.bottom > 2 * line.bottom || first.right > line.right + 1);
}).map((next) => next.innerText)"""
TURN = """(turn) => document.querySelectorAll("[data-turns]").forEach(({ children }) =>
  [...children].forEach((one, index) => one.toggleAttribute("data-off", index !== turn % children.length)))"""


def wrong_on(board: Page) -> list[str]:
    """What is cut or stands without its numbers, in each language that the words take turns in."""
    wrong: list[str] = []
    for turn in range(3):
        board.evaluate(TURN, turn)
        wrong += board.evaluate(CUT) + board.evaluate(UNNUMBERED)
    return wrong


@pytest.mark.parametrize("shape", SHAPES)
def test_long_names_wrap_and_who_is_next_has_a_number(hospital: FacilityFacts, open_page: Open, look: Look, shape: str):
    Doctor.objects.update(name=LONG, names=LONG_NAMES)
    room = Room.objects.filter(doctors__staff__email="rao@demo.opd")
    room.update(number="214", symbol=Symbol.MANGO)
    board = open_page("/display/hall-a/", screen=SHAPES[shape])
    is_live(board)
    sit = board.locator(".foot .unless-lost")
    assert sit.evaluate("line => getComputedStyle(line).visibility") == "hidden"  # it stands above, large
    look(board, f"board-{shape}-nobody")
    call_somebody("rao@demo.opd", "GEN")
    for _ in range(4):
        come("GEN")
    board.reload()
    is_live(board)
    assert sit.evaluate("line => getComputedStyle(line).visibility") == "visible"
    look(board, f"board-{shape}-long-names")
    wrong = wrong_on(board)
    room.update(number="1024")
    board.reload()
    is_live(board)
    look(board, f"board-{shape}-long-number")
    wrong += wrong_on(board)
    assert not wrong
