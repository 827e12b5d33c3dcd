"""Who opens a socket, what they may ask, and how it ends."""

import asyncio
import json
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from apps.accounts.commands import revoke_device, sign_out
from apps.accounts.models import Credential, Staff, StaffDevice
from apps.accounts.queries.actors import actor_of_credential, actor_of_staff
from apps.core.policy import Role
from apps.live import access, talk
from apps.live.consumers import PatientQueue
from apps.live.routing import websocket_urlpatterns
from apps.live.sockets import QueuedSocket
from tests.cast import bearer, dr_rao
from tests.factories import PASSWORD
from tests.live.clients import ADMIN, BOARD, DOCTOR, PATIENCE, PATIENT, done, open_socket, open_socket_ungreeted
from tests.live.house import NAMES, department, open_house

pytestmark = pytest.mark.usefixtures("hub")


async def test_a_client_is_greeted_with_an_id(house):
    async with open_socket_ungreeted(BOARD) as client:
        assert len((await client.next())["clientId"]) == 32


async def test_staff_are_known_by_their_session(house):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        joined = await client.subscribe(house.dept)
        assert joined == {"type": "queue-joined", "roomId": house.dept, "sequence": 0}


async def test_staff_are_known_by_a_bearer_token(house):
    headers = await done(bearer, house.meera)
    async with open_socket(ADMIN, authorization=headers["Authorization"]) as client:
        await client.subscribe(house.dept)


async def test_staff_are_known_by_a_ticket_in_the_first_frame(house):
    async with open_socket(DOCTOR) as client:
        await client.subscribe(house.dept, ticket=await done(house.ticket))


async def test_a_bad_ticket_ends_the_connection(house):
    async with open_socket(DOCTOR) as client:
        await client.say("subscribe", stream=house.dept, ticket="a.b.c")
        assert await client.refusal() == "not_found"
        assert await client.closed() == 4401


async def test_nobody_in_particular_sees_no_queue(house):
    async with open_socket(DOCTOR) as client:
        await client.say("subscribe", stream=house.dept)
        assert await client.refusal() == "not_signed_in"


async def test_who_says_nothing_is_not_kept(house, monkeypatch):
    monkeypatch.setattr(talk, "FIRST_FRAME_WITHIN", 0.2)
    for path in (DOCTOR, PATIENT, BOARD):
        async with open_socket(path) as client:
            assert await client.closed() == 4401


async def test_who_only_talks_nonsense_is_not_kept_either(house, monkeypatch):
    monkeypatch.setattr(talk, "FIRST_FRAME_WITHIN", 0.5)
    async with open_socket(PATIENT) as client:
        await client.say("nonsense")
        assert await client.refusal() == "bad_frame"
        await client.say("heartbeat")
        assert await client.closed() == 4401


async def test_a_token_in_the_address_opens_nothing(house):
    token, _ = await done(house.tracking)
    async with open_socket(f"{PATIENT}?token={token}") as client:
        await client.say("get-queue-status")
        assert await client.refusal() == "not_signed_in"


async def test_only_served_departments_of_the_own_facility_are_seen(house):
    other = await done(open_house)
    rao = await done(dr_rao, house.facility, [house.department_id])
    async with open_socket(DOCTOR, await done(house.cookie, rao)) as client:
        await client.subscribe(house.dept)
        await client.subscribe(house.staff)
        await client.hear("resync")
        for stream, code in {
            house.other_dept: "forbidden",
            f"staff.{department(house.facility.id, NAMES[1])}": "forbidden",
            other.dept: "not_found",
            other.staff: "not_found",
            f"facility.{other.facility.id}": "not_found",
            house.board: "not_found",
            "dept.00000000-0000-0000-0000-000000000000": "not_found",
            "dept.medicine": "not_found",
            "ward.1": "not_found",
            "": "not_found",
        }.items():
            await client.say("subscribe", stream=stream)
            assert await client.refusal() == code, stream


async def test_a_stream_has_one_name_however_it_is_spelled(house, hub):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        joined = await client.subscribe(f"dept.{str(house.department_id).upper()}")
        assert joined["roomId"] == house.dept
        await client.subscribe(f"dept.{house.department_id.hex}")
        assert list(hub.streams) == [house.dept]


async def test_a_patient_sees_their_own_place_by_token_and_by_code(house):
    for shown in await done(house.tracking):
        async with open_socket(PATIENT) as client:
            await client.say("join-queue", token=shown)
            joined = await client.hear("queue-joined")
            assert joined["roomId"] == f"patient.{house.department_id}"
            view = await client.hear("resync")
            assert view["data"]["payload"] == {"queue": {"position": 1}}
            await done(house.move)
            update = await client.hear("queue-update")
            assert update["data"]["queue"] == {"position": 1}
            assert update["actor"] == {"type": "system"}


async def test_a_patient_asks_once_without_joining(house, hub):
    token, _ = await done(house.tracking)
    async with open_socket(PATIENT) as client:
        await client.say("get-queue-status", token=token)
        status = await client.hear("queue-status")
        assert status["data"] == {"queue": {"position": 1}, "stream": f"patient.{house.department_id}", "sequence": 0}
        assert not hub.streams
        await done(house.move)
        await client.say("get-queue-status", token=token)
        assert (await client.hear("queue-status"))["data"]["sequence"] == 1


async def test_a_patient_leaves_and_hears_no_more(house):
    token, _ = await done(house.tracking)
    async with open_socket(PATIENT) as client:
        await client.say("join-queue", token=token)
        await client.hear("resync")
        await client.say("leave-queue")
        await client.is_answered()
        await done(house.move)
        await client.say("get-queue-status", token=token)
        assert (await client.hear("queue-status"))["data"]["sequence"] == 1


async def test_a_bad_tracking_token_ends_the_connection(house):
    for token in ["", "x", "2" * 10, "x" * 96, "\0", "ப", "\ud800"]:
        async with open_socket(PATIENT) as client:
            await client.say("join-queue", token=token)
            assert await client.refusal() == "not_found"
            assert await client.closed() == 4401


async def test_a_tracking_link_opens_no_queue_of_staff(house):
    token, _ = await done(house.tracking)
    async with open_socket(DOCTOR) as client:
        await client.say("subscribe", stream=house.dept, token=token)
        assert await client.refusal() == "forbidden"


async def test_anybody_sees_a_board_and_nothing_else(house):
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        assert (await client.hear("resync"))["data"]["stream"] == house.board
        await client.say("subscribe", stream=house.dept)
        assert await client.refusal() == "not_found"
        await client.say("get-queue-status")
        assert (await client.hear("queue-status"))["data"]["stream"] == house.board


async def test_a_board_may_leave_and_come_back(house):
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        await client.hear("resync")
        await client.say("leave-queue", stream=house.board)
        await client.say("get-queue-status")
        assert await client.refusal() == "not_found"
        await client.subscribe(house.board)
        await client.hear("resync")


async def test_a_session_that_ended_is_closed_within_five_seconds(house, hub):
    cookie = await done(house.cookie)
    async with open_socket(DOCTOR, cookie) as client:
        await client.subscribe(house.dept)

        def end() -> None:
            credential = Credential.objects.select_related("staff").get()
            sign_out(actor=actor_of_credential(credential), now=timezone.now())

        await done(end)
        ended = hub.loop.time()
        assert await client.closed() == 4401
        assert hub.loop.time() - ended < 5


def turn_away(staff: Staff) -> None:
    """Whatever somebody is signed in on is not let in any more."""
    for device in StaffDevice.objects.filter(staff=staff, approved_at__isnull=False):
        revoke_device(actor=actor_of_staff(staff), now=timezone.now(), device_id=device.id)


def leave(staff: Staff) -> None:
    """Somebody no longer works here."""
    Staff.objects.filter(id=staff.id).update(is_active=False)


@pytest.mark.parametrize("end", [turn_away, leave])
async def test_who_leaves_or_whose_device_is_turned_away_is_closed_within_five_seconds(house, hub, end):
    def come_in() -> str:
        browser = Browser()
        browser.post("/login/staff/", {"email": house.meera.email, "password": PASSWORD})
        return f"sessionid={browser.cookies['sessionid'].value}"

    async with open_socket(DOCTOR, await done(come_in)) as client:
        await client.subscribe(house.dept)
        await done(end, house.meera)
        ended = hub.loop.time()
        assert await client.closed() == 4401
        assert hub.loop.time() - ended < 5


async def test_a_revoked_link_is_closed_within_five_seconds(house, hub):
    token, _ = await done(house.tracking)
    async with open_socket(PATIENT) as client:
        await client.say("join-queue", token=token)
        await client.hear("resync")
        await done(Credential.objects.update, revoked_at=timezone.now())
        ended = hub.loop.time()
        assert await client.closed() == 4401
        assert hub.loop.time() - ended < 5


async def test_who_holds_a_link_that_shows_another_visit_now_is_led_to_that_within_five_seconds(house, hub):
    token, _ = await done(house.tracking)
    elsewhere = department(house.facility.id, NAMES[1])
    async with open_socket(PATIENT) as client:
        await client.say("join-queue", token=token)
        await client.hear("resync")
        await done(Credential.objects.update, subject_id=elsewhere)
        moved = hub.loop.time()
        while (frame := await client.next())["type"] != "queue-joined":
            pass
        assert frame["roomId"] == f"patient.{elsewhere}"
        assert hub.loop.time() - moved < 5
        assert (await client.hear("resync"))["data"]["stream"] == f"patient.{elsewhere}"
        await done(house.move)
        await done(house.move, house.other_dept)
        assert (await client.hear("queue-update"))["stream"] == f"patient.{elsewhere}"
        await done(Credential.objects.update, subject_id=uuid4())  # which is nowhere
        assert await client.closed() == 4403


async def test_who_no_longer_serves_a_department_is_closed_within_five_seconds(house, hub):
    rao = await done(dr_rao, house.facility, [house.department_id])
    async with open_socket(DOCTOR, await done(house.cookie, rao)) as client:
        await client.subscribe(house.dept)
        await done(Staff.objects.filter(id=rao.id).update, department_ids=[department(house.facility.id, NAMES[1])])
        ended = hub.loop.time()
        assert await client.closed() == 4403
        assert hub.loop.time() - ended < 5


async def test_a_new_role_that_still_covers_everything_stays(house, hub):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        await done(Staff.objects.filter(id=house.meera.id).update, role=Role.NURSE)
        await access.check(hub)
        (socket,) = hub.sockets
        assert socket.actor.role is Role.NURSE
        await done(house.move)
        assert (await client.hear("queue-update"))["sequence"] == 1


GARBAGE = [
    "",
    "{",
    "null",
    "7",
    "[]",
    '"heartbeat"',
    "{}",
    '{"type": null}',
    '{"type": 7}',
    '{"type": ["subscribe"]}',
    '{"type": "fly"}',
    '{"type": "__class__"}',
    '{"type": "queue-update"}',
    '{"type": "join-queue"}',
    '{"type": "subscribe", "stream": 7}',
    '{"type": "subscribe", "stream": {"a": 1}}',
    '{"type": "get-queue-status", "stream": []}',
    '{"type": "subscribe", "stream": "dept.1", "lastReceivedEventId": 7}',
    '{"type": "subscribe", "stream": "dept.1", "ticket": 7}',
    '{"type": "heartbeat", "n": ' + "9" * 5000 + "}",
    "[" * 30_000,
    "\ud800",
    "\0",
]


async def test_garbage_is_answered_with_an_error_and_leaves_no_trace_in_the_log(house, caplog):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        for text in GARBAGE:
            await client.wire.send_input({"type": "websocket.receive", "text": text})
            assert await client.refusal() == "bad_frame", text
        await client.wire.send_input({"type": "websocket.receive", "bytes": b"\xff\x00"})
        assert await client.refusal() == "bad_frame"
        await client.subscribe(house.dept)
    assert not caplog.records


NONSENSE = ["", "x", "dept.1", ":", ":1", "dept.x:-1", f"dept.x:{'9' * 400}", "\0", "٣", "dept.x:٣", "7" * 36, "\ud800"]


async def test_whoever_says_nonsense_of_what_they_have_gets_the_whole_view(house):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        for held in NONSENSE:
            for stream in (house.dept, house.staff):
                await client.subscribe(stream, lastReceivedEventId=held)
                assert (await client.hear("resync"))["data"]["stream"] == stream


async def test_too_large_a_frame_ends_the_connection(house):
    async with open_socket(BOARD) as client:
        await client.say("heartbeat", ballast="x" * 64_000)
        await client.hear("heartbeat-ack")
        await client.say("heartbeat", ballast="x" * 65_536)
        assert await client.closed() == 1009


async def test_too_large_is_counted_in_bytes(house):
    async with open_socket(BOARD) as client:
        await client.wire.send_input({"type": "websocket.receive", "text": "ப" * 22_000})
        assert await client.closed() == 1009


async def test_flooding_ends_the_connection(house, monkeypatch):
    monkeypatch.setattr(talk, "FRAMES_PER_MINUTE", 50)
    async with open_socket(BOARD) as client:
        for _ in range(51):
            await client.say("heartbeat")
        assert await client.closed() == 1008
        assert sum('"heartbeat-ack"' in text for text in client.texts) == 50


async def test_who_is_silent_for_long_is_closed(house, monkeypatch):
    monkeypatch.setattr(talk, "IDLE_AFTER", 0.2)
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        assert await client.closed() == 4408


async def test_one_address_opens_only_so_many_sockets(house, settings, hub):
    settings.LIVE_SOCKETS_PER_ADDRESS = 2
    async with open_socket(BOARD), open_socket(BOARD), open_socket_ungreeted(BOARD) as third:
        assert await third.refusal() == "too_many_sockets"
        assert await third.closed() == 4429
    async with open_socket(BOARD) as again:
        await again.is_answered()


async def test_one_person_opens_only_so_many_sockets(house, settings):
    settings.LIVE_SOCKETS_PER_PERSON = 1
    cookie = await done(house.cookie)
    async with open_socket(DOCTOR, cookie):
        async with open_socket_ungreeted(DOCTOR, cookie) as second:
            assert await second.refusal() == "too_many_sockets"
            assert await second.closed() == 4429
        async with open_socket(DOCTOR) as third:
            await third.say("subscribe", stream=house.dept, ticket=await done(house.ticket))
            assert await third.refusal() == "too_many_sockets"
            assert await third.closed() == 4429


async def test_one_socket_follows_only_so_many_streams(house, monkeypatch):
    monkeypatch.setattr(talk, "STREAMS_PER_SOCKET", 2)
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        await client.subscribe(house.staff)
        await client.hear("resync")
        await client.subscribe(house.dept)
        await client.say("subscribe", stream=house.other_dept)
        assert await client.refusal() == "too_many_streams"


async def test_a_closed_socket_is_forgotten(house, hub):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        assert len(hub.sockets) == len(hub.streams[house.dept].sockets) == 1
    assert not hub.sockets
    assert not hub.streams[house.dept].sockets
    assert not hub._open_by


def test_every_frame_that_is_answered_has_a_policy_at_every_socket():
    classes = [pattern.callback.consumer_class for pattern in websocket_urlpatterns]
    assert len(classes) == 5
    for consumer in classes:
        assert consumer.policy
        if issubclass(consumer, talk.LiveConsumer):
            assert set(consumer.policy) <= set(talk.ANSWERS)
    assert {name for c in classes[:4] for name in c.policy} == set(talk.ANSWERS)


async def test_texts_are_sent_as_they_are(house):
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        await client.hear("resync")
        assert "அஞ்சல்" in client.texts[-1]
        assert json.loads(client.texts[-1])["data"]["payload"]["html"].endswith("அஞ்சல்</ol>")


@pytest.mark.parametrize("told", [BrokenPipeError("closed"), ConnectionResetError()])
async def test_a_client_that_leaves_in_the_middle_of_a_frame_is_nobody_s_fault(hub, caplog, told):
    async def send(message: dict[str, str]) -> None:
        raise told

    socket = hub.enter(send, "127.0.0.1")
    socket.answer("{}")
    async with asyncio.timeout(PATIENCE):
        assert isinstance(socket, QueuedSocket)
        await socket._write()
    hub.leave(socket)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_client_that_neither_reads_nor_says_who_it_is_is_given_up(hub, monkeypatch):
    monkeypatch.setattr(talk, "FIRST_FRAME_WITHIN", 0.1)
    arriving = asyncio.Queue[dict[str, str]]()
    arriving.put_nowait({"type": "websocket.connect"})

    async def send(message: dict[str, str]) -> None:
        if message["type"] != "websocket.accept":
            await asyncio.Event().wait()

    consumer = PatientQueue.as_asgi()
    await asyncio.wait_for(consumer({"type": "websocket", "headers": []}, arriving.get, send), timeout=10)
    assert not hub.sockets


async def test_screens_are_counted_by_the_address_that_our_own_proxy_tells(hub, settings):
    settings.PROXIES = 1
    settings.LIVE_SOCKETS_PER_ADDRESS = 1
    async with AsyncExitStack() as open_ones:
        for forged, address, greeting in (
            ("198.51.100.1", "203.0.113.9", "connected"),
            ("198.51.100.1", "203.0.113.8", "connected"),
            ("198.51.100.2", "203.0.113.9", "error"),
        ):
            told = {"x-forwarded-for": f"{forged}, {address}"}
            client = await open_ones.enter_async_context(open_socket_ungreeted(BOARD, **told))
            assert (await client.next())["type"] == greeting
