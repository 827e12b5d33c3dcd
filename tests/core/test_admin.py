"""Plain master data in the admin: each change with its audit row, in one transaction, or not at all."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django_scopes import scope

from apps.accounts.models import Staff
from apps.audit.models import AuditEntry
from apps.core import admin
from apps.scheduling.models import Department, Doctor, Room
from tests.browsers import shown_in_admin
from tests.cast import farida, meera, open_browser
from tests.marks import tells

ROOMS, DEPARTMENTS = "/admin/scheduling/room/", "/admin/scheduling/department/"


@pytest.fixture
def keeper(db: None) -> Staff:
    return farida()


@pytest.fixture
def office(keeper: Staff) -> Iterator[Client]:
    """The administrator's browser, with the hospital in scope for the test itself."""
    with scope(facility=keeper.facility_id):
        yield open_browser(keeper)


def entries(kind: str) -> list[tuple[str, Any, Any]]:
    rows = AuditEntry.trail.filter(entity_type=kind).order_by("number")
    return list(rows.values_list("action", "before", "after"))


def room(keeper: Staff, number: str = "12") -> Room:
    made: Room = Room.objects.create(facility=keeper.facility, number=number, symbol="boat")
    return made


def test_a_row_is_added_to_the_own_facility_and_audited(office, keeper):
    assert office.post(f"{ROOMS}add/", {"number": "12", "symbol": "boat"}).status_code == 302
    made = Room.objects.get()
    assert made.facility_id == keeper.facility_id
    ((action, before, after),) = entries("room")
    assert (action, before, after["number"]) == ("room.created", None, "12")
    assert UUID(AuditEntry.trail.get(entity_type="room").entity_id) == made.id


def test_a_change_tells_only_what_differs_and_no_change_tells_nothing(office, keeper):
    path = f"{ROOMS}{room(keeper).id}/change/"
    office.post(path, {"number": "12", "symbol": "boat"})
    assert entries("room") == []
    office.post(path, {"number": "14", "symbol": "boat"})
    assert entries("room") == [("room.changed", {"number": "12"}, {"number": "14"})]


def test_what_is_once_in_a_facility_is_said_on_the_form(office, keeper):
    room(keeper)
    answer = office.post(f"{ROOMS}add/", {"number": "12", "symbol": "pot"})
    assert answer.status_code == 400
    assert Room.objects.count() == 1
    assert entries("room") == []


def test_another_facility_may_have_the_same(office, keeper):
    other = farida()
    with scope(facility=other.facility_id):
        room(other)
    assert office.post(f"{ROOMS}add/", {"number": "12", "symbol": "pot"}).status_code == 302


def test_rows_beneath_are_audited_too(office):
    new = {"code": "GEN", "letter": "G", "name": "General", "kind": "consultation"}
    path = f"{DEPARTMENTS}add/"
    assert office.post(path, shown_in_admin(office, path) | new).status_code == 302
    assert [action for action, _, _ in entries("queuepolicy")] == ["queuepolicy.created"]
    path = f"{DEPARTMENTS}{Department.objects.get().id}/change/"
    assert office.post(path, shown_in_admin(office, path) | {"allocation-0-most_per_day": "80"}).status_code == 302
    assert entries("allocationpolicy")[1] == ("allocationpolicy.changed", {"most_per_day": 0}, {"most_per_day": 80})


def test_what_others_point_at_is_not_deleted_and_the_rest_is_with_a_trace(office, keeper):
    used, free = room(keeper, "1"), room(keeper, "2")
    Doctor.objects.create(facility=keeper.facility, name="Dr Rao", room=used, license_number="L1")
    assert office.post(f"{ROOMS}{used.id}/delete/", {"post": "yes"}).status_code == 403
    assert office.post(f"{ROOMS}{free.id}/delete/", {"post": "yes"}).status_code == 302
    assert list(Room.objects.all()) == [used]
    ((action, before, after),) = entries("room")
    assert (action, before["number"], after) == ("room.deleted", "2", None)


def test_many_are_never_deleted_at_once(office, keeper):
    kept = room(keeper)
    office.post(ROOMS, {"action": "delete_selected", "_selected_action": [str(kept.id)], "post": "yes"})
    assert Room.objects.filter(id=kept.id).exists()


def test_a_change_that_cannot_be_audited_is_not_made(office, monkeypatch):
    def fail(change: admin.MasterChange) -> None:
        raise RuntimeError("The trail is full.")

    for listeners in ([], [fail]):
        monkeypatch.setattr(admin, "change_listeners", listeners)
        with pytest.raises(RuntimeError):
            office.post(f"{ROOMS}add/", {"number": "12", "symbol": "boat"})
        assert not Room.objects.exists()


def test_rows_of_another_facility_are_not_to_be_had(office):
    other = farida()
    with scope(facility=other.facility_id):
        theirs = room(other, "ZQ9")
    assert not tells(office.get(ROOMS).content.decode(), "ZQ9")
    for path in (f"{ROOMS}{theirs.id}/change/", f"{ROOMS}{theirs.id}/delete/", f"{ROOMS}{theirs.id}/history/"):
        assert office.get(path).url == "/admin/"
        assert office.post(path, {"number": "1", "symbol": "pot", "post": "yes"}).status_code in (302, 405)
    with scope(facility=other.facility_id):
        assert Room.objects.get().number == "ZQ9"


def test_the_desk_looks_and_does_not_change(office, keeper):
    mine = room(keeper)
    desk = open_browser(meera(keeper.facility))
    assert desk.get(ROOMS).status_code == 200
    for path in (f"{ROOMS}add/", f"{ROOMS}{mine.id}/change/", f"{ROOMS}{mine.id}/delete/"):
        assert desk.post(path, {"number": "13", "symbol": "pot", "post": "yes"}).status_code == 403
    assert Room.objects.get().number == "12"
    assert entries("room") == []


@pytest.mark.parametrize("garbage", ["x", "1' OR 1=1", "%00", "..", "6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11"])
def test_an_address_that_names_nothing_is_no_error(office, garbage):
    assert office.get(f"{ROOMS}{garbage}/change/").status_code < 500
