"""A session is worth what its holder is worth now: copied, ended or outdated it opens nothing at the next request."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import Client

from apps.accounts.models import Staff
from apps.accounts.queries.actors import SESSION_KEY
from apps.core.policy import Role
from tests.cast import meera, open_browser
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

PAGE = "/admin/desk/today/"


def copy_of(browser: Client) -> Client:
    """Somebody else's browser with the same cookies."""
    copied = Client()
    copied.cookies = SimpleCookie(browser.cookies.output(header="", sep=";"))
    return copied


def is_let_in(browser: Client) -> bool:
    """Whether the desk opens; who is known but may not, is not let in either."""
    return browser.get(PAGE).status_code == 200


def test_signing_in_makes_a_new_session_and_a_new_token_for_forms():
    staff, browser = meera(), Client()
    planted = SessionStore()
    planted[SESSION_KEY] = "chosen-by-somebody-else"
    planted.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    browser.get("/login/staff/")
    before = {name: browser.cookies[name].value for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)}
    followed = copy_of(browser)
    browser.post("/login/staff/", {"email": staff.email, "password": PASSWORD})
    assert is_let_in(browser)
    assert all(browser.cookies[name].value != value for name, value in before.items())
    assert "chosen-by-somebody-else" not in str(SessionStore(browser.cookies["sessionid"].value).load())
    assert not is_let_in(followed)


def log_out(staff: Staff, browser: Client) -> None:
    browser.post("/logout/")


def leave(staff: Staff, browser: Client) -> None:
    Staff.objects.filter(id=staff.id).update(is_active=False)


def become_somebody_who_may_not(staff: Staff, browser: Client) -> None:
    Staff.objects.filter(id=staff.id).update(role=Role.DOCTOR)


@pytest.mark.parametrize("end", [log_out, leave, become_somebody_who_may_not], ids=lambda end: end.__name__)
def test_a_copied_session_opens_nothing_once_the_access_has_ended(end: Callable[[Staff, Client], None]):
    staff = meera()
    browser = open_browser(staff)
    copied = copy_of(browser)
    assert is_let_in(copied)
    end(staff, browser)
    assert not is_let_in(copied)


def test_another_department_counts_from_the_next_request():
    staff = meera()
    browser = open_browser(staff)
    assert browser.get("/api/v1/auth/me").json()["allDepartments"]
    place = uuid4()
    Staff.objects.filter(id=staff.id).update(all_departments=False, department_ids=[place])
    told = browser.get("/api/v1/auth/me").json()
    assert (told["allDepartments"], told["departments"]) == (False, [str(place)])


@pytest.mark.parametrize("forged", ["", "x", "a:b:c", "e30:1vM:abc", "0" * 5_000])
def test_a_forged_session_is_nobodys(forged: str):
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = forged
    answer: Any = browser.get(PAGE)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")
