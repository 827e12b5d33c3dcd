"""The pages at the door, as a browser meets them."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from apps.accounts.models import Credential
from apps.accounts.rules.tries import MOST_FAILURES
from apps.core.views import own_path
from tests.cast import dr_rao, open_browser
from tests.factories import PASSWORD, StaffFactory

STAFF_DOOR = "/login/staff/"
ME = "/api/v1/auth/me"


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(STAFF_DOOR, {"email": email, "password": password} | more)


@pytest.mark.parametrize("path", ["/", "/login", "/login/", STAFF_DOOR])
@pytest.mark.django_db
def test_the_doors_are_open_to_anybody(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert 'lang="en"' in answer.content.decode()


def test_who_works_at_the_desk_lands_there_and_a_doctor_at_the_console(meera):
    assert sign_in(Client(), meera.email).url == "/admin/"
    assert sign_in(Client(), dr_rao().email).url == "/console/"


def test_after_signing_in_one_comes_to_where_one_wanted(client, meera):
    wanted = "/admin/accounts/staff/?q=rao"
    shown = client.get(STAFF_DOOR, {"next": wanted})
    assert f'name="next" value="{wanted}"' in shown.content.decode()
    assert sign_in(client, meera.email, next=wanted).url == wanted


ELSEWHERE = [
    "https://evil.test/",
    "//evil.test/",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "http:evil.test",
    "javascript:alert(1)",
    " //evil.test",
    "/\t/evil.test",
    "evil.test",
    "/\r\nLocation: //evil.test",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_sent_elsewhere_after_signing_in(meera, address):
    assert own_path(address) == ""
    assert sign_in(Client(), meera.email, next=address).url == "/admin/"
    assert Client().post(f"{STAFF_DOOR}?next={quote(address)}", {"email": meera.email, "password": PASSWORD}).url == (
        "/admin/"
    )
    assert open_browser(meera).get(STAFF_DOOR, {"next": address}).url == "/admin/"


def test_who_is_signed_in_is_not_asked_again(meera):
    assert open_browser(meera).get(STAFF_DOOR).url == "/admin/"


def test_a_wrong_password_and_an_unknown_address_say_the_same(client, meera):
    pages = []
    for email in (meera.email, "nobody@hospital.test"):
        answer = sign_in(client, email, "wrong")
        assert answer.status_code == 401
        pages.append(answer.context["form"].non_field_errors())
    assert pages[0] == pages[1] == ["E-mail or password is not right."]


def test_a_password_is_never_shown_again(client, meera):
    assert "very-secret-word" not in sign_in(client, meera.email, "very-secret-word").content.decode()


def test_the_sixth_try_is_told_to_wait(client, meera):
    for _ in range(MOST_FAILURES):
        sign_in(client, meera.email, "wrong")
    answer = sign_in(client, meera.email)
    assert answer.status_code == 429
    assert "15 minutes" in answer.context["form"].non_field_errors()[0]


@pytest.mark.parametrize("email", ["", "x", "a@b", "a@b.test\0", "x" * 300 + "@b.test", "<script>@b.test"])
@pytest.mark.django_db
def test_an_address_that_is_none_is_refused_by_the_form(client, email):
    answer = sign_in(client, email)
    assert answer.status_code == 400
    assert "<script>" not in answer.content.decode()


def test_the_cookie_holds_only_its_own_secret_and_scripts_cannot_read_it(client, meera):
    cookie = sign_in(client, meera.email).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert set(client.session.keys()) == {"credential"}


def test_signing_in_gives_a_new_cookie_whatever_came_before(meera):
    client = open_browser(meera)
    before = client.cookies["sessionid"].value
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["sessionid"] = session.session_key
    sign_in(client, meera.email)
    assert client.cookies["sessionid"].value not in (before, session.session_key)
    assert "planted" not in client.session


def test_a_sign_in_form_from_elsewhere_is_refused(meera):
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, meera.email).status_code == 403
    assert not Credential.objects.exists()


def test_signing_out_ends_the_session_on_the_server_for_every_copy_of_the_cookie(meera):
    browser, copy = open_browser(meera), Client()
    copy.cookies["sessionid"] = browser.cookies["sessionid"].value
    answer = browser.post("/logout/")
    assert (answer.status_code, answer.url) == (302, "/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.cookies["sessionid"].value == ""
    assert [b.get(ME).status_code for b in (browser, copy)] == [401, 401]


def test_signing_out_is_never_a_link(meera):
    browser = open_browser(meera)
    assert browser.get("/logout/").status_code == 405
    assert browser.get(ME).status_code == 200


@pytest.mark.django_db
def test_signing_out_twice_does_no_harm(client):
    assert client.post("/logout/").url == "/"


def test_a_password_is_changed_on_a_page(meera):
    browser, other = open_browser(meera), open_browser(meera)
    assert browser.get("/password/").status_code == 200
    for current, new in [("wrong", "mazhai-varum-neram"), (PASSWORD, "short"), ("", "")]:
        answer = browser.post("/password/", {"current": current, "new": new})
        assert (answer.status_code, bool(answer.context["form"].errors)) == (400, True)
    answer = browser.post("/password/", {"current": PASSWORD, "new": "mazhai-varum-neram"})
    assert answer.status_code == 200
    assert [b.get(ME).status_code for b in (browser, other)] == [200, 401]
    assert sign_in(Client(), meera.email, "mazhai-varum-neram").status_code == 302


@pytest.mark.django_db
def test_nobody_is_asked_to_sign_in_before_a_page_of_their_own(client):
    assert client.get("/password/").url == "/login/staff/?next=/password/"


@pytest.mark.django_db
def test_nobody_is_led_back_to_where_only_a_form_is_sent(client):
    assert client.post("/password/", {"current": "a", "new": "b"}).url == "/login/staff/"


def test_a_page_names_the_hospital_of_whoever_looks(meera):
    assert meera.facility.name in open_browser(meera).get("/password/").content.decode()


@pytest.mark.django_db
def test_the_demonstration_offers_its_accounts_and_nobody_else_does(client, settings):
    StaffFactory(email="rao@demo.opd", name="Dr Rao", role="DOCTOR")
    StaffFactory(email="admin@demo.opd", role="ADMIN")
    StaffFactory(email="meera@hospital.test")
    for path in ("/", STAFF_DOOR):
        settings.DEMO = True
        page = client.get(path).content.decode()
        assert page.index("admin@demo.opd") < page.index("rao@demo.opd")
        assert "opd-demo-2026" in page
        assert "meera@hospital.test" not in page
        settings.DEMO = False
        page = client.get(path).content.decode()
        assert "demo.opd" not in page
        assert "opd-demo-2026" not in page


@pytest.mark.django_db
def test_the_language_is_chosen_by_a_form_and_only_leads_back_to_our_own_pages(client):
    answer = client.post("/language/", {"language": "hi", "next": "/login/"})
    assert (answer.url, answer.cookies["django_language"].value) == ("/login/", "hi")
    assert client.post("/language/", {"language": "hi", "next": "https://evil.test/"}).url == "/"
    assert client.get("/language/").status_code == 405
