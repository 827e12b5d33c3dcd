"""What doctors write with: medicines, tests, codes, prices, favourites, templates."""

from typing import Any

from apps.accounts.queries import staff_actor
from apps.core.policy import system_actor
from apps.encounters.commands.coding import DIAGNOSES, take_in_diagnoses
from apps.encounters.commands.stocking import (
    DIETS,
    INTERACTIONS,
    INVESTIGATIONS,
    MEDICINES,
    table,
    take_in_diets,
    take_in_interactions,
    take_in_investigations,
    take_in_medicines,
)
from apps.encounters.commands.templating import make_template
from apps.encounters.queries.medicines import favourites_of
from apps.encounters.queries.templates import templates_of
from apps.scheduling.queries import doctors
from opd.demo.loading.doctors import SINCE
from opd.demo.loading.hands import VIA, Loading, model_of
from opd.demo.templates import TEMPLATES

USUAL: tuple[dict[str, Any], ...] = (
    {"medicine": "Paracetamol 500 mg tablet", "frequency": "1-1-1", "days": 3, "instructions": "after food"},
    {"medicine": "Cetirizine 10 mg tablet", "frequency": "0-0-1", "days": 5},
    {"medicine": "Amoxicillin 500 mg capsule", "frequency": "1-1-1", "days": 5, "instructions": "after food"},
    {"medicine": "Pantoprazole 40 mg tablet", "frequency": "1-0-0", "days": 7, "instructions": "before food"},
    {"medicine": "Metformin 500 mg tablet", "frequency": "1-0-1", "days": 30, "instructions": "after food"},
)
"""What every doctor of a demo prescribes often."""


def stock(loading: Loading) -> None:
    """Medicines, what does not go together, tests, codes, and what each doctor prescribes often."""
    told: dict[str, Any] = {"actor": system_actor(VIA, loading.facility_id), "now": loading.now}
    take_in_medicines(**told, rows=table(MEDICINES))
    take_in_interactions(**told, rows=table(INTERACTIONS))
    take_in_investigations(**told, rows=table(INVESTIGATIONS))
    take_in_diets(**told, rows=table(DIETS))
    take_in_diagnoses(**told, rows=table(DIAGNOSES), common=True)
    favourite = model_of("encounters.Favourite")
    loading.add(
        favourite(facility_id=loading.facility_id, doctor_id=doctor.id, kept_at=loading.now, **line)
        for doctor in doctors()
        if not favourites_of(doctor.id)
        for line in USUAL
    )


def write_templates(loading: Loading) -> None:
    """Each doctor's own templates, kept by themselves."""
    for new in loading.hospital.doctors:
        doctor = loading.doctor(new.account)
        known = {row.name for row in templates_of(doctor.id)}
        actor = staff_actor(loading.hospital.address_of(new.account), via=VIA)
        for template in TEMPLATES.get(new.department, ()):
            if template["name"] not in known:
                make_template(actor=actor, now=loading.now, **template)


def price_tests(loading: Loading) -> None:
    """What the tests cost: all of one department the same. Medicines are not sold here."""
    price: Any = model_of("billing.ThingPrice")
    tests: Any = model_of("encounters.Investigation")._default_manager.all()
    if price._default_manager.exists():
        return
    costs = {loading.departments[code]: amount for code, amount in loading.hospital.test_prices}
    services = {test.service: costs[test.department_id] for test in tests if test.department_id in costs}
    price._default_manager.bulk_create(
        price(facility_id=loading.facility_id, kind="test", service=name, amount=amount, valid_from=SINCE)
        for name, amount in services.items()
    )
