"""The Visits and Masters parts of the contract, over HTTP, as a client uses them."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django_scopes import scopes_disabled

from apps.accounts.commands.signing_in import enter
from apps.accounts.models import Staff
from apps.accounts.rules.credentials import CredentialKind
from apps.audit.models import AuditEntry
from apps.core.policy import PATIENT_FIELDS, ROLE_FIELDS, Actor, Fields, Role
from apps.queue.api.shapes import DepartmentPolicyIn
from apps.queue.models import Visit
from apps.queue.queries.visits import department_queue
from apps.scheduling.models import Token
from tests.cast import app_code
from tests.ward import Ward, add_doctor, open_ward


class Caller:
    """Somebody of the staff with an access token."""

    def __init__(self, actor: Actor) -> None:
        with scopes_disabled():
            staff = Staff.objects.get(id=actor.id)
        code = app_code(staff) if staff.role == Role.ADMIN else ""
        signed = enter(now=timezone.now(), staff=staff, kind=CredentialKind.STAFF_REFRESH, code=code)
        self.client = Client(headers={"Authorization": f"Bearer {signed.access(timezone.now())}"})

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        answer = self.client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers,
        )
        return answer.status_code, json.loads(answer.content) if answer.content else None


@pytest.fixture
def desk(ward: Ward) -> Caller:
    """Meera at the desk."""
    return Caller(ward.meera)


@pytest.fixture
def rao(ward: Ward) -> Caller:
    """Dr Rao."""
    return Caller(ward.rao)


def walk_in(desk: Caller, ward: Ward, **more: Any) -> dict[str, Any]:
    patient = ward.register(name=f"Asha {uuid4().hex[:6]}")
    body = {"departmentId": str(ward.department.id), "patientId": str(patient.id), "source": "walk_in"} | more
    status, answer = desk("POST", "visits", body)
    assert status == 201, answer
    return answer


def test_a_walk_in_goes_the_whole_way(ward: Ward, desk: Caller, rao: Caller):
    arrived = walk_in(desk, ward, symptoms=["cough"])
    assert arrived["state"] == "WAITING"
    assert arrived["position"] == 1
    assert arrived["trackingUrl"].endswith("/")
    assert arrived["trackingToken"]
    doctor = {"doctorId": str(ward.doctor.id)}
    status, called = rao("POST", "doctor/queue/call-next", doctor)
    assert (status, called["state"], called["visitId"]) == (200, "CALLED", arrived["visitId"])
    assert "start" in called["allowed"]
    visit = f"doctor/visits/{arrived['visitId']}"
    status, started = rao("POST", f"{visit}/start", doctor | {"expectedVersion": called["version"]})
    assert (status, started["state"]) == (200, "IN_CONSULTATION")
    done = {"prescriptionText": "Paracetamol 500 mg", "expectedVersion": started["version"]} | doctor
    status, completed = rao("POST", f"{visit}/complete", done)
    assert (status, completed["state"]) == (200, "COMPLETED")
    assert completed["prescription"]["version"] == 1
    assert completed["timestamps"]["completedAt"]
    assert "Paracetamol" not in json.dumps(completed)
    assert rao("POST", "doctor/queue/call-next", doctor) == (200, {"visit": None})


def test_the_holder_reads_the_prescription_and_a_tracking_link_does_not(ward: Ward, desk: Caller, rao: Caller):
    wanted = {"departmentId": str(ward.department.id), "expiresIn": 300}
    _, code = desk("POST", "admin/qrcodes", wanted)
    body = {
        "departmentId": str(ward.department.id),
        "name": "Asha",
        "age": 34,
        "signedCheckinToken": code["signedCheckinToken"],
    }
    mine = Client().post("/api/v1/patient/checkin", json.dumps(body), content_type="application/json").json()
    doctor = {"doctorId": str(ward.doctor.id)}
    rao("POST", "doctor/queue/call-next", doctor)
    rao("POST", f"doctor/visits/{mine['visitId']}/start", doctor)
    status, _ = rao("POST", f"doctor/visits/{mine['visitId']}/complete", doctor | {"prescriptionText": "Paracetamol"})
    assert status == 200

    def seen_with(token: str) -> Any:
        holder = {"Authorization": f"Bearer {token}"}
        return Client().get(f"/api/v1/patient/visits/{mine['visitId']}", headers=holder).json()

    assert seen_with(mine["restoreToken"])["prescription"]["text"] == "Paracetamol"
    tracked = seen_with(mine["trackingToken"])
    assert (tracked["state"], tracked["prescription"]) == ("COMPLETED", None)


def test_a_departments_policy_is_read_as_it_is_written(ward: Ward, desk: Caller):
    _, department = desk("GET", f"departments/{ward.department.id}")
    assert set(department["policy"]) == set(DepartmentPolicyIn().fields)


def test_document_000_s_paths_lead_the_same_way(ward: Ward, desk: Caller, rao: Caller):
    arrived = walk_in(desk, ward)
    rao("POST", "doctor/queue/call-next", {"doctorId": str(ward.doctor.id)})
    status, started = rao("POST", "consultation/start", {"visitId": arrived["visitId"]})
    assert (status, started["state"]) == (200, "IN_CONSULTATION")
    assert rao("POST", f"consultation/{arrived['visitId']}/complete", {})[0] == 200


def test_the_same_key_gives_the_same_answer_and_another_body_is_422(ward: Ward, desk: Caller):
    patient = ward.register()
    body = {"departmentId": str(ward.department.id), "patientId": str(patient.id)}
    first = desk("POST", "visits", body, **{"Idempotency-Key": "once"})
    assert desk("POST", "visits", body, **{"Idempotency-Key": "once"}) == first
    assert desk("POST", "visits", body | {"idempotencyKey": "once"}) == first
    assert Visit.objects.count() == 1
    status, refusal = desk("POST", "visits", body | {"source": "follow_up"}, **{"Idempotency-Key": "once"})
    assert (status, refusal["code"]) == (422, "idempotency_key_reused")


def test_a_key_in_the_body_counts_as_well(ward: Ward, desk: Caller):
    patient = ward.register()
    body = {"departmentId": str(ward.department.id), "patientId": str(patient.id), "idempotencyKey": "k"}
    assert desk("POST", "visits", body) == desk("POST", "visits", body)
    assert Visit.objects.count() == 1


def test_an_old_version_is_409_with_state_version_and_what_is_allowed(ward: Ward, desk: Caller, rao: Caller):
    arrived = walk_in(desk, ward)
    rao("POST", "doctor/queue/call-next", {"doctorId": str(ward.doctor.id)})
    status, refusal = rao("POST", f"doctor/visits/{arrived['visitId']}/start", {"expectedVersion": 1})
    assert status == 409
    assert (refusal["code"], refusal["state"], refusal["version"]) == ("version_conflict", "CALLED", 2)
    assert "no-show" in refusal["allowed"]


def test_an_illegal_move_is_409_with_what_is_allowed(ward: Ward, desk: Caller, rao: Caller):
    arrived = walk_in(desk, ward)
    status, refusal = rao("POST", f"doctor/visits/{arrived['visitId']}/complete", {})
    assert (status, refusal["code"], refusal["state"]) == (409, "not_allowed", "WAITING")
    assert "call" in refusal["allowed"]


@pytest.mark.parametrize("reason", [5, 1.5, True, None, ["x"], {"a": "b"}])
def test_a_reason_that_is_no_text_is_400_and_moves_nobody(ward: Ward, desk: Caller, reason: Any):
    arrived = walk_in(desk, ward)
    status, refusal = desk("POST", f"doctor/visits/{arrived['visitId']}/hold", {"reason": reason})
    assert (status, refusal["code"], list(refusal["errors"])) == (400, "invalid", ["reason"])
    assert Visit.objects.get().state == "WAITING"


def test_whoever_is_called_already_is_not_called_again(ward: Ward, desk: Caller, rao: Caller):
    arrived = walk_in(desk, ward)
    call = f"doctor/visits/{arrived['visitId']}/call"
    doctor = {"doctorId": str(ward.doctor.id)}
    assert rao("POST", call, doctor)[0] == 200
    status, refusal = rao("POST", call, doctor)
    assert (status, refusal["code"], refusal["state"]) == (409, "not_allowed", "CALLED")
    assert "start" in refusal["allowed"]


def test_an_active_visit_and_an_offline_doctor_are_409(ward: Ward, desk: Caller, rao: Caller):
    walk_in(desk, ward)
    walk_in(desk, ward)
    doctor = {"doctorId": str(ward.doctor.id)}
    rao("POST", "doctor/queue/call-next", doctor)
    status, refusal = rao("POST", "doctor/queue/call-next", doctor)
    assert (status, refusal["code"]) == (409, "active_visit")
    assert {"visitId", "state", "version", "allowed"} <= set(refusal)
    other = add_doctor(ward, [ward.department], availability="OFFLINE")
    status, refusal = desk("POST", "doctor/queue/call-next", {"doctorId": str(other.id)})
    assert (status, refusal["code"]) == (409, "doctor_unavailable")


def test_every_move_of_a_visit_can_be_reached(ward: Ward, desk: Caller, rao: Caller):
    arrived = walk_in(desk, ward)
    doctor = {"doctorId": str(ward.doctor.id)}
    path = f"doctor/visits/{arrived['visitId']}"

    def take(verb: str, body: dict[str, Any], caller: Caller = rao) -> str:
        status, answer = caller("POST", f"{path}/{verb}", body)
        assert status == 200, (verb, answer)
        return answer["state"]

    assert take("urgent", {"reason": "pale"}) == "URGENT"
    assert take("not-urgent", {"reason": "seen"}) == "WAITING"
    assert take("call-next", doctor) == "CALLED"
    assert take("recall", {}) == "CALLED"
    assert take("put-back", {}) == "WAITING"
    assert take("call", doctor) == "CALLED"
    assert take("hold", {"reason": "did not come"}) == "ON_HOLD"
    assert take("resume", {}, desk) == "WAITING"
    assert take("call", doctor) == "CALLED"
    assert take("start", doctor) == "IN_CONSULTATION"
    assert take("hold", {"reason": "x-ray"}) == "ON_HOLD"
    assert take("no-show", {}) == "NO_SHOW"
    second = walk_in(desk, ward)
    assert desk("POST", f"doctor/visits/{second['visitId']}/cancel", {"reason": "went home"})[1]["state"] == "CANCELLED"


def test_the_queue_of_a_department_for_staff(ward: Ward, desk: Caller):
    walk_in(desk, ward)
    urgent = walk_in(desk, ward, symptoms=["chest pain"])
    status, queue = desk("GET", f"departments/{ward.department.id}/queue")
    assert status == 200
    assert queue["department"]["code"] == ward.department.code
    assert queue["sequence"] == 4
    assert [row["position"] for row in queue["waiting"]] == [1, 2]
    assert queue["waiting"][0]["visitId"] == urgent["visitId"]
    assert queue["waiting"][0]["priority"] == "URGENT"


def test_the_queue_and_a_visit_say_the_same_place(ward: Ward, desk: Caller):
    nair = add_doctor(ward, [ward.department])
    for doctor in (ward.doctor, nair, None, nair, ward.doctor, None):
        walk_in(desk, ward, **({"doctorId": str(doctor.id)} if doctor else {}))
    _, queue = desk("GET", f"departments/{ward.department.id}/queue")
    listed = {row["visitId"]: row["position"] for row in queue["waiting"]}
    assert list(listed.values()) == [1, 1, 3, 3, 3, 6]
    assert listed == {visit: desk("GET", f"visits/{visit}")[1]["position"] for visit in listed}


def test_a_check_in_by_the_hall_s_code_works_once(ward: Ward, desk: Caller):
    status, code = desk("POST", "admin/qrcodes", {"departmentId": str(ward.department.id), "expiresIn": 300})
    assert status == 201
    assert code["svg"].startswith("<svg")
    assert code["signedCheckinToken"] in code["url"]
    body = {
        "departmentId": str(ward.department.id),
        "name": "ஆஷா தேவி",
        "age": 34,
        "symptoms": ["Chest pain"],
        "signedCheckinToken": code["signedCheckinToken"],
        "idempotencyKey": "phone-1",
        "deviceFingerprint": "abc",
    }
    anonymous = Client()

    def check_in(body: dict[str, Any]) -> Any:
        return anonymous.post("/api/v1/patient/checkin", json.dumps(body), content_type="application/json")

    first = check_in(body)
    assert first.status_code == 201, first.content
    answer = first.json()
    assert (answer["state"], answer["position"]) == ("URGENT", 1)
    assert check_in(body).json() == answer
    assert check_in(body | {"name": "Somebody else"}).status_code == 422
    assert check_in(body | {"idempotencyKey": "phone-2"}).status_code == 409
    assert Visit.objects.get().triage_confirmed is False
    holder = {"Authorization": f"Bearer {answer['restoreToken']}"}
    own = anonymous.get(f"/api/v1/patient/visits/{answer['visitId']}", headers=holder)
    assert own.status_code == 200
    assert own.json()["department"]["name"] == ward.department.name
    assert anonymous.get(f"/api/v1/patient/visits/{uuid4()}", headers=holder).status_code == 404
    assert anonymous.get(f"/api/v1/patient/visits/{answer['visitId']}").status_code == 401
    cancelled = anonymous.post(
        f"/api/v1/patient/visits/{answer['visitId']}/cancel", "{}", content_type="application/json", headers=holder
    )
    assert cancelled.json()["state"] == "CANCELLED"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ஆஷா", "\x00", "9" * 500])
def test_a_forged_code_changes_nothing(ward: Ward, token: str):
    body = {"departmentId": str(ward.department.id), "name": "A", "age": 3, "signedCheckinToken": token}
    answer = Client().post("/api/v1/patient/checkin", json.dumps(body), content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert Visit.objects.count() == Token.objects.count() == 0


def test_a_printed_code_waits_for_the_desk(ward: Ward, desk: Caller):
    wanted = {"departmentId": str(ward.department.id), "expiresIn": 3600, "printed": True}
    _, code = desk("POST", "admin/qrcodes", wanted)
    body = {
        "departmentId": str(ward.department.id),
        "name": "Asha",
        "age": 34,
        "symptoms": [],
        "signedCheckinToken": code["signedCheckinToken"],
    }
    answer = Client().post("/api/v1/patient/checkin", json.dumps(body), content_type="application/json").json()
    assert (answer["state"], answer["position"]) == ("SCANNED", None)
    status, confirmed = desk("POST", f"doctor/visits/{answer['visitId']}/confirm", {})
    assert (status, confirmed["state"]) == (200, "WAITING")


def test_a_code_of_one_department_opens_no_other(ward: Ward, desk: Caller):
    _, code = desk("POST", "admin/qrcodes", {"departmentId": str(ward.department.id), "expiresIn": 300})
    body = {"departmentId": str(uuid4()), "name": "Asha", "age": 3, "signedCheckinToken": code["signedCheckinToken"]}
    assert (
        Client().post("/api/v1/patient/checkin", json.dumps(body), content_type="application/json").status_code == 403
    )
    assert Visit.objects.count() == 0


def test_the_administrator_opens_changes_and_closes_departments(ward: Ward, desk: Caller):
    admin = Caller(ward.admin)
    body = {"code": "ENT", "name": "Ear, nose and throat", "kind": "consultation"}
    assert desk("POST", "admin/departments", body)[0] == 403
    status, made = admin("POST", "admin/departments", body)
    assert (status, made["letter"], made["status"]) == (201, "E", "ACTIVE")
    assert admin("POST", "admin/departments", body)[0] == 409
    path = f"admin/departments/{made['id']}"
    assert admin("PATCH", path, {"name": "ENT", "walkInPenaltyMinutes": 15})[1]["name"] == "ENT"
    assert admin("PATCH", path, {"status": "INACTIVE"})[1]["status"] == "INACTIVE"
    assert admin("DELETE", path)[0] == 204
    walk_in(desk, ward)
    status, refusal = admin("DELETE", f"admin/departments/{ward.department.id}")
    assert (status, refusal["code"]) == (409, "people_waiting")


def test_doctors_are_registered_changed_and_listed(ward: Ward, desk: Caller):
    admin = Caller(ward.admin)
    body = {"name": "Dr Sen", "licenseNumber": "WB-1", "departments": [str(ward.department.id)] * 2}
    status, made = admin("POST", "doctors", body)
    assert (status, made["version"], made["availability"]) == (201, 1, "OFFLINE")
    assert made["departments"] == [str(ward.department.id)]
    assert admin("POST", "doctors", body)[1]["code"] == "licence_taken"
    path = f"doctors/{made['id']}"
    assert admin("PATCH", path, {"experienceYears": 9, "expectedVersion": 1})[1]["experienceYears"] == 9
    refusal = admin("PATCH", path, {"experienceYears": 9, "expectedVersion": 1})[1]
    assert (refusal["code"], refusal["version"]) == ("version_conflict", 2)
    assert (refusal["state"], refusal["allowed"]) == ("OFFLINE", ["AVAILABLE", "PAUSED"])
    status, listed = desk("GET", f"doctors?department={ward.department.id}&available=true")
    assert [row["id"] for row in listed["results"]] == [str(ward.doctor.id)]


def test_a_doctor_begins_and_ends_a_session(ward: Ward, rao: Caller):
    path = f"doctors/{ward.doctor.id}/status"
    status, paused = rao("PATCH", path, {"status": "PAUSED", "expectedVersion": 1})
    assert (status, paused["availability"], paused["version"]) == (200, "PAUSED", 2)
    assert rao("PATCH", path, {"status": "AVAILABLE", "expectedVersion": 1})[0] == 409


def test_another_hospital_s_visit_does_not_exist_here(ward: Ward, desk: Caller):
    with open_ward() as other:
        stranger = Caller(other.meera)
        theirs = other.arrive()
    assert desk("GET", f"visits/{theirs.id}")[0] == 404
    assert desk("POST", f"doctor/visits/{theirs.id}/cancel", {"reason": "x"})[0] == 404
    assert stranger("GET", f"visits/{theirs.id}")[0] == 200


def test_refused_access_is_audited(ward: Ward, desk: Caller):
    walk_in(desk, ward)
    before = AuditEntry.objects.filter(action__contains="refused").count()
    assert desk("POST", "admin/departments", {"code": "XX", "name": "X", "kind": "triage"})[0] == 403
    assert AuditEntry.objects.filter(action__contains="refused").count() == before + 1


BAD = [None, 5, "x", [], {"departmentId": 1}, {"departmentId": "\x00"}, {"departmentId": [1], "patientId": {}}]


@pytest.mark.parametrize("body", BAD)
def test_a_malformed_body_is_400_and_changes_nothing(ward: Ward, desk: Caller, body: Any):
    status, refusal = desk("POST", "visits", body)
    assert (status, refusal["code"]) == (400, "invalid")
    assert Visit.objects.count() == 0


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"age": 1e400}', b'{"a": NaN}', b"[" * 50_000])
def test_what_is_no_json_is_400(ward: Ward, desk: Caller, raw: bytes):
    answer = desk.client.generic("POST", "/api/v1/visits", raw, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["ரவி குமார்", "आशा देवी", "محمد علي", "O'Neill-Smith", "李小龙"])
def test_names_of_every_script_come_back_as_they_were_said(ward: Ward, desk: Caller, name: str):
    _, code = desk("POST", "admin/qrcodes", {"departmentId": str(ward.department.id), "expiresIn": 300})
    body = {
        "departmentId": str(ward.department.id),
        "name": name,
        "age": 34,
        "symptoms": [],
        "signedCheckinToken": code["signedCheckinToken"],
    }
    assert (
        Client().post("/api/v1/patient/checkin", json.dumps(body), content_type="application/json").status_code == 201
    )
    _, queue = desk("GET", f"departments/{ward.department.id}/queue")
    assert queue["waiting"][0]["patient"]["name"] == name


def test_a_queue_carries_of_people_only_what_every_role_sees(ward: Ward):
    ward.arrive(ward.register("Asha Devi", phone="98765 43210"))
    (row,) = department_queue(ward.department.id)["waiting"]
    assert set(row["patient"]) <= PATIENT_FIELDS[Fields.IDENTITY]
    assert all(Fields.IDENTITY in ROLE_FIELDS[role] for role in Role)
