"""What is told over a stream: to everybody the same, in order, without a gap and once."""

import asyncio
import json
import random
import time
from dataclasses import replace
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.queries import actor_of_staff
from apps.core import outbox
from apps.core.models import OutboxEvent
from apps.live import events
from apps.live import hub as hub_module
from apps.live.queries import draw, find
from apps.live.together import Together
from tests.live import house as house_module
from tests.live.clients import BOARD, DOCTOR, PATIENCE, PATIENT, done, open_socket
from tests.live.house import House, move
from tests.proving import PROVE

pytestmark = pytest.mark.usefixtures("hub")


def numbers(frames: list[dict]) -> list[int]:
    return [frame["sequence"] for frame in frames]


async def test_an_event_is_told_to_all_in_the_same_words(house):
    cookie = await done(house.cookie)
    async with open_socket(DOCTOR, cookie) as one, open_socket(DOCTOR, cookie) as two:
        for client in (one, two):
            await client.subscribe(house.dept)
        await done(house.move, times=3)
        assert numbers(await one.updates(3)) == numbers(await two.updates(3)) == [1, 2, 3]
        assert one.texts[-3:] == two.texts[-3:]


async def test_an_event_is_told_in_the_envelope_of_the_contract(house):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        await done(house.move)
        frame = await client.hear("queue-update")
    event = await done(OutboxEvent.objects.get)
    assert frame == {
        "type": "queue-update",
        "eventId": str(event.id),
        "eventType": "visit.transitioned",
        "occurredAt": frame["occurredAt"],
        "traceId": event.trace_id,
        "actor": {"type": "system"},
        "entityId": str(event.entity_id),
        "entityVersion": 1,
        "stream": house.dept,
        "sequence": 1,
        "payload": {"to": "CALLED"},
        "data": {"to": "CALLED", "stream": house.dept, "sequence": 1},
    }
    assert abs(timezone.datetime.fromisoformat(frame["occurredAt"]) - event.occurred_at).total_seconds() < 0.001


async def test_who_made_a_change_is_told_to_staff_only(house, hub):
    def by_meera() -> None:
        move(actor=actor_of_staff(house.meera), now=timezone.now(), streams=[house.dept])

    visitor = Narrow()
    visitor.open.set()
    looking = hub.enter(visitor, "there")
    stream = looking.streams[house.dept] = await hub.follow(await done(find, house.dept))
    await stream.join(looking, None)
    async with open_socket(DOCTOR, await done(house.cookie)) as staff:
        await staff.subscribe(house.dept)
        await done(by_meera)
        told = await staff.hear("queue-update")
        assert told["actor"] == {"type": "staff", "id": str(house.meera.id), "role": "RECEPTION"}
        await visitor.has_sent(1)
        assert visitor.sent[-1]["actor"] == {"type": "staff"}
        assert visitor.sent[-1]["eventId"] == told["eventId"]
    hub.leave(looking)


async def test_other_streams_are_not_told(house):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        await done(house.move, house.other_dept, times=2)
        await done(house.move, house.dept, house.other_dept)
        assert (await client.hear("queue-update"))["stream"] == house.dept
        await client.is_answered()


async def test_what_is_undone_is_never_told(house):
    def fail() -> None:
        with pytest.raises(ZeroDivisionError):
            house.announce(_Breaking(house.dept))

    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        await done(fail)
        await done(house.move)
        assert (await client.hear("queue-update"))["eventType"] == "visit.transitioned"


class _Breaking:
    """An event whose command fails after saying it."""

    def __init__(self, stream: str) -> None:
        self.stream, self.type, self.entity_type, self.entity_id = stream, "broken", "visit", None

    @property
    def entity_version(self) -> int:
        return 1 // 0


async def test_a_client_that_comes_back_gets_what_it_missed_and_goes_on(house):
    cookie = await done(house.cookie)
    await done(house.move, times=5)
    async with open_socket(DOCTOR, cookie) as client:
        await client.subscribe(house.dept, lastReceivedEventId=f"{house.dept}:2")
        await done(house.move)
        assert numbers(await client.updates(4)) == [3, 4, 5, 6]
    await done(house.move)
    async with open_socket(DOCTOR, cookie) as client:
        await client.subscribe(house.dept, lastReceivedEventId=f"{house.dept}:4")
        assert numbers(await client.updates(3)) == [5, 6, 7]
        await client.is_answered()


async def test_a_client_may_say_what_it_has_by_the_id_of_an_event(house):
    await done(house.move, times=5)
    third = await done(OutboxEvent.objects.get, sequence=3)
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept, lastReceivedEventId=str(third.id))
        assert numbers(await client.updates(2)) == [4, 5]


async def test_who_has_everything_is_sent_nothing(house):
    await done(house.move, times=2)
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept, lastReceivedEventId=f"{house.dept}:2")
        await client.is_answered()


async def test_what_was_just_told_is_told_again_from_memory(house):
    cookie = await done(house.cookie)
    async with open_socket(DOCTOR, cookie) as client:
        await client.subscribe(house.dept)
        await done(house.move, times=20)
        first = await client.updates(20)
        await done(_empty_the_outbox)
        await client.subscribe(house.dept, lastReceivedEventId=f"{house.dept}:12")
        assert await client.updates(8) == first[12:]


def _empty_the_outbox() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM core_outboxevent")
        cursor.execute("RESET session_replication_role")


@pytest.mark.parametrize("held", [":1", ":99"], ids=["too old", "from another life"])
async def test_who_missed_too_much_gets_the_view_that_http_shows(house, held, monkeypatch):
    monkeypatch.setattr(outbox, "REPLAY_AT_MOST", 3)
    await done(house.move, times=6)
    cookie = await done(house.cookie)
    async with open_socket(DOCTOR, cookie) as client:
        await client.subscribe(house.dept, lastReceivedEventId=house.dept + held)
        view = (await client.hear("resync"))["data"]
        assert view["sequence"] == 6
        assert view["payload"] == {"moves": {house.dept: [1, 2, 3, 4, 5, 6]}}
        assert view == (await done(lambda: draw(find(house.dept)))).as_json()
        await done(house.move)
        assert numbers(await client.updates(1)) == [7]


async def test_who_was_away_past_the_retention_gets_the_view(house):
    await done(house.move, times=6)
    await done(_empty_the_outbox)
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept, lastReceivedEventId=f"{house.dept}:2")
        assert (await client.hear("resync"))["data"]["sequence"] == 6


async def test_more_at_once_than_is_told_one_by_one_is_shown_as_a_whole(house, monkeypatch):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        await done(house.move, times=outbox.REPLAY_AT_MOST + 1)
        assert (await client.hear("resync"))["data"]["sequence"] == outbox.REPLAY_AT_MOST + 1
        await done(house.move)
        assert numbers(await client.updates(1)) == [outbox.REPLAY_AT_MOST + 2]


async def test_what_a_whole_view_has_shown_is_not_told_again(house, hub):
    read, has_read, goes_on = hub.source.read, asyncio.Event(), asyncio.Event()

    async def hold_what_is_read(followers: Any) -> Any:
        answer = await read(followers)
        has_read.set()
        await goes_on.wait()
        return answer

    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        hub.news = Together(hub, hold_what_is_read)
        await done(house.move, times=3)
        await has_read.wait()
        await hub.streams[house.dept]._show_whole()
        goes_on.set()
        assert (await client.hear("resync"))["data"]["sequence"] == 3
        await done(house.move)
        assert numbers(await client.updates(1)) == [4]


# --- views ----------------------------------------------------------------------------------------------------------


async def test_a_view_is_drawn_once_however_many_look(house):
    house_module.drawn.clear()
    cookie = await done(house.cookie)
    async with (
        open_socket(DOCTOR, cookie) as one,
        open_socket(DOCTOR, cookie) as two,
        open_socket(DOCTOR, cookie) as three,
    ):
        for client in (one, two, three):
            await client.subscribe(house.staff)
            assert (await client.hear("resync"))["data"]["sequence"] == 0
        await done(house.move)
        shown = [await client.hear("queue-update") for client in (one, two, three)]
        assert len({client.texts[-1] for client in (one, two, three)}) == 1
        assert shown[0]["payload"]["moves"] == {house.dept: [1]}
        assert house_module.drawn["staff"] == 2


def test_a_view_shows_no_more_than_its_number_says(house):
    place = find(house.dept)

    def meanwhile(department_id: UUID) -> dict[str, Any]:
        writer = Thread(target=write, args=(house, 1))
        writer.start()
        writer.join()
        return place.view.render(department_id)

    picture = draw(replace(place, view=replace(place.view, render=meanwhile)))
    assert picture.numbers == {house.dept: 0}
    assert picture.payload == {"moves": {house.dept: []}}
    assert draw(place).numbers == {house.dept: 1}


async def test_a_view_follows_the_last_event_it_shows(house):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.staff)
        await client.hear("resync")
        await done(house.move, times=3)
        frame = await client.hear("queue-update")
        event = await done(OutboxEvent.objects.get, sequence=frame["sequence"])
        assert frame["eventId"] == str(event.id)
        assert frame["stream"] == house.staff
        assert frame["sequences"] == {house.dept: 3}
        assert frame["actor"] == {"type": "system"}
        assert frame["data"] == {"moves": {house.dept: [1, 2, 3]}, "stream": house.staff, "sequence": 3}
        assert "html" in frame["payload"]


async def test_a_board_has_a_number_for_each_department_and_one_that_only_grows(house):
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        await client.hear("resync")
        seen = []
        for stream in (house.dept, house.other_dept, house.dept):
            await done(house.move, stream)
            frame = await client.hear("queue-update")
            seen.append(frame["sequence"])
            assert sum(frame["sequences"].values()) == frame["sequence"]
            assert {name: len(moved) for name, moved in frame["payload"]["moves"].items()} == frame["sequences"]
        assert seen == [1, 2, 3]
        assert frame["sequences"] == {house.dept: 2, house.other_dept: 1}


async def test_a_busy_view_is_drawn_once_per_window_and_ends_right(house, monkeypatch):
    house_module.drawn.clear()
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        await client.hear("resync")
        began = time.monotonic()
        for _ in range(40):
            await done(house.move)
        while (frame := await client.hear("queue-update"))["sequence"] < 40:
            pass
        assert frame["payload"]["moves"][house.dept] == list(range(1, 41))
        assert house_module.drawn["board"] <= 3 + (time.monotonic() - began) / 0.05
        told = [json.loads(text) for text in client.texts if "queue-update" in text]
        assert numbers(told) == sorted(set(numbers(told)))


@pytest.mark.parametrize("form", ["numbers", "sum", "event"])
async def test_whoever_has_the_view_as_it_is_gets_no_other(house, form):
    await done(house.move, times=2)
    event = await done(OutboxEvent.objects.get, sequence=2)
    stream = house.staff if form == "event" else house.board
    held = {"numbers": f"{house.board}:2 0", "sum": f"{house.board}:2", "event": str(event.id)}[form]
    async with open_socket(DOCTOR if form == "event" else BOARD, await done(house.cookie)) as client:
        await client.subscribe(stream, lastReceivedEventId=held)
        await client.is_answered()
        await done(house.move)
        assert (await client.hear("queue-update"))["sequence"] == 3


async def test_whoever_has_an_older_view_gets_the_present_one(house):
    await done(house.move, times=2)
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board, lastReceivedEventId=f"{house.board}:1 0")
        assert (await client.hear("resync"))["data"]["sequences"] == {house.dept: 2, house.other_dept: 0}


async def test_what_nobody_looks_at_is_not_drawn_until_somebody_comes(house):
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        await client.hear("resync")
    house_module.drawn.clear()
    async with open_socket(DOCTOR, await done(house.cookie)) as witness:
        await witness.subscribe(house.dept)
        for _ in range(5):
            await done(house.move)
            await witness.hear("queue-update")
        async with open_socket(BOARD) as client:
            await client.subscribe(house.board)
            assert (await client.hear("resync"))["data"]["sequence"] == 5
        assert house_module.drawn["board"] == 1


async def test_an_announcement_reaches_all_who_look(house):
    token, _ = await done(house.tracking)
    async with open_socket(PATIENT) as patient, open_socket(DOCTOR, await done(house.cookie)) as doctor:
        await patient.say("join-queue", token=token)
        await patient.hear("resync")
        await doctor.subscribe(house.dept)
        told = events.emergency(
            house.dept, house.department_id, message="The doctor is held up", priority="high", estimated_delay=30
        )
        await done(house.announce, told)
        heard = await patient.hear("emergency-notification")
        assert (heard["message"], heard["priority"], heard["estimatedDelay"]) == ("The doctor is held up", "high", 30)
        assert (heard["stream"], heard["sequence"], heard["actor"]) == (house.dept, 1, {"type": "system"})
        assert (await patient.hear("queue-update"))["sequence"] == 1
        assert (await doctor.hear("queue-update"))["eventType"] == events.EMERGENCY
        await done(house.announce, events.broadcast(house.dept, "department", house.department_id, "moved rooms"))
        assert (await patient.hear("queue-broadcast"))["reason"] == "moved rooms"


async def test_a_stream_gives_signs_of_life_in_the_same_words_to_all(house, hub, monkeypatch):
    monkeypatch.setattr(hub_module, "HEARTBEAT_EVERY", 0.1)
    hub.spawn(hub._beat(), "a faster beat")
    cookie = await done(house.cookie)
    async with open_socket(DOCTOR, cookie) as one, open_socket(DOCTOR, cookie) as two:
        for client in (one, two):
            await client.subscribe(house.dept)
            while "stream" not in (beat := await client.next()):
                pass
            assert beat["type"] == "heartbeat-ack"
            assert (beat["stream"], beat["sequence"]) == (house.dept, 0)
        common = set(one.texts) & set(two.texts)
        while not any('"heartbeat-ack"' in text for text in common):
            await one.next()
            common = set(one.texts) & set(two.texts)


async def test_a_stream_that_has_just_told_something_gives_no_sign_of_life_besides(house, hub, monkeypatch):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        stream = hub.streams[house.dept]
        beaten, tell = [], stream.tell
        monkeypatch.setattr(stream, "tell", lambda frame: (beaten.append(hub.loop.time()), tell(frame)))
        await done(house.move)
        await client.updates(1)
        told_at = stream.told_at
        monkeypatch.setattr(hub_module, "HEARTBEAT_EVERY", 0.4)
        hub.spawn(hub._beat(), "a faster beat")
        assert (await client.hear("heartbeat-ack"))["stream"] == house.dept
        assert beaten[0] - told_at >= 0.4


async def test_a_stream_without_sockets_is_kept_a_while_and_then_forgotten(house, hub, monkeypatch):
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
    assert set(hub.streams) == {house.board, house.dept, house.other_dept}
    monkeypatch.setattr(hub_module, "EMPTY_KEPT", 0)
    monkeypatch.setattr(hub_module, "HEARTBEAT_EVERY", 0.01)
    beating = hub.spawn(hub._beat(), "a faster beat")
    async with asyncio.timeout(PATIENCE):
        while hub.streams:
            await asyncio.wait({beating}, timeout=0.01)


# --- slow clients -----------------------------------------------------------------------------------------------------


class Narrow:
    """A server that lets nothing through to its client until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.sent: list[dict] = []
        self.news = asyncio.Condition()

    async def __call__(self, message: dict) -> None:
        await self.open.wait()
        self.sent.append(json.loads(message["text"])["data"] | json.loads(message["text"]))
        async with self.news:
            self.news.notify_all()

    async def has_sent(self, sequence: int) -> None:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: self.sent and self.sent[-1]["sequence"] == sequence)


async def test_a_client_that_does_not_read_is_cut_and_shown_the_whole_view(house, hub):
    narrow = Narrow()
    slow = hub.enter(narrow, "there")
    stream = slow.streams[house.dept] = await hub.follow(await done(find, house.dept))
    await stream.join(slow, None)
    async with open_socket(DOCTOR, await done(house.cookie)) as quick:
        await quick.subscribe(house.dept)
        for _ in range(3):
            await done(house.move, times=50)
            await quick.updates(50)
        assert slow not in stream.sockets
        assert len(slow._queue) <= 100
        narrow.open.set()
        await narrow.has_sent(150)
        await done(house.move)
        await narrow.has_sent(151)
    told = [frame["sequence"] for frame in narrow.sent]
    assert told == sorted(set(told))
    assert [frame["type"] for frame in narrow.sent[-2:]] == ["resync", "queue-update"]
    assert hub.dropped == 101
    hub.leave(slow)


# --- many -------------------------------------------------------------------------------------------------------------

EVENTS, WRITERS, CLIENTS, CUTS = (10_000, 8, 20, 10) if PROVE else (1_000, 4, 5, 10)


class Follower:
    """A client that is cut off at random and comes back with the last number it saw."""

    def __init__(self, stream: str, cookie: str, seed: int) -> None:
        self.stream, self.cookie = stream, cookie
        self.chance = random.Random(seed)
        self.seen: list[int] = []
        self.wholes = 0

    @property
    def last(self) -> int:
        return self.seen[-1] if self.seen else 0

    async def follow(self, until: int) -> None:
        cuts = sorted(self.chance.sample(range(1, until), CUTS))
        for cut in [*cuts, until]:
            async with open_socket(DOCTOR, self.cookie) as client:
                await client.subscribe(self.stream, lastReceivedEventId=f"{self.stream}:{self.last}")
                while self.last < cut:
                    self.take(await client.hear("queue-update", "resync"))

    def take(self, frame: dict) -> None:
        if frame["type"] == "resync":
            whole = frame["data"]["payload"]["moves"][self.stream]
            assert whole == list(range(1, frame["data"]["sequence"] + 1))
            self.seen += whole[self.last :]
            self.wholes += 1
        else:
            assert frame["sequence"] == self.last + 1
            self.seen.append(frame["sequence"])


def write(house: House, count: int) -> None:
    """One of several who work on the same queue at once."""
    for _ in range(count):
        move(actor=house.actor, now=timezone.now(), streams=[house.dept])
    connection.close()


@pytest.mark.timeout(900)
async def test_nothing_is_lost_doubled_or_turned_round_by_cuts_and_writers(house):
    cookie = await done(house.cookie)
    followers = [Follower(house.dept, cookie, seed) for seed in range(CLIENTS)]
    writers = [Thread(target=write, args=(house, EVENTS // WRITERS)) for _ in range(WRITERS)]
    following = [asyncio.create_task(follower.follow(EVENTS)) for follower in followers]
    for writer in writers:
        writer.start()
    await asyncio.gather(*following)
    await asyncio.to_thread(lambda: [writer.join() for writer in writers])
    assert all(follower.seen == list(range(1, EVENTS + 1)) for follower in followers)
    assert sum(follower.wholes for follower in followers) <= CLIENTS
