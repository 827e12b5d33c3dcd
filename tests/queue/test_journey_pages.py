"""What is seen of a journey: at counters, at the desk, on the slip, the board, the person's own page and by the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.accounts.queries import actor_of_tracking, tracking_code
from apps.core.policy import Role
from apps.queue import commands
from apps.queue.models import JourneyTemplate, Visit
from apps.queue.queries.board import rooms_and_calls
from apps.queue.queries.console import console_sequence, console_view
from apps.queue.queries.own import departments_of_links, own_visits, watched_departments
from apps.queue.queries.slip import slip_view
from apps.queue.queries.track import track_sequence, track_view
from apps.scheduling.models import Department
from tests.browsers import browser_of
from tests.cast import bearer, open_browser
from tests.factories import StaffFactory
from tests.stations import Stations
from tests.ward import Ward, add_doctor, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as ward:
        ward.keep_real_time()
        yield ward


@pytest.fixture
def stations(ward: Ward) -> Stations:
    return Stations(ward)


def browser(ward: Ward, role: Role) -> Client:
    return open_browser(StaffFactory(facility=ward.facility, role=role, all_departments=True))


def press(client: Client, stations: Stations, code: str, action: str, visit: Any, **more: Any) -> Any:
    fresh = Visit.objects.get(id=visit.id)
    body = {"visit": str(visit.id), "version": fresh.version, "key": f"{action}{visit.id}", **more}
    return client.post(f"/counter/{stations.counters[code].id}/{action}/", body)


def test_a_counter_is_served_by_one_button_after_the_other(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("PHA",), ("",))
    visit = ward.arrive(journey_id=kind.id)
    pharmacist = browser(ward, Role.PHARMACIST)
    address = f"/counter/{stations.counters['PHA'].id}/"
    assert pharmacist.get("/counter/").url == address
    assert visit.token.label in pharmacist.get(address).content.decode()
    for action, state in (
        ("call", "CALLED"),
        ("call-again", "CALLED"),
        ("missed", "ON_HOLD"),
        ("resume", "WAITING"),
        ("call", "CALLED"),
        ("start", "IN_CONSULTATION"),
        ("done", "COMPLETED"),
    ):
        body = {"key": f"{action}{Visit.objects.get(id=visit.id).version}"}
        assert press(pharmacist, stations, "PHA", action, visit, **body).status_code == 302, action
        assert Visit.objects.get(id=visit.id).state == state
        assert pharmacist.get(address).status_code == 200
    assert stations.waits_at(visit.token_id) == {ward.department.code}
    refused = press(pharmacist, stations, "PHA", "call", visit, key="late")
    assert refused.status_code == 409


def test_a_counter_opens_and_closes_and_others_are_turned_away(ward: Ward, stations: Stations):
    pharmacy = stations.counters["PHA"]
    pharmacist, laboratory = browser(ward, Role.PHARMACIST), browser(ward, Role.LAB)
    for action, status in (("close", "OFFLINE"), ("pause", "PAUSED"), ("open", "AVAILABLE")):
        pharmacy.refresh_from_db()
        pharmacist.post(f"/counter/{pharmacy.id}/{action}/", {"version": pharmacy.version, "key": action})
        pharmacy.refresh_from_db()
        assert pharmacy.availability == status
    assert (
        pharmacist.post(f"/counter/{pharmacy.id}/dance/", {"version": 1, "visit": str(pharmacy.id)}).status_code == 404
    )
    assert laboratory.get(f"/counter/{pharmacy.id}/").status_code == 403
    assert browser(ward, Role.RECEPTION).get("/counter/").status_code == 403
    assert laboratory.get("/counter/").status_code == 200


def test_the_nurse_sets_the_class_at_triage(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("TRI",), ("",))
    visit = ward.arrive(journey_id=kind.id)
    nurse = browser(ward, Role.NURSE)
    press(nurse, stations, "TRI", "call", visit)
    press(nurse, stations, "TRI", "start", visit)
    assert "urgency" in nurse.get(f"/counter/{stations.counters['TRI'].id}/").content.decode()
    assert press(nurse, stations, "TRI", "class", visit, urgency="emergency", needs="").status_code == 400
    press(nurse, stations, "TRI", "class", visit, urgency="emergency", needs="", reason="grey", key="again")
    press(nurse, stations, "TRI", "done", visit)
    assert Visit.objects.get(token_id=visit.token_id, state="URGENT").emergency


def test_the_administrator_writes_kinds_of_visit_on_a_page(ward: Ward, stations: Stations):
    admin, desk = browser(ward, Role.ADMIN), browser(ward, Role.RECEPTION)
    lab, xray = str(stations.department("LAB").id), str(stations.department("XRA").id)
    body = {"name": "With tests", "active": "on", "step1": ["own"], "step3": [lab, xray], "key": "one"}
    assert admin.post("/admin/desk/journeys/new/", body).status_code == 302
    row = JourneyTemplate.objects.get()
    assert list(row.stations.values_list("step", flat=True)) == [1, 3, 3]
    page = admin.get(f"/admin/desk/journeys/{row.id}/").content.decode()
    assert page.count("checked") == 4
    body |= {"step3": [lab], "version": "1", "key": "two"}
    assert admin.post(f"/admin/desk/journeys/{row.id}/", body).status_code == 302
    assert admin.post(f"/admin/desk/journeys/{row.id}/", body | {"key": "three"}).status_code == 409
    assert admin.post("/admin/desk/journeys/new/", {"name": "Empty", "key": "four"}).status_code == 409
    assert desk.get("/admin/desk/journeys/new/").status_code == 403
    assert "With tests" in desk.get("/admin/desk/journeys/").content.decode()


def test_the_desk_gives_a_kind_of_visit_sees_the_stations_and_sends_on(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("",), ("PHA",), ("CSH",))
    desk, person = browser(ward, Role.RECEPTION), ward.register()
    form = {"place": str(ward.department.id), "symptoms": "", "needs": "", "source": "walk_in", "key": "k"}
    answer = desk.post(f"/admin/desk/walk-in/?patient={person.id}", form | {"journey": str(kind.id)})
    assert answer.status_code == 302
    visit = Visit.objects.get()
    address = f"/admin/desk/visits/{visit.id}/stations/"
    assert "Pha" in desk.get(address).content.decode()
    body = {"what": "transfer", "place": str(stations.department("LAB").id), "reason": "first the blood", "key": "t"}
    assert desk.post(address, body | {"version": visit.version}).status_code == 302
    assert stations.waits_at(visit.token_id) == {"LAB"}
    stations.serve("LAB")
    pharmacy = Visit.objects.get(token_id=visit.token_id, department__code="PHA")
    skip = {"what": "skip", "reason": "has it at home", "version": pharmacy.version, "key": "s"}
    address = f"/admin/desk/visits/{pharmacy.id}/stations/"
    assert desk.post(address, skip | {"reason": ""}).status_code == 409
    assert desk.post(address, skip).status_code == 302
    assert stations.waits_at(visit.token_id) == {"CSH"}
    other = ward.arrive()
    begin = {"what": "journey", "journey_id": str(kind.id), "version": other.version, "key": "j"}
    assert desk.post(f"/admin/desk/visits/{other.id}/stations/", begin).status_code == 302
    listed = desk.get("/admin/desk/journeys/").content.decode()
    assert visit.token.label in listed
    assert "Csh" in listed


def test_the_list_of_journeys_speaks_the_readers_language(ward: Ward, stations: Stations):
    Department.objects.filter(code="LAB").update(names={"hi": "प्रयोगशाला"})
    Department.objects.filter(code="PHA").update(names={"hi": "दवाखाना"})
    ward.arrive(journey_id=stations.kind_of_visit(("LAB",), ("",), ("PHA",)).id)
    desk = browser(ward, Role.RECEPTION)
    hindi, english = (
        desk.get("/admin/desk/journeys/", headers={"accept-language": language}).content.decode()
        for language in ("hi", "en")
    )
    assert (hindi.count("प्रयोगशाला"), hindi.count("दवाखाना")) == (3, 2)  # where there is what; waits; on the way
    assert "प्रयोगशाला" not in english
    assert "Lab" in english


def test_one_link_shows_every_station(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("TRI",), ("",), ("LAB", "XRA"), ("PHA",))
    visit = ward.arrive(journey_id=kind.id)
    code = tracking_code(visit.id, ward.now)
    holder = actor_of_tracking(code, ward.now)
    assert holder

    def seen() -> dict[str, Any]:
        shown, sequence = track_sequence(visit.id)
        return track_view(shown, sequence, ward.now)

    assert (seen()["room"], seen()["ahead"]) == ("T1", [ward.department.name, "Lab", "Xra", "Pha"])
    stations.serve("TRI", minutes=0)
    assert seen()["department"] == ward.department.name
    assert watched_departments(holder)[0] == ward.department.id
    assert departments_of_links([holder]) == {holder.credential_id: ward.department.id}
    ward.see(ward.call_next(), minutes=0)
    assert seen()["ahead"] == ["Pha"]
    assert [(o["department"], o["room"], o["people_ahead"]) for o in seen()["beside"]] == [("Xra", "X1", 0)]
    page = Client().get(f"/t/{code}/").content.decode()
    assert "You are in line here, too" in page
    called = stations.call("XRA")
    assert (seen()["state"], seen()["room"]) == ("CALLED", "X1")
    assert [(o["department"], o["label"]) for o in seen()["beside"]] == [("Lab", "Waiting")]
    commands.start_at_counter(actor=stations.hands["XRA"], now=ward.now, visit_id=called.id)
    assert (seen()["state_label"], seen()["message"]) == ("At the counter", "You are being served.")
    assert own_visits(holder).count() == 4
    slip = slip_view(Visit.objects.select_related("department", "token", "patient").get(id=called.id), ward.now)
    assert code in slip["tracking_url"]
    assert slip["stations"] == ["Lab", "Pha"]
    assert Client().get(f"/t/{code}/").status_code == 200


def test_the_board_shows_counters_and_announces_nobody_who_is_elsewhere(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("LAB", "XRA"), ("",))
    visit = ward.arrive(journey_id=kind.id)
    stations.call("LAB")
    places = [stations.department("LAB").id, stations.department("XRA").id]
    board = rooms_and_calls(places, ward.now)
    shown = {room["number"]: (room["doctor"], room["status"], room["token"], room["next"]) for room in board["rooms"]}
    assert shown == {"L1": ("LAB 1", "calling", visit.token.label, []), "X1": ("XRA 1", "idle", "", [])}
    commands.start_at_counter(actor=stations.hands["LAB"], now=ward.now, visit_id=Visit.objects.get(state="CALLED").id)
    assert rooms_and_calls(places, ward.now)["rooms"][0]["status"] == "at_counter"


def test_the_doctor_sees_who_is_elsewhere_and_sends_for_tests(ward: Ward, stations: Stations):
    kind = stations.kind_of_visit(("", "LAB"), ("PHA",))
    away = ward.arrive(journey_id=kind.id)
    ward.later(seconds=1)
    here = ward.arrive()
    stations.call("LAB")
    doctor, sequence = console_sequence(ward.doctor.id)
    view = console_view(doctor, sequence, ward.rao, ward.now)
    assert [(row["visit_id"], row["is_next"], row["away"]) for row in view["waiting"]] == [
        (away.id, False, True),
        (here.id, True, False),
    ]
    ward.start(ward.call_next())
    client = browser_of(ward.rao)
    address = f"/console/{ward.doctor.id}/"
    assert 'name="tests"' in client.get(address).content.decode()
    xray = str(stations.department("XRA").id)
    body = {"visit": str(here.id), "version": ward.fresh(here).version, "key": "x", "reason": "chest"}
    assert client.post(f"{address}hold/", body | {"tests": "none"}).status_code == 400
    assert client.post(f"{address}hold/", body | {"tests": [xray]}).status_code == 302
    assert stations.waits_at(here.token_id) == {"XRA"}


def test_the_doctor_sends_somebody_on_for_good_and_is_free(ward: Ward, stations: Stations):
    other = add_doctor(ward, [ward.department])
    visit = ward.arrive()
    ward.start(ward.call_next())
    client = browser_of(ward.rao)
    address = f"/console/{ward.doctor.id}/send-on/{visit.id}/"
    assert address in client.get(f"/console/{ward.doctor.id}/").content.decode()
    page = client.get(address).content.decode()
    assert f"{ward.department.id}:{other.id}" in page
    assert f"{ward.department.id}:{ward.doctor.id}" not in page
    body = {"version": ward.fresh(visit).version, "key": "x", "reason": "heart"}
    assert client.post(address, body | {"place": "nowhere"}).status_code == 400
    assert client.post(address, body | {"place": f"{ward.department.id}:{other.id}"}).status_code == 302
    followed = Visit.objects.get(previous_id=visit.id)
    assert (followed.doctor_id, followed.state, ward.fresh(visit).state) == (other.id, "WAITING", "TRANSFERRED")
    assert "not with you any more" in client.get(address).content.decode()
    assert browser_of(ward.as_doctor(other)).get(address).status_code == 403
    assert client.get(f"/console/{ward.doctor.id}/send-on/{followed.id}/").status_code == 404


def test_the_api_sends_on_and_serves(ward: Ward, stations: Stations, client: Client):
    kind = stations.kind_of_visit(("",), ("PHA",))
    staff = {role: bearer(StaffFactory(facility=ward.facility, role=role, all_departments=True))
             for role in (Role.RECEPTION, Role.PHARMACIST, Role.LAB)}  # fmt: skip
    desk, pharmacist = staff[Role.RECEPTION], staff[Role.PHARMACIST]

    def post(path: str, who: dict[str, str], body: dict[str, Any] | None = None) -> Any:
        return client.post(f"/api/v1/{path}", body or {}, "application/json", headers=who)

    assert client.get("/api/v1/journeys", headers=desk).json()["journeys"][0]["journeyId"] == str(kind.id)
    person = ward.register()
    made = post("visits", desk, {"departmentId": str(ward.department.id), "patientId": str(person.id),
                                 "journeyId": str(kind.id)}).json()  # fmt: skip
    lab = str(stations.department("LAB").id)
    assert post(f"doctor/visits/{made['visitId']}/transfer", desk, {"departmentId": lab}).status_code == 400
    sent = post(f"doctor/visits/{made['visitId']}/transfer", desk, {"departmentId": lab, "reason": "blood"}).json()
    assert (sent["state"], sent["next"]["state"], sent["next"]["tokenId"]) == (
        "TRANSFERRED",
        "WAITING",
        made["tokenId"],
    )
    stations.serve("LAB")
    mine = client.get("/api/v1/counters", headers=pharmacist).json()["results"]
    assert [(row["name"], row["waiting"]) for row in mine] == [("PHA 1", 1)]
    counter = mine[0]["counterId"]
    assert post(f"counters/{counter}/call-next", staff[Role.LAB]).status_code == 403
    called = post(f"counters/{counter}/call-next", pharmacist).json()
    assert (called["state"], called["counterId"]) == ("CALLED", counter)
    for word, state in (("recall", "CALLED"), ("start", "IN_CONSULTATION"), ("complete", "COMPLETED")):
        assert post(f"counter/visits/{called['visitId']}/{word}", pharmacist).json()["state"] == state
    assert post(f"counters/{counter}/call-next", pharmacist).json() == {"visit": None}
    way = client.get(f"/api/v1/visits/{called['visitId']}/journey", headers=desk).json()
    assert [(s["department"], s["state"]) for s in way["stations"]] == [
        (ward.department.name, "TRANSFERRED"),
        ("Lab", "COMPLETED"),
        ("Pha", "COMPLETED"),
    ]
    assert way["endedAt"]
    changed = client.patch(
        f"/api/v1/counters/{counter}/status", {"status": "PAUSED"}, "application/json", headers=pharmacist
    )
    assert changed.json()["status"] == "PAUSED"
