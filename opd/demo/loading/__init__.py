"""Loading a hospital: whatever of it is missing is made, by commands where there are commands."""

from datetime import datetime
from uuid import UUID

from django_scopes import scope

from apps.accounts.commands import open_facility
from apps.accounts.queries import FacilityFacts, facility_by_code, staff_actor
from apps.audit.commands import record
from apps.audit.queries import entries
from apps.core.commands import command
from apps.core.policy import Actor, Permission, Role, Scope, system_actor
from opd.demo.loading.doctors import employ, hire, name_visit_types, set_prices, write_hours
from opd.demo.loading.hands import VIA, Loading
from opd.demo.loading.people import enrol, note_health, register_patients
from opd.demo.loading.place import (
    ask_first,
    furnish,
    hang_boards,
    open_departments,
    set_up_counters,
    write_kinds_of_visit,
    write_triage_rules,
)
from opd.demo.loading.shelves import price_tests, stock, write_templates
from opd.demo.names import name_in_languages
from opd.demo.shapes import Hospital

__all__ = ["LOADED", "VIA", "enrol", "load"]

LOADED = "facility.loaded"
"""The audit entry that says that a loading is complete."""


def load(hospital: Hospital, now: datetime, password: str) -> FacilityFacts:
    """Make a hospital; everybody signs in with the same password.

    A loading that was broken off is finished by the next one. Once it is complete nothing is made again: what
    people change or take away afterwards stays so.
    """
    facility = facility_by_code(hospital.code) or open_facility(
        actor=system_actor(VIA),
        now=now,
        name=hospital.name,
        code=hospital.code,
        address=hospital.address,
        phone=hospital.phone,
        position=hospital.position,
    )
    if not entries(facility.id, entity_type="facility").filter(action=LOADED).exists():
        with scope(facility=facility.id):
            _everything(Loading(hospital, facility.id, now, password))
        _mark_loaded(actor=system_actor(VIA, facility.id), now=now, facility_id=facility.id)
    return facility


@command
def _mark_loaded(*, actor: Actor, now: datetime, facility_id: UUID) -> None:
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    record(action=LOADED, entity_type="facility", entity_id=facility_id)


def _everything(loading: Loading) -> None:
    """In the order in which one thing needs another."""
    employ(loading)
    loading.admin = staff_actor(loading.hospital.address_of(loading.hospital.account_of(Role.ADMIN)), via=VIA)
    open_departments(loading)
    furnish(loading)
    for doctor in loading.hospital.doctors:
        hire(loading, doctor)
    name_visit_types(loading)
    set_prices(loading)
    ask_first(loading)
    write_hours(loading)
    set_up_counters(loading)
    write_kinds_of_visit(loading)
    write_triage_rules(loading)
    hang_boards(loading)
    name_in_languages(actor=loading.admin, now=loading.now, facility_id=loading.facility_id)
    register_patients(loading)
    note_health(loading)
    stock(loading)
    price_tests(loading)
    write_templates(loading)
