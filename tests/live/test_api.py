"""The same views over HTTP, and how the sockets do."""

import pytest
from django.test import Client

from apps.live import hub as hub_module
from tests.cast import bearer, dr_rao, open_browser
from tests.live.clients import BOARD, DOCTOR, done, open_socket
from tests.live.house import drawn, open_house


def get(stream: str, client: Client | None = None, **headers: str):
    return (client or Client()).get(f"/api/v1/live/{stream}", headers=headers)


def reader(house) -> Client:
    """The browser of somebody on the staff."""
    return open_browser(dr_rao(house.facility, [house.department_id]))


def test_a_view_is_read_whole_and_only_when_it_changed(house):
    house.move()
    rao = reader(house)
    first = get(house.board, rao)
    assert first.status_code == 200
    assert first.json()["sequences"] == {house.dept: 1, house.other_dept: 0}
    assert first.json()["sequence"] == 1
    assert first.headers["ETag"] == '"1-0"'
    again = get(house.board, rao, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", '"1-0"')
    house.move()
    changed = get(house.board, rao, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == '"2-0"'


def test_an_unchanged_view_is_not_drawn(house):
    rao = reader(house)
    held = get(house.board, rao).headers["ETag"]
    drawn.clear()
    assert get(house.board, rao, **{"If-None-Match": held}).status_code == 304
    assert not drawn


async def test_it_is_the_view_that_a_socket_shows(house, hub):
    await done(house.move)
    async with open_socket(BOARD) as client:
        await client.subscribe(house.board)
        assert (await client.hear("resync"))["data"] == (await done(get, house.board, await done(reader, house))).json()


def test_nobody_in_particular_reads_anything_over_the_api(house):
    for stream in (house.board, house.dept, house.staff, "dept.1", "ward.1", f"facility.{house.facility.id}"):
        assert get(stream).status_code == 401, stream


def test_staff_read_what_they_serve(house):
    other = open_house()
    rao = open_browser(dr_rao(house.facility, [house.department_id]))
    assert get(house.dept, rao).json()["payload"] == {"moves": {house.dept: []}}
    assert get(house.staff, rao).status_code == 200
    assert get(f"facility.{house.facility.id}", rao).status_code == 200
    assert get(house.other_dept, rao).status_code == 403
    for stream in (other.dept, other.staff, f"facility.{other.facility.id}", "dept.1", "ward.1", "x" * 500):
        assert get(stream, rao).status_code == 404, stream


def test_a_tracking_link_reads_its_own_place_and_no_other(house):
    token, _ = house.tracking()
    headers = {"Authorization": f"Bearer {token}"}
    assert get(f"patient.{house.department_id}", **headers).json()["payload"] == {"queue": {"position": 1}}
    assert get(house.staff, **headers).status_code == 403


async def test_statistics_tell_connections_and_the_rooms_of_the_own_facility(house, hub):
    other = await done(open_house)
    async with open_socket(DOCTOR, await done(house.cookie)) as one, open_socket(BOARD) as two:
        await one.subscribe(house.dept)
        await two.subscribe(other.board)
        headers = await done(bearer, house.meera)
        answer = await done(lambda: Client().get("/api/v1/appointments/websocket/stats", headers=headers))
    told = answer.json()
    assert told.pop("uptimeSeconds") >= 0
    assert told == {
        "connections": 2,
        "streams": 4,
        "dropped": 0,
        "live": True,
        "rooms": [{"roomId": house.dept, "connections": 1, "sequence": 0}],
    }


def test_statistics_are_for_staff(house):
    assert Client().get("/api/v1/appointments/websocket/stats").status_code == 401
    token, _ = house.tracking()
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/appointments/websocket/stats", headers=headers).status_code == 403


@pytest.mark.usefixtures("house")
def test_a_process_without_sockets_says_so(monkeypatch):
    monkeypatch.setattr(hub_module, "_hub", None)
    assert hub_module.statistics(None)["connections"] == 0
