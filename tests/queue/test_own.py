"""What is one's own: one rule, for every way in. Everybody else's is as if it were not there."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.accounts.queries import actor_of_token
from apps.audit.models import AuditEntry
from apps.patients.commands import change
from apps.patients.models import Allowance, phone_fingerprint
from apps.queue.commands import create_checkin_link
from apps.queue.models import Visit
from apps.queue.queries.own import watched_departments
from tests.browsers import browser_of
from tests.patients.codes import PHONE, ask, code_on, enter
from tests.ward import Ward

OTHER = "+919876500000"
HERE = "/api/v1/patient"


@pytest.fixture
def ward(ward: Ward) -> Ward:
    """The hospital at this hour."""
    ward.keep_real_time()
    return ward


class Holder:
    """A program on a phone that came in by a code."""

    def __init__(self, phone: str = PHONE, fingerprint: str = "") -> None:
        now = timezone.now()
        ask(now, phone=phone)
        self.secret = enter(now, code_on(phone), phone=phone).secret

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return call(method, path, body, self.secret)


def call(method: str, path: str, body: Any = None, secret: str = "") -> Any:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    told = json.dumps(body or {}) if method != "GET" else ""
    return Client().generic(method, path, told, content_type="application/json", headers=headers)


def test_a_family_sees_the_visits_of_everybody_under_its_phone_and_of_nobody_else(ward: Ward):
    asha, ravi = ward.register("Asha Devi", phone=PHONE), ward.register("Ravi", age=7, phone=PHONE)
    mine = [ward.arrive(asha), ward.arrive(ravi)]
    ward.arrive(ward.register("Somebody else", phone=OTHER))
    answer = Holder()("GET", f"{HERE}/visits").json()
    assert answer["count"] == 2
    assert {row["visitId"] for row in answer["results"]} == {str(visit.id) for visit in mine}
    assert {row["patient"]["name"] for row in answer["results"]} == {"Asha Devi", "Ravi"}


def test_a_family_opens_and_gives_up_its_own_visit(ward: Ward):
    visit = ward.arrive(ward.register("Asha Devi", phone=PHONE))
    holder = Holder()
    seen = holder("GET", f"{HERE}/visits/{visit.id}")
    assert (seen.status_code, seen.json()["state"]) == (200, "WAITING")
    assert holder("POST", f"{HERE}/visits/{visit.id}/cancel").status_code == 200
    assert ward.fresh(visit).state == "CANCELLED"


def test_a_strangers_visit_is_as_if_it_were_not_there(ward: Ward):
    visit = ward.arrive(ward.register("Somebody else", phone=OTHER))
    ward.register("Asha Devi", phone=PHONE)
    holder = Holder()
    for method, path in [("GET", ""), ("POST", "/cancel")]:
        strange = holder(method, f"{HERE}/visits/{visit.id}{path}")
        unknown = holder(method, f"{HERE}/visits/{uuid4()}{path}")
        assert (strange.status_code, strange.content) == (404, unknown.content)
    assert ward.fresh(visit).state == "WAITING"


def test_a_visit_goes_with_the_phone_as_it_is_now(ward: Ward):
    asha = ward.register("Asha Devi", phone=PHONE)
    visit = ward.arrive(asha)
    holder = Holder()
    change(actor=ward.meera, now=ward.now, patient_id=asha.id, expected_version=1, phone=OTHER)
    assert holder("GET", f"{HERE}/visits/{visit.id}").status_code == 404
    assert holder("GET", f"{HERE}/visits").json()["count"] == 0
    assert Holder(OTHER)("GET", f"{HERE}/visits/{visit.id}").status_code == 200


def test_who_has_no_phone_on_record_is_nobodys(ward: Ward):
    ward.arrive(ward.register("No phone", phone=""))
    assert Holder()("GET", f"{HERE}/visits").json()["count"] == 0


def checked_in(ward: Ward, fingerprint: str = "phone-1") -> Any:
    """Somebody checks in by the hall's code, on a phone that says who it is."""
    token, _ = create_checkin_link(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, expires_in=600, printed=False
    )
    body = {
        "departmentId": str(ward.department.id),
        "name": "Asha Devi",
        "age": 34,
        "symptoms": [],
        "signedCheckinToken": token,
        "deviceFingerprint": fingerprint,
    }
    answer = call("POST", f"{HERE}/checkin", body)
    assert answer.status_code == 201
    return answer.json()


def restore(token: str, **more: str) -> Any:
    return call("POST", f"{HERE}/restore", {"restoreToken": token} | more)


def test_a_phone_comes_back_by_its_token_which_changes_each_time(ward: Ward):
    first = checked_in(ward)
    second = restore(first["restoreToken"], deviceFingerprint="phone-1")
    assert second.status_code == 200
    body = second.json()
    assert (body["visitId"], body["state"], body["position"]) == (first["visitId"], "WAITING", 1)
    assert set(body) == {"visitId", "tokenNumber", "tokenLabel", "state", "position", "restoreToken", "expiresAt"}
    own = f"{HERE}/visits/{body['visitId']}"
    assert call("GET", own, secret=body["restoreToken"]).status_code == 200
    assert call("GET", own, secret=first["restoreToken"]).status_code == 401


def test_a_copied_token_ends_them_all(ward: Ward):
    first = checked_in(ward)["restoreToken"]
    second = restore(first).json()["restoreToken"]
    assert (restore(first).status_code, restore(first).json()["code"]) == (401, "restore_refused")
    assert restore(second).status_code == 401
    assert AuditEntry.objects.filter(action="credential.reused").exists()


def test_another_device_is_refused_and_takes_nothing_away(ward: Ward):
    token = checked_in(ward)["restoreToken"]
    assert restore(token, deviceFingerprint="phone-2").status_code == 401
    assert restore(token, deviceFingerprint="phone-1").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "x" * 300, None, 5])
def test_what_is_no_token_brings_nobody_back(ward: Ward, token: Any):
    assert call("POST", f"{HERE}/restore", {"restoreToken": token}).status_code in (400, 401)


def test_a_restored_phone_sees_its_one_visit_and_no_list(ward: Ward):
    token = checked_in(ward)["restoreToken"]
    other = ward.arrive()
    assert call("GET", f"{HERE}/visits/{other.id}", secret=token).status_code == 404
    assert call("GET", f"{HERE}/visits", secret=token).status_code == 403


def test_forgetting_a_device_ends_what_it_holds_and_nothing_of_another(ward: Ward):
    mine, others = checked_in(ward, "phone-1"), checked_in(ward, "phone-2")
    again = checked_in(ward, "phone-1")
    forgotten = call("POST", f"{HERE}/forget", secret=mine["restoreToken"])
    assert forgotten.status_code == 204
    assert forgotten["Clear-Site-Data"] == '"cache", "storage"'
    for answer, status in [(mine, 401), (again, 401), (others, 200)]:
        path = f"{HERE}/visits/{answer['visitId']}"
        assert call("GET", path, secret=answer["restoreToken"]).status_code == status
    assert restore(again["restoreToken"]).status_code == 401


def test_who_says_nothing_of_their_device_ends_their_own_sign_in_only(ward: Ward):
    first, second = Holder(), Holder(OTHER)
    assert first("POST", f"{HERE}/forget").status_code == 204
    assert first("GET", "/api/v1/auth/me").status_code == 401
    assert second("GET", "/api/v1/auth/me").status_code == 200


def test_staff_forget_no_device(ward: Ward):
    assert browser_of(ward.meera).post(f"{HERE}/forget").status_code == 403
    assert not Credential.objects.filter(revoked_at__isnull=False).exists()


def test_me_names_the_family_and_takes_its_language(ward: Ward):
    ward.register("Asha Devi", phone=PHONE)
    ward.register("Ravi", age=7, phone=PHONE)
    stranger = ward.register("Somebody else", phone=OTHER)
    holder = Holder()
    assert [p["name"] for p in holder("GET", "/api/v1/auth/me").json()["patients"]] == ["Asha Devi", "Ravi"]
    told = holder("PATCH", "/api/v1/auth/me", {"language": "hi"}).json()
    assert {p["language"] for p in told["patients"]} == {"hi"}
    stranger.refresh_from_db()
    assert stranger.language == "en"
    assert AuditEntry.objects.filter(action="patient.changed").count() == 2
    assert holder("PATCH", "/api/v1/auth/me", {"language": "xx"}).status_code == 400


def test_a_familys_stream_is_where_it_waits(ward: Ward):
    visit = ward.arrive(ward.register("Asha Devi", phone=PHONE))
    actor = actor_of_token(Holder().secret, timezone.now())
    assert watched_departments(actor) == [visit.department_id]
    Visit.objects.filter(id=visit.id).update(state="CANCELLED", ended_at=timezone.now())
    assert watched_departments(actor) == []


# --- pages --------------------------------------------------------------------------------------------------------


def signed_in_browser(phone: str = PHONE) -> Client:
    """Two screens: the phone, the code."""
    browser = Client()
    assert browser.post("/login/phone/", {"phone": phone}).status_code == 200
    assert browser.post("/login/phone/code/", {"phone": phone, "code": code_on(phone)}).status_code == 302
    return browser


def test_from_the_code_to_the_own_page_are_two_screens(ward: Ward):
    visit = ward.arrive(ward.register("Asha Devi", phone=PHONE))
    browser = Client()
    first = browser.get("/login").content.decode()
    assert 'action="/login/phone/"' in first
    second = browser.post("/login/phone/", {"phone": "98765 43210"})
    screen = second.content.decode()
    assert (second.status_code, second["Cache-Control"]) == (200, "no-store")
    assert 'autocomplete="one-time-code"' in screen
    assert 'inputmode="numeric"' in screen
    code = code_on()
    arrived = browser.post("/login/phone/code/", {"phone": PHONE, "code": f" {code[:3]} {code[3:]}"}, follow=True)
    assert arrived.redirect_chain == [("/me/", 302)]
    page = arrived.content.decode()
    assert "Asha Devi" in page
    assert visit.token.label[0] in page
    assert "/t/" in page
    assert arrived["Cache-Control"] == "no-store"
    assert browser.get("/login").url == "/me/"


def test_who_wanted_to_book_comes_there_after_the_code_by_every_way_through_the_screens(ward: Ward):
    ward.register("Asha Devi", phone=PHONE)
    browser, wanted = Client(), f"/book/?department={ward.department.id}"
    door = browser.get(wanted)
    assert door.url == "/login?" + urlencode({"next": wanted}, safe="/")
    for screen in (browser.get(door.url), browser.post("/login/phone/", {"phone": "12", "next": wanted})):
        assert f'name="next" value="{wanted}"' in screen.content.decode()
    screen = browser.post("/login/phone/", {"phone": PHONE, "next": wanted}).content.decode()
    assert screen.count(f'name="next" value="{wanted}"') == 2  # in the form for another code too
    wrong = browser.post("/login/phone/code/", {"phone": PHONE, "code": "1", "next": wanted}).content.decode()
    assert wrong.count(f'name="next" value="{wanted}"') == 2
    assert browser.post("/login/phone/code/", {"phone": PHONE, "code": code_on(), "next": wanted}).url == wanted
    assert browser.get(door.url).url == wanted


@pytest.mark.parametrize("address", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
def test_no_code_sends_anybody_to_another_site(ward: Ward, address: str):
    ward.register("Asha Devi", phone=PHONE)
    browser = Client()
    assert "evil" not in browser.get("/login", {"next": address}).content.decode().split("<main")[1]
    assert "evil" not in browser.post("/login/phone/", {"phone": PHONE, "next": address}).content.decode()
    assert browser.post("/login/phone/code/", {"phone": PHONE, "code": code_on(), "next": address}).url == "/me/"
    assert browser.get("/login", {"next": address}).url == "/me/"


def test_a_phone_that_nobody_knows_is_told_where_to_go(ward: Ward):
    page = signed_in_browser("+919876511111").get("/me/").content.decode()
    assert "Nobody is registered under this phone yet" in page


def test_the_pages_of_a_known_and_an_unknown_phone_differ_in_nothing_but_its_digits(ward: Ward):
    ward.register("Asha Devi", phone=PHONE)

    def screen(phone: str) -> str:
        browser = Client()
        text = browser.post("/login/phone/", {"phone": phone}).content.decode()
        token = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else ""
        return (
            re.sub(r'value="[A-Za-z0-9]{64}"', "", text.replace(token or "-", ""))
            .replace(phone[-10:], "")
            .replace(phone[-4:], "")
        )

    assert screen(PHONE) == screen("+919876511111")


def test_a_wrong_code_says_so_on_the_field_and_a_wrong_number_too(ward: Ward):
    browser = Client()
    assert browser.post("/login/phone/", {"phone": "12"}).status_code == 400
    browser.post("/login/phone/", {"phone": PHONE})
    answer = browser.post("/login/phone/code/", {"phone": PHONE, "code": "12345"})
    assert answer.status_code == 401
    assert "not right" in answer.content.decode()
    assert browser.get("/me/").status_code == 302


def test_nobody_is_sent_to_the_patients_door(ward: Ward):
    assert Client().get("/me/").url == "/login?next=/me/"
    assert Client().post("/me/forget/").status_code == 302


def test_a_familys_sign_in_takes_the_place_of_a_staffs_and_the_session_is_a_new_one(ward: Ward):
    ward.register("Asha Devi", phone=PHONE)
    browser = browser_of(ward.meera)
    old = browser.cookies["sessionid"].value
    browser.post("/login/phone/", {"phone": PHONE})
    browser.post("/login/phone/code/", {"phone": PHONE, "code": code_on()})
    assert browser.get("/me/").status_code == 200
    assert browser.get("/admin/").status_code == 302
    copy = Client()
    copy.cookies["sessionid"] = old
    assert copy.get("/admin/").status_code == 302, "the old session ended on the server"


def test_forget_this_phone(ward: Ward):
    browser = signed_in_browser()
    kept = browser.cookies["sessionid"].value
    left = browser.post("/me/forget/")
    assert (left.url, left["Clear-Site-Data"]) == ("/", '"cache", "storage"')
    assert browser.get("/me/").status_code == 302
    copy = Client()
    copy.cookies["sessionid"] = kept
    assert copy.get("/me/").status_code == 302


def test_a_familys_session_lasts_a_day_in_the_browser_too(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    browser = signed_in_browser()
    later = timezone.now() + timedelta(hours=23, minutes=50)
    monkeypatch.setattr("time.time", lambda: later.timestamp())
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert browser.get("/me/").status_code == 200


def test_the_page_costs_few_statements(ward: Ward, django_assert_max_num_queries: Any):
    for number in range(5):
        ward.arrive(ward.register(f"Child {number}", phone=PHONE))
    browser = signed_in_browser()
    with django_assert_max_num_queries(12):
        browser.get("/me/")


def test_forms_without_their_proof_are_refused(ward: Ward):
    browser = Client(enforce_csrf_checks=True)
    for path in ("/login/phone/", "/login/phone/code/", "/me/forget/"):
        assert browser.post(path, {"phone": PHONE, "code": "123456"}).status_code == 403


def test_the_desk_opens_a_closed_phone_on_its_page(ward: Ward):
    Allowance.objects.create(
        key=f"run:{phone_fingerprint(PHONE)}",
        name="failures_run",
        used=100,
        most=100,
        resets_at=timezone.now() + timedelta(days=3650),
    )
    browser, path = browser_of(ward.meera), "/admin/desk/code-sign-in/"
    closed = browser.post(path, {"phone": "98765 43210"}).content.decode()
    assert 'name="open"' in closed
    opened = browser.post(path, {"phone": "98765 43210", "open": "1", "key": str(uuid4())}).content.decode()
    assert "Codes work again" in opened
    assert not Allowance.objects.filter(name="failures_run").exists()
    assert browser.post(path, {"phone": "12"}).status_code == 400
