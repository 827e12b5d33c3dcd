"""Boards over sockets: who is let in, and who has to leave when a screen is taken off or a board is closed."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Credential
from apps.display.commands import unpair
from apps.display.models import Board
from apps.live import access
from apps.live.hub import Hub
from tests.browsers import browser_of
from tests.display.hall import closed_board, cookie_of, paired_screen
from tests.live.clients import BOARD, DOCTOR, done, open_socket
from tests.ward import Ward, open_ward

pytestmark = pytest.mark.asyncio


@pytest.fixture
def ward(house: Any, settings: Any) -> Iterator[Ward]:
    """A hospital with its real views."""
    settings.LIVE_VIEWS = "opd.subscriptions.LIVE_VIEWS"
    with open_ward() as opened:
        yield opened


def screen_at(ward: Ward, board: Board) -> tuple[str, Credential]:
    screen, credential = paired_screen(ward.admin, board)
    return cookie_of(screen), credential


async def test_a_closed_board_is_followed_by_its_screen_and_by_staff_only(ward, hub):
    board = await done(closed_board, ward)
    stream = f"board.{board.id}"
    async with open_socket(BOARD) as stranger:
        await stranger.say("subscribe", stream=stream)
        assert await stranger.refusal() == "not_signed_in"
        await stranger.say("get-queue-status", stream=stream)
        assert await stranger.refusal() == "not_signed_in"
    cookie, _ = await done(screen_at, ward, board)
    async with open_socket(BOARD, cookie) as screen:
        await screen.subscribe(stream)
        assert "html" in (await screen.hear("resync"))["data"]["payload"]
    nurse = await done(browser_of, ward.nurse)
    async with open_socket(BOARD, f"sessionid={nurse.cookies['sessionid'].value}; {cookie}") as staff:
        await staff.subscribe(stream)
        assert next(iter(hub.sockets)).actor.id == ward.nurse.id


async def test_a_screens_cookie_opens_no_other_socket(ward, hub):
    cookie, _ = await done(screen_at, ward, await done(closed_board, ward))
    async with open_socket(DOCTOR, cookie) as client:
        await client.say("subscribe", stream=f"dept.{ward.department.id}")
        assert await client.refusal() == "not_signed_in"
    async with open_socket(BOARD, cookie) as client:
        await client.say("subscribe", stream=f"dept.{ward.department.id}")
        assert await client.refusal() == "not_found"
        other = await done(closed_board, ward, "second")
        await client.say("subscribe", stream=f"board.{other.id}")
        assert await client.refusal() == "forbidden"


async def test_a_screen_that_is_taken_off_is_cut_off_within_five_seconds(ward, hub):
    board = await done(closed_board, ward)
    cookie, credential = await done(screen_at, ward, board)
    async with open_socket(BOARD, cookie) as screen:
        await screen.subscribe(f"board.{board.id}")
        await screen.hear("resync")
        began = hub.loop.time()
        await done(unpair, actor=ward.admin, now=timezone.now(), screen_id=credential.id)
        assert await screen.closed() == 4401
        assert hub.loop.time() - began < 5


async def test_a_screen_on_its_socket_is_seen_and_stays_paired(ward, hub):
    board = await done(closed_board, ward)
    cookie, credential = await done(screen_at, ward, board)
    await done(Credential.objects.update, last_seen_at=None)
    async with open_socket(BOARD, cookie) as screen:
        await screen.subscribe(f"board.{board.id}")
        await access.check(hub)
    await done(credential.refresh_from_db)
    assert credential.last_seen_at is not None


async def test_when_a_board_is_closed_whoever_merely_looks_on_leaves(ward, hub: Hub):
    board = await done(closed_board, ward)
    await done(Board.objects.update, open_to_all=True)
    stream = f"board.{board.id}"
    cookie, _ = await done(screen_at, ward, board)
    async with open_socket(BOARD) as stranger, open_socket(BOARD, cookie) as screen:
        await stranger.subscribe(stream)
        await screen.subscribe(stream)
        await access.check(hub)
        await stranger.hear("resync")
        await stranger.is_answered()
        await done(Board.objects.update, open_to_all=False)
        await access.check(hub)
        assert await stranger.closed() == 4403
        await screen.hear("resync")
        await screen.is_answered()


async def test_of_many_at_closed_boards_all_are_asked_about_in_one_question(ward, hub: Hub, monkeypatch):
    board = await done(closed_board, ward)
    stream = f"board.{board.id}"
    cookies = [(await done(screen_at, ward, board))[0] for _ in range(4)]
    asked: list[str] = []
    ask = hub.ask

    async def counting(question: Any, *about: Any) -> Any:
        asked.append(question.__name__)
        return await ask(question, *about)

    async with AsyncExitStack() as stack:
        for cookie in cookies:
            await (await stack.enter_async_context(open_socket(BOARD, cookie))).subscribe(stream)
        monkeypatch.setattr(hub, "ask", counting)
        await access._check_closed(hub)
    assert asked == ["not_open", "refused"]
