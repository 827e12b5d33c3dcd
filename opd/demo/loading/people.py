"""The people who have a record from the start."""

from datetime import datetime
from typing import Any

from apps.accounts.queries import staff_actor
from apps.core.policy import Actor, Role
from apps.patients.commands import note_health_fact, register
from apps.patients.queries import health_facts, search
from opd.demo.loading.hands import VIA, Loading
from opd.simulation.people import Person


def register_patients(loading: Loading) -> None:
    """The people who have a record from the start, found again by their phone."""
    desk = staff_actor(loading.hospital.address_of(loading.hospital.account_of(Role.RECEPTION)), via=VIA)
    for person in loading.hospital.patients:
        if not search(person.phone, desk).exists():
            enrol(desk, loading.now, person)


def note_health(loading: Loading) -> None:
    """Allergies and long-term conditions of the first few people."""
    nurse = staff_actor(loading.hospital.address_of(loading.hospital.account_of(Role.NURSE)), via=VIA)
    for person, facts in zip(loading.hospital.patients, loading.hospital.health, strict=False):
        known = search(person.phone, nurse).first()
        if known is None or health_facts(known.id, only_active=False).exists():
            continue
        for kind, what, severity in facts:
            note_health_fact(actor=nurse, now=loading.now, patient_id=known.id, kind=kind, what=what, severity=severity)


def enrol(actor: Actor, now: datetime, person: Person) -> Any:
    """Register an invented person at the desk."""
    return register(
        actor=actor,
        now=now,
        name=person.name,
        sex=person.sex,
        age=person.age,
        phone=person.phone,
        pregnant=person.pregnant,
        disabled=person.disabled,
        language=person.language,
    )
