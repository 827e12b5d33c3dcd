"""Facilities are opened and people begin to work; what others may ask about both."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.accounts import commands
from apps.accounts.commands import EmailTaken
from apps.accounts.models import Facility, Staff
from apps.accounts.queries import (
    actor_of_staff,
    facilities,
    facility_by_code,
    facility_facts,
    staff_actor,
    staff_by_email,
    staff_names,
)
from apps.core.errors import Forbidden, Invalid
from apps.core.policy import Actor, Permission, Role, Scope, system_actor
from tests.cast import dr_rao
from tests.factories import FacilityFactory, StaffFactory

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
SYSTEM = system_actor("demo")


def register(actor: Actor, facility_id: object, **changed: object):
    facts = {"email": "Kamala@Hospital.test", "name": "Kamala", "role": Role.LAB, "password": "mazhai-varum-neram"}
    return commands.register_staff(actor=actor, now=NOW, facility_id=facility_id, **(facts | changed))


@pytest.mark.django_db
def test_a_facility_is_opened_by_the_system_and_has_its_own_day():
    facts = commands.open_facility(actor=SYSTEM, now=NOW, name="Asha District Hospital", code="asha")
    assert facility_by_code("asha") == facility_facts(facts.id) == facts
    assert facilities() == [facts]
    assert (facts.time_zone, facts.currency) == ("Asia/Kolkata", "INR")
    assert facts.day_of(NOW).isoformat() == Facility.objects.get().day_of(NOW).isoformat() == "2026-11-22"


@pytest.mark.parametrize("changed", [{"time_zone": "Mars"}, {"code": "a b"}, {"name": ""}, {"code": "taken"}])
@pytest.mark.django_db
def test_a_facility_that_makes_no_sense_is_not_opened(changed):
    FacilityFactory(code="taken")
    with pytest.raises(Invalid):
        commands.open_facility(actor=SYSTEM, now=NOW, **({"name": "Asha", "code": "asha"} | changed))


def test_nobody_inside_a_hospital_opens_another(farida):
    with pytest.raises(Forbidden):
        commands.open_facility(actor=actor_of_staff(farida), now=NOW, name="Mine", code="mine")


@pytest.mark.django_db
def test_the_system_and_the_administrator_register_staff():
    facility = FacilityFactory()
    register(SYSTEM, facility.id)
    admin = StaffFactory(facility=facility, role=Role.ADMIN)
    register(actor_of_staff(admin), facility.id, email="second@hospital.test")
    made = staff_by_email("KAMALA@hospital.test")
    assert made is not None
    assert (made.facility_id, made.role) == (facility.id, Role.LAB)
    assert made.check_password("mazhai-varum-neram")


def test_no_administrator_registers_staff_elsewhere_and_nobody_else_does_at_all(farida, meera):
    for actor, facility_id in [
        (actor_of_staff(farida), meera.facility_id),
        (actor_of_staff(meera), meera.facility_id),
    ]:
        with pytest.raises(Forbidden):
            register(actor, facility_id)
    assert Staff.objects.count() == 2


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"password": "short"}, Invalid),
        ({"email": "no address"}, Invalid),
        ({"role": "KING"}, Invalid),
        ({"email": "taken@hospital.test"}, EmailTaken),
    ],
)
@pytest.mark.django_db
def test_staff_that_make_no_sense_are_not_registered(changed, error):
    taken = StaffFactory(email="taken@hospital.test")
    with pytest.raises(error):
        register(SYSTEM, taken.facility_id, **changed)
    assert Staff.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"email": "Upper@hospital.test"}, {"role": "KING"}])
@pytest.mark.django_db
def test_the_table_itself_refuses_a_second_spelling_and_an_unknown_role(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffFactory(**wrong)


@pytest.mark.django_db
def test_a_doctor_acts_in_their_own_departments_only():
    own, other = uuid4(), uuid4()
    staff = dr_rao(departments=[own])
    actor = staff_actor(staff.email, via="simulator")
    assert (actor.name, actor.via, actor.credential_id) == ("Dr Rao", "simulator", None)
    assert actor.may(Permission.VISIT_CONSULT, Scope(staff.facility_id, own))
    assert not actor.may(Permission.VISIT_CONSULT, Scope(staff.facility_id, other))
    assert not actor.may(Permission.VISIT_CONSULT, Scope(uuid4(), own))


def test_nobody_acts_for_somebody_who_left(meera):
    Staff.objects.update(is_active=False)
    with pytest.raises(Staff.DoesNotExist):
        staff_actor(meera.email)


def test_names_are_told_by_id(meera):
    assert staff_names({meera.id, uuid4()}) == {meera.id: "Meera Pillai"}
