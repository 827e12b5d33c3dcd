"""Whose hands load a hospital, and what every step needs of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from apps.accounts.commands import register_staff
from apps.accounts.queries import staff_by_email
from apps.audit.commands import record
from apps.core.admin import values_of
from apps.core.commands import command
from apps.core.policy import Actor, Permission, Role, Scope, system_actor
from apps.scheduling.queries import doctors
from opd.demo.shapes import Hospital

VIA = "demo"
"""What the audit trail says of everything that is loaded."""


class Loading:
    """One loading, with what its steps share."""

    admin: Actor
    departments: dict[str, UUID]
    rooms: dict[str, UUID]

    def __init__(self, hospital: Hospital, facility_id: UUID, now: datetime, password: str) -> None:
        self.hospital = hospital
        self.facility_id = facility_id
        self.now = now
        self.password = password

    def doctor(self, account: str) -> Any:
        """The doctor who has this account."""
        staff = staff_by_email(self.hospital.address_of(account))
        assert staff is not None, "doctors are hired before anything is said of them"
        return doctors().get(staff_id=staff.id)

    def account(
        self, account: str, name: str, role: Role, *, all_departments: bool = False, department_ids: Any = None
    ) -> UUID:
        """Somebody's account, made if it is not there; its id."""
        known = staff_by_email(self.hospital.address_of(account))
        if known:
            return known.id
        return register_staff(
            actor=system_actor(VIA, self.facility_id),
            now=self.now,
            email=self.hospital.address_of(account),
            name=name,
            role=role,
            password=self.password,
            facility_id=self.facility_id,
            all_departments=all_departments,
            department_ids=department_ids,
        )

    def add(self, rows: Iterable[models.Model]) -> None:
        """Save plain master data as the administrator."""
        add_masters(actor=self.admin, now=self.now, rows=list(rows))


@command
def add_masters(*, actor: Actor, now: datetime, rows: list[models.Model], departments: Sequence[UUID] = ()) -> None:
    """Save rows of plain master data, each with its audit row, as the admin pages do; boards with departments."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    for row in rows:
        row.full_clean()
        row.save(force_insert=True)
        entity = str(row._meta.model_name)
        record(action=f"{entity}.created", entity_type=entity, entity_id=row.pk, after=values_of(row))
        if departments:
            row.departments.set(departments)  # type: ignore[attr-defined]


def model_of(label: str) -> type[models.Model]:
    """The model of `app.Name`: master data is made as the admin pages make it, past no app's doors."""
    return apps.get_model(label)
