"""What those who wait are told of their own place: each their own, and no hall of phones fetches its pages at once."""

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.queries import tracking_code
from apps.live.hub import Hub
from apps.live.rules import FETCHES_APART
from apps.queue import commands
from apps.queue.models import Visit
from apps.queue.queries.track import track_sequence, track_view
from apps.scheduling.models import Doctor
from tests.live.clients import PATIENT, Client, done, open_socket
from tests.ward import Ward, open_ward

WAITING = 10


@pytest.fixture
def hall(house: Any, settings: Any) -> Iterator[tuple[Ward, list[Visit]]]:
    """Ten people wait for one doctor, and nothing else stands in the way of the real views."""
    settings.LIVE_VIEWS = "opd.subscriptions.LIVE_VIEWS"
    with open_ward() as ward:
        ward.keep_real_time()
        visits = [
            ward.arrive(ward.register(f"Lakshmi {number}"), doctor_id=ward.doctor.id) for number in range(WAITING)
        ]
        yield ward, visits


async def told(client: Client) -> dict[str, Any]:
    """The next word about the own place; what happened in the queue is passed over."""
    while (frame := await client.next())["type"] != "queue-status":
        assert frame["type"] in ("connected", "heartbeat-ack", "queue-joined", "queue-update"), frame
    return frame


async def join(client: Client, visit: Visit) -> dict[str, Any]:
    """The holder of a visit's link comes; what they are told at once."""
    await client.say("join-queue", token=await done(tracking_code, visit.id, timezone.now()))
    return await told(client)


def page(visit: Visit) -> str:
    return str(track_view(*track_sequence(visit.id), timezone.now())["place"])


async def test_whoever_comes_is_told_at_once_where_they_stand(hub: Hub, hall: tuple[Ward, list[Visit]]):
    _ward, visits = hall
    async with open_socket(PATIENT) as phone:
        said = await join(phone, visits[3])
    assert said["data"]["position"] == 4
    assert said["data"]["page"] == await done(page, visits[3])
    assert set(said["data"]) == {"stream", "position", "etaFrom", "etaTo", "nowServing", "page"}


async def test_a_call_is_told_to_each_as_their_own_place_and_makes_only_near_pages_anew(
    hub: Hub, hall: tuple[Ward, list[Visit]]
):
    ward, visits = hall
    await done(ward.call_next)
    async with AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(open_socket(PATIENT)) for _ in visits[1:]]
        before = [await join(phone, visit) for phone, visit in zip(phones, visits[1:], strict=True)]
        await done(commands.cancel, actor=ward.meera, now=ward.now, visit_id=visits[1].id, reason="went home")
        after = [await told(phone) for phone in phones[1:]]
    assert [one["data"]["position"] for one in before] == list(range(1, WAITING))
    assert [one["data"]["position"] for one in after] == list(range(1, WAITING - 1))
    fetch = [one["data"]["page"] != was["data"]["page"] for one, was in zip(after, before[1:], strict=True)]
    assert fetch == [True] * 7 + [False]
    waits = [one["fetchIn"] for one, fetches in zip(after, fetch, strict=True) if fetches]
    assert waits == [FETCHES_APART * number for number in range(1, 8)], "the nearest first, and not all at once"


async def test_nobody_is_told_anything_of_others(hub: Hub, hall: tuple[Ward, list[Visit]]):
    ward, visits = hall
    async with open_socket(PATIENT) as phone:
        await join(phone, visits[5])
        await done(ward.call_next)
        while (await told(phone))["data"]["position"] != 5:
            pass
    said = json.dumps([json.loads(text) for text in phone.texts if '"queue-status"' in text])
    for visit in visits:
        assert str(visit.id) not in said
        assert visit.token.label not in said or visit == visits[0], "only who is just being seen is named, by number"
    assert "Lakshmi" not in said


async def test_who_stands_as_before_is_told_nothing(hub: Hub, hall: tuple[Ward, list[Visit]]):
    ward, visits = hall
    async with open_socket(PATIENT) as first, open_socket(PATIENT) as last:
        await join(first, visits[0])
        await join(last, visits[-1])
        await done(commands.cancel, actor=ward.meera, now=ward.now, visit_id=visits[4].id, reason="went home")
        assert (await told(last))["data"]["position"] == WAITING - 1
        await first.say("heartbeat")
        assert (await first.hear("heartbeat-ack", "queue-update"))["type"] == "queue-update"
        await first.is_answered()


async def test_news_meanwhile_hurries_nobody_to_fetch(
    hub: Hub, hall: tuple[Ward, list[Visit]], monkeypatch: pytest.MonkeyPatch
):
    ward, visits = hall
    monkeypatch.setattr("apps.live.streams.own.FETCHES_APART", 60_000)

    def cancelled(visit: Visit) -> None:
        commands.cancel(actor=ward.meera, now=ward.now, visit_id=visit.id, reason="went home")

    def pauses() -> None:
        Doctor.objects.filter(id=ward.doctor.id).update(back_at=ward.now)
        cancelled(visits[0])

    async with open_socket(PATIENT) as one, open_socket(PATIENT) as other:
        await join(one, visits[8])
        await join(other, visits[9])
        await done(pauses)
        first = [(await told(one))["fetchIn"], (await told(other))["fetchIn"]]
        await done(cancelled, visits[1])
        second = (await told(other))["fetchIn"]
    assert first == [0, 60_000]
    assert 0 < second <= 60_000, "only its place has changed, and the page it waits for is not due yet"
