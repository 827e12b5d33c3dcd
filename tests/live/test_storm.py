"""Everybody comes back at once: how much of that reaches the database."""

import asyncio
import gc
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from apps.core import outbox
from apps.display.models import Board
from apps.live import access
from apps.live.hub import Hub
from apps.live.queries import draw, find
from apps.live.sockets import Socket
from apps.live.together import TOGETHER, Together
from tests.display.hall import closed_board
from tests.live.clients import BOARD, DOCTOR, PATIENCE, PATIENT, Client, done, open_socket
from tests.live.test_boards import ward as ward
from tests.live.test_streams import _empty_the_outbox
from tests.proving import PROVE
from tests.ward import Ward

CROWD = 40
RETURNS = 450 if PROVE else 15
"""How often a board's connection ends in thirty hours, if it does every four minutes."""


@pytest.fixture
def asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the hub asked which question of the database."""
    ask, counted = hub.ask, Counter()

    async def counting(question: Any, *about: Any, **how: Any) -> Any:
        if question is not outbox.stream_sequences:  # the source's own look, every two seconds
            counted[question.__name__] += 1
        return await ask(question, *about, **how)

    monkeypatch.setattr(hub, "ask", counting)
    return counted


async def test_many_who_come_by_their_links_at_once_are_one_of_few_questions(house, asked):
    tokens = [(await done(house.tracking))[0] for _ in range(CROWD)]

    async def come(token: str) -> None:
        async with open_socket(PATIENT) as client:
            await client.say("join-queue", token=token)
            assert (await client.hear("resync"))["data"]["stream"] == f"patient.{house.department_id}"

    await asyncio.gather(*(come(token) for token in tokens))
    assert asked["guests"] <= CROWD / 4
    assert asked["places"] <= CROWD / 4  # the first ones, before the stream stands
    assert asked["admit"] == 0
    asked.clear()
    await asyncio.gather(*(come(token) for token in tokens))
    assert set(asked) <= {"guests"}
    assert asked["guests"] <= CROWD / 4


def open_board(ward: Ward) -> Board:
    """A board that anybody may look at."""
    board = closed_board(ward)
    Board.objects.filter(id=board.id).update(open_to_all=True)
    return board


async def test_who_comes_back_to_a_board_that_is_open_to_all_costs_nothing(ward, hub, asked):
    board = await done(open_board, ward)
    stream = f"board.{board.id}"
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_socket(BOARD))
        await first.subscribe(stream)
        await access.check(hub)
        asked.clear()
        for _ in range(3):
            again = await stack.enter_async_context(open_socket(BOARD))
            await again.subscribe(stream)
            assert "html" in (await again.hear("resync"))["data"]["payload"]
        assert not asked


async def test_a_board_that_hangs_for_thirty_hours_is_right_each_time_and_leaves_nothing_behind(ward, hub):
    board = await done(open_board, ward)
    stream, seen = f"board.{board.id}", 0
    for number in range(RETURNS):
        if number % 5 == 0:
            await done(ward.arrive)
        truth = (await done(lambda: draw(find(stream)))).sequence
        async with open_socket(BOARD) as screen:
            await screen.subscribe(stream, **({"lastReceivedEventId": f"{stream}:{seen}"} if seen else {}))
            while seen < truth:  # shown whole, or told of while it came
                frame = await screen.hear("resync", "queue-update")
                seen = frame.get("data" if frame["type"] == "resync" else "", frame)["sequence"]
            await screen.is_answered()
            assert seen == truth
    assert (len(hub.sockets), len(hub.streams[stream].sockets), len(hub._open_by)) == (0, 0, 0)
    gc.collect()
    left = [one for one in gc.get_objects() if issubclass(type(one), Socket)]  # asking weak proxies would raise
    assert not [one for one in left if getattr(one._when_cut, "__self__", None) is hub]  # others are of other tests


async def test_after_a_restart_what_was_told_before_is_told_again_from_memory(house, hub, asked):
    cookie = await done(house.cookie)
    await done(house.move, times=12)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(open_socket(DOCTOR, cookie))
        await first.subscribe(house.dept)
        await done(_empty_the_outbox)
        asked.clear()
        for last in (3, 9):
            client = await stack.enter_async_context(open_socket(DOCTOR, cookie))
            await client.subscribe(house.dept, lastReceivedEventId=f"{house.dept}:{last}")
            assert [f["sequence"] for f in await client.updates(12 - last)] == list(range(last + 1, 13))
        assert set(asked) == {"admit"}  # staff are asked about each time


async def test_what_happened_in_many_queues_is_read_in_few_questions_and_in_no_thread(house, hub, asked):
    sizes: list[int] = []

    async def counting(followers: Any) -> Any:
        sizes.append(len(followers))
        return await type(hub.source).read(hub.source, followers)

    hub.news = Together(hub, counting)
    cookie = await done(house.cookie)
    async with open_socket(DOCTOR, cookie) as one, open_socket(DOCTOR, cookie) as two:
        await one.subscribe(house.dept)
        await two.subscribe(house.other_dept)
        asked.clear()
        await done(house.move, house.dept, house.other_dept, times=5)
        for client in (one, two):
            assert [frame["sequence"] for frame in await client.updates(5)] == [1, 2, 3, 4, 5]
    assert sum(sizes) == 2
    assert asked["replay"] == 0


async def test_the_whole_view_is_drawn_once_for_all_who_missed_too_much(house, asked, monkeypatch):
    monkeypatch.setattr(outbox, "REPLAY_AT_MOST", 3)
    await done(house.move, times=6)
    cookie = await done(house.cookie)

    async def return_late(client: Client) -> None:
        await client.subscribe(house.dept, lastReceivedEventId=f"{house.dept}:1")
        assert (await client.hear("resync"))["data"]["sequence"] == 6

    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(open_socket(DOCTOR, cookie)) for _ in range(8)]
        await asyncio.gather(*map(return_late, clients))
    assert asked["draw"] == 1


async def test_questions_that_come_together_are_asked_together_and_each_gets_its_own_answer():
    sizes: list[int] = []
    goes_on = asyncio.Event()

    async def squares(about: Sequence[int]) -> dict[int, int]:
        sizes.append(len(about))
        await goes_on.wait()
        return {one: one * one for one in about if one % 2}

    loop = asyncio.get_running_loop()
    hub: Any = SimpleNamespace(loop=loop, spawn=lambda work, name: loop.create_task(work))
    together: Together[int, int] = Together(hub, squares)
    asking = [asyncio.create_task(together.ask(number % 600)) for number in range(900)]
    async with asyncio.timeout(PATIENCE):
        while not sizes:
            await asyncio.sleep(0)
        asking.pop().cancel()  # whoever leaves takes no answer away from the others
        goes_on.set()
        answers = await asyncio.gather(*asking)
    assert answers == [n * n if n % 2 else None for n in (number % 600 for number in range(899))]
    assert (sum(sizes), max(sizes)) == (600, TOGETHER)


async def test_a_question_that_fails_fails_for_all_who_asked_and_the_next_one_is_asked_again():
    failing = True

    async def themselves(about: Sequence[int]) -> dict[int, int]:
        if failing:
            raise OSError
        return {one: one for one in about}

    loop = asyncio.get_running_loop()
    hub: Any = SimpleNamespace(loop=loop, spawn=lambda work, name: loop.create_task(work))
    together: Together[int, int] = Together(hub, themselves)
    failed = await asyncio.gather(together.ask(1), together.ask(2), return_exceptions=True)
    assert [type(error) for error in failed] == [OSError, OSError]
    failing = False
    assert await together.ask(1) == 1
