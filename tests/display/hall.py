"""A waiting hall of the tests: boards, and screens that are paired with them as people do it."""

import re

from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.accounts.rules.credentials import ScreenUse
from apps.core.policy import Actor
from apps.display.commands import pair
from apps.display.models import Board
from tests.ward import Ward


def closed_board(ward: Ward, slug: str = "corridor", departments: int = 1) -> Board:
    """A board that only paired screens and staff see."""
    board = Board.objects.create(facility=ward.facility, slug=slug, name="Corridor")
    board.departments.set(ward.departments[:departments])
    return board


def waiting_screen() -> tuple[Client, str]:
    """A screen's browser, and the code that it shows."""
    screen = Client()
    assert screen.post("/display/").url == "/display/?asked"
    return screen, code_on(screen)


def code_on(screen: Client) -> str:
    """The code that a screen shows at present."""
    found = re.search(r'class="code"[^>]*>([^<]+)<', screen.get("/display/").content.decode())
    assert found
    return found[1]


def paired_screen(
    admin: Actor, board: Board, label: str = "beside the lift", use: str = ScreenUse.BOARD
) -> tuple[Client, Credential]:
    """A screen's browser that shows this board, or is its kiosk, and its credential."""
    screen, code = waiting_screen()
    screen_id = pair(actor=admin, now=timezone.now(), code=code, board_id=board.id, label=label, use=use)
    return screen, Credential.objects.get(id=screen_id)


def cookie_of(screen: Client) -> str:
    """What a screen's browser sends along."""
    return f"{settings.SCREEN_COOKIE_NAME}={screen.cookies[settings.SCREEN_COOKIE_NAME].value}"
