"""A hospital outside the demo: opened at a shell, with an administrator who gets in."""

import io
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.commands import OtpRequired
from apps.accounts.models import Facility, Staff
from apps.audit.models import AuditEntry
from apps.core.policy import Role
from tests import cast
from tests.accounts.test_second_factor import code_for, shown_secret, sign_in
from tests.cast import give_app

PASSWORD = "mazhai-varum-neram"


def open_it(monkeypatch: pytest.MonkeyPatch, password: str = PASSWORD, **changed: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    told = {"name": "Lotus Clinic", "code": "LOT", "email": "Kavya@lotus.test", "admin": "Kavya Rao"} | changed
    call_command("open_hospital", **told, stdout=io.StringIO())


@pytest.mark.django_db
def test_a_hospital_is_opened_and_its_administrator_comes_in(monkeypatch, settings, client):
    settings.DEVICE_APPROVAL = True
    open_it(monkeypatch)
    staff = Staff.objects.get()
    assert (staff.email, staff.role, staff.facility.code) == ("kavya@lotus.test", Role.ADMIN, "LOT")
    assert (
        client.post("/login/staff/", {"email": staff.email, "password": PASSWORD}).url == "/login/staff/second-factor/"
    )
    page = client.get("/login/staff/second-factor/")
    done = client.post(
        "/login/staff/second-factor/", {"offer": page.context["offer"], "code": code_for(shown_secret(page))}
    )
    assert len(re.findall(r"<li><code>", done.content.decode())) == 10
    assert client.get("/admin/").status_code == 200
    assert set(AuditEntry.trail.values_list("action", flat=True)) >= {"facility.opened", "staff.registered"}


@pytest.mark.parametrize(
    "wrong", [{"password": "short"}, {"email": "none"}, {"time_zone": "Mars/Olympus"}, {"code": "no good"}]
)
@pytest.mark.django_db
def test_what_is_wrong_opens_nothing_at_all(monkeypatch, wrong: dict[str, Any]):
    with pytest.raises(CommandError):
        open_it(monkeypatch, **wrong)
    assert not Facility.objects.exists()
    assert not Staff.objects.exists()


@pytest.mark.django_db
def test_an_address_that_is_taken_opens_nothing(monkeypatch):
    meera = cast.meera()
    with pytest.raises(CommandError):
        open_it(monkeypatch, email=meera.email)
    assert Facility.objects.count() == 1


@pytest.mark.django_db
def test_the_only_administrators_lost_second_factor_is_reset_at_a_shell():
    farida = cast.farida()
    give_app(farida)
    with pytest.raises(OtpRequired):
        sign_in(farida)
    call_command("reset_second_factor", farida.email, stdout=io.StringIO())
    answer = Client().post("/login/staff/", {"email": farida.email, "password": "kadal-karai-kaatru"})
    assert answer.url == "/login/staff/second-factor/"
    assert AuditEntry.trail.get(action="staff.second_factor_reset").actor_via == "reset_second_factor"
    with pytest.raises(CommandError):
        call_command("reset_second_factor", "nobody@hospital.test")
