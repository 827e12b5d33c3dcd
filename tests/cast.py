"""The people of the tests: who they are and how they come in. Each app has its own section."""

from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone

from apps.accounts.commands import SignedIn, hand_out_second_factor, sign_in_staff
from apps.accounts.models import Authenticator, Facility, Staff
from apps.accounts.queries import authenticator_of, code_of_app
from apps.accounts.queries.actors import SESSION_KEY, actor_of_staff
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.demo import DEMO_SECRET
from apps.core.policy import Actor, ActorType, Role, system_actor
from apps.patients.models import Patient
from tests.factories import PASSWORD, FacilityFactory, PatientFactory, StaffFactory

# --- accounts ---------------------------------------------------------------------------------------------------


def meera(facility: Facility | None = None) -> Staff:
    """Meera at the front desk, who serves all departments."""
    return _somebody(facility, "Meera Pillai", Role.RECEPTION)


def dr_rao(facility: Facility | None = None, departments: list[UUID] | None = None) -> Staff:
    """Dr Rao, who sees people in the given departments."""
    return _somebody(facility, "Dr Rao", Role.DOCTOR, all_departments=not departments, department_ids=departments or [])


def farida(facility: Facility | None = None) -> Staff:
    """Farida, who administers the hospital."""
    return _somebody(facility, "Farida Sheikh", Role.ADMIN)


def signed_in(staff: Staff, kind: CredentialKind = CredentialKind.STAFF_SESSION) -> SignedIn:
    """Somebody after signing in with their password and, an administrator, a code of their app, now."""
    code = app_code(staff) if staff.role == Role.ADMIN else ""
    return sign_in_staff(now=timezone.now(), email=staff.email, password=PASSWORD, kind=kind, otp=code)


def app_code(staff: Staff) -> str:
    """What somebody's authenticator app shows now. It is one that was not used yet, however often this is asked;
    who has no app gets one."""
    app = authenticator_of(staff.id)
    if app is None:
        give_app(staff)
    Authenticator.objects.filter(user=staff).update(last_t=-1, drift=0)
    app = authenticator_of(staff.id)
    assert app
    return code_of_app(app, timezone.now())


def give_app(staff: Staff, secret: str = DEMO_SECRET) -> None:
    """Give somebody an authenticator app."""
    tool = system_actor("tests", staff.facility_id)
    hand_out_second_factor(actor=tool, now=timezone.now(), staff_id=staff.id, secret=secret)


def open_browser(staff: Staff, **how: Any) -> Client:
    """A browser in which somebody of the staff is signed in."""
    client = Client(**how)
    session = client.session
    session[SESSION_KEY] = signed_in(staff).secret
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client


def bearer(staff: Staff) -> dict[str, str]:
    """Headers of a program that acts for somebody of the staff."""
    access = signed_in(staff, CredentialKind.STAFF_REFRESH).access(timezone.now())
    return {"Authorization": f"Bearer {access}"}


def _somebody(facility: Facility | None, name: str, role: Role, **more: Any) -> Staff:
    staff: Staff = StaffFactory(facility=facility or FacilityFactory(), name=name, role=role, **more)
    return staff


DESK = Actor(ActorType.STAFF, None, "Somebody at the desk", None, role=Role.RECEPTION)
"""Whose eyes a read of the registry is made with, where nobody in particular is meant."""


# --- patients ---------------------------------------------------------------------------------------------------


def asha(registered_by: Staff | None = None) -> Patient:
    """Asha Devi, 34, whom Meera registered."""
    return PatientFactory.create(actor=actor_of_staff(registered_by or meera()), name="Asha Devi")


__all__ = [
    "DESK",
    "actor_of_staff",
    "app_code",
    "asha",
    "bearer",
    "dr_rao",
    "farida",
    "give_app",
    "meera",
    "open_browser",
    "signed_in",
]
