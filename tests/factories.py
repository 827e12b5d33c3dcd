"""Rows for tests, made as their apps make them. Each app has its own section."""

from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import get_hasher, make_password
from django.utils import timezone
from django_scopes import scope

from apps.accounts.models import Facility, Staff
from apps.accounts.queries import actor_of_staff
from apps.core.policy import Role
from apps.patients.commands import register
from apps.patients.models import Patient
from apps.patients.rules.people import Sex

# --- accounts ---------------------------------------------------------------------------------------------------

PASSWORD = "kadal-karai-kaatru"
"""Everybody's password in tests, unless one says otherwise."""


def encoded(password: str) -> str:
    """A password as it is stored; hashed once, since that takes its time."""
    return _encoded(password, get_hasher().algorithm)


@cache
def _encoded(password: str, algorithm: str) -> str:
    return make_password(password, hasher=algorithm)


class FacilityFactory(factory.django.DjangoModelFactory[Facility]):
    """A hospital."""

    class Meta:
        model = Facility

    name = factory.Sequence(lambda n: f"Asha District Hospital {n}")
    code = factory.Sequence(lambda n: f"ADH{n}")


class StaffFactory(factory.django.DjangoModelFactory[Staff]):
    """Somebody at the desk of a hospital of their own."""

    class Meta:
        model = Staff

    facility = factory.SubFactory(FacilityFactory)
    email = factory.Sequence(lambda n: f"staff{n}@hospital.test")
    name = "Meera Pillai"
    role = Role.RECEPTION
    all_departments = True

    @factory.lazy_attribute
    def password(self) -> Any:
        return encoded(PASSWORD)


# --- patients ---------------------------------------------------------------------------------------------------


class PatientFactory(factory.Factory[Patient]):
    """Somebody whom `actor` registers at the desk, by the command that a desk uses."""

    class Meta:
        model = Patient

    actor = factory.LazyFunction(lambda: actor_of_staff(StaffFactory.create()))
    now = factory.LazyFunction(timezone.now)
    name = "Asha Devi"
    sex = Sex.FEMALE
    birth_date = None
    age = factory.LazyAttribute(lambda person: None if person.birth_date else 34)
    phone = factory.Sequence(lambda n: f"+91 98765 {n % 100_000:05}")

    @classmethod
    def _create(cls, model_class: type[Patient], *args: Any, **facts: Any) -> Patient:
        with scope(facility=facts["actor"].facility_id):
            return register(**facts)
