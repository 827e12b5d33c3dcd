"""Two administrators take each other's rights away at the same moment: one of them stays."""

from threading import Barrier

import pytest
from django.test import Client

from apps.accounts import admin
from apps.accounts.models import Staff
from apps.core.policy import Role
from tests.browsers import browser_of
from tests.races.threads import at_once
from tests.ward import Ward, open_ward


def demote(office: Client, person: Staff) -> int:
    """The administrator's form: somebody is at the front desk from now on."""
    form = {"name": person.name, "email": person.email, "role": Role.RECEPTION, "is_active": "on"}
    answer = office.post(f"/admin/accounts/staff/{person.id}/change/", form | {"all_departments": "on"})
    return answer.status_code


def left_after_both(ward: Ward) -> tuple[list[int], int]:
    """What both were answered, and how many administrators are left."""
    actors = [ward.admin, ward.as_role(Role.ADMIN)]
    people = [Staff.objects.get(id=actor.id) for actor in actors]
    offices = [browser_of(actor) for actor in actors]
    answers, errors = at_once(lambda index: demote(offices[index], people[1 - index]), 2, ward.facility.id)
    assert errors == []
    return sorted(answers), Staff.objects.filter(facility=ward.facility, role=Role.ADMIN).count()


@pytest.mark.django_db(transaction=True)
def test_one_administrator_is_left():
    with open_ward() as ward:
        assert left_after_both(ward) in (([302, 400], 1), ([302, 403], 1))


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_none_is_left(monkeypatch):
    both_looked = Barrier(2, timeout=90)

    def without_lock(staff: Staff) -> bool:
        others = Staff.objects.filter(facility_id=staff.facility_id, role=Role.ADMIN, is_active=True)
        found = others.exclude(id=staff.id).exists()
        both_looked.wait()
        return found

    monkeypatch.setattr(admin, "others_administer", without_lock)
    # Django's own log points at whoever wrote it: by chance that locks the same two rows crosswise.
    monkeypatch.setattr(admin.StaffAdmin, "log_change", lambda *_: None)
    with open_ward() as ward:
        assert left_after_both(ward) == ([302, 302], 0)
