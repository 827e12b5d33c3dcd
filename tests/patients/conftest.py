"""What the registry's tests stand on: two facilities, and Meera at the desk of one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django_scopes import scope

from apps.accounts.models import Facility, Staff
from apps.accounts.queries import actor_of_staff
from apps.core.policy import Actor, Role
from tests.factories import FacilityFactory, PatientFactory

NOW = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
"""Eleven in the morning in Kolkata."""


@dataclass
class Desk:
    """A facility's front desk with the people who come to it."""

    facility: Facility

    def staff(self, role: Role) -> Actor:
        """Somebody of a role who works here."""
        email = f"{role}@{self.facility.code}.test".lower()
        staff, _ = Staff.objects.get_or_create(
            email=email,
            defaults={"facility": self.facility, "name": role.title(), "role": role, "all_departments": True},
        )
        return actor_of_staff(staff)

    @property
    def meera(self) -> Actor:
        return self.staff(Role.RECEPTION)

    def register(self, name: str = "Asha Devi", **known: Any) -> Any:
        """Meera registers somebody."""
        return PatientFactory.create(actor=self.meera, now=NOW, name=name, **{"phone": "98765 43210"} | known)


def open_desk(code: str) -> Desk:
    """The desk of a new facility."""
    return Desk(FacilityFactory.create(code=code))


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    """Asha District Hospital, in scope."""
    opened = open_desk("ADH")
    with scope(facility=opened.facility.id):
        yield opened


@pytest.fixture
def elsewhere(db: None) -> Desk:
    """Another hospital in the same database, not in scope."""
    return open_desk("LOT")
