"""The hospital's lists of medicines and of tests, taken in from tables that a hospital keeps."""

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Invalid, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.encounters.models import DietPlan, Interaction, Investigation, Medicine, ReferenceRange
from apps.queue.rules.journeys import TESTS
from apps.scheduling.queries import departments

DATA = Path(__file__).parent.parent / "data"
MEDICINES, INTERACTIONS = DATA / "medicines.csv", DATA / "interactions.csv"
"""The list that the house brings: common medicines of an outpatient department by their generic names, and what of
them does not go together. A hospital adds to both, or takes in tables of its own with the same columns."""

INVESTIGATIONS = DATA / "investigations.csv"
"""The tests that the house brings, with ranges as hospitals print them: haemoglobin by the World Health Organization
(2024), sugar by the American Diabetes Association, fats by ATP III, the rest as in the reference ranges of the American
Board of Internal Medicine. A laboratory whose machines say otherwise takes in its own."""

DIETS = DATA / "diets.csv"
"""Diet plans of the house, in the languages that patients read."""

KINDS = frozenset(kind.value for kind in TESTS)


@command
def take_in_medicines(*, actor: Actor, now: datetime, rows: Iterable[dict[str, str]]) -> int:
    """Add the medicines that are not on the list yet (`name, form, strength, ingredients` with `;` between); those of
    the same name, form and strength get the ingredients told. The number taken in."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    assert actor.facility_id, "a list belongs to a hospital"
    listed = [
        Medicine(
            facility_id=actor.facility_id,
            name=row["name"].strip(),
            form=row["form"].strip(),
            strength=row["strength"].strip(),
            ingredients=[part.strip().lower() for part in row["ingredients"].split(";") if part.strip()],
        )
        for row in rows
    ]
    same = ["facility", "name", "form", "strength"]
    Medicine.objects.bulk_create(listed, update_conflicts=True, unique_fields=same, update_fields=["ingredients"])
    record(
        action="medicines.taken_in", entity_type="facility", entity_id=actor.facility_id, after={"rows": len(listed)}
    )
    return len(listed)


@command
def take_in_interactions(*, actor: Actor, now: datetime, rows: Iterable[dict[str, str]]) -> int:
    """Add pairs of ingredients that do not go together (`first, second, severity, effect`). The number taken in."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    assert actor.facility_id, "a list belongs to a hospital"
    listed = []
    for row in rows:
        first, second = sorted((row["first"].strip().lower(), row["second"].strip().lower()))
        told = {"severity": row["severity"].strip(), "effect": row["effect"].strip()}
        listed.append(Interaction(facility_id=actor.facility_id, first=first, second=second, **told))
    Interaction.objects.bulk_create(
        listed,
        update_conflicts=True,
        unique_fields=["facility", "first", "second"],
        update_fields=["severity", "effect"],
    )
    record(
        action="interactions.taken_in", entity_type="facility", entity_id=actor.facility_id, after={"rows": len(listed)}
    )
    return len(listed)


@command
def take_in_investigations(*, actor: Actor, now: datetime, rows: Iterable[dict[str, str]]) -> int:
    """Add laboratory and imaging tests that are not on the list yet; those of the same code get what is told. The
    number of tests taken in.

    Columns: `department` (a code, or `laboratory` or `imaging` for the first department of that kind; without one these
    tests are passed over), `code, name, service`, and for each thing that is measured a row with `measure, unit, sex,
    since_age, low, high, critical_low, critical_high`, empty where nothing is known. Raises `Invalid` for a department
    that is not there.
    """
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    assert actor.facility_id, "a list belongs to a hospital"
    places, tests, ranges = _places(), {}, []
    for row in rows:
        place = _place(places, row["department"].strip())
        if place is None:
            continue
        code = row["code"].strip()
        tests[code] = Investigation(
            facility_id=actor.facility_id,
            department_id=place,
            code=code,
            name=row["name"].strip(),
            service=row["service"].strip() or code,
        )
        if row["measure"].strip():
            ranges.append((code, row))
    told = ["department", "name", "service"]
    Investigation.objects.bulk_create(
        tests.values(), update_conflicts=True, unique_fields=["facility", "code"], update_fields=told
    )
    known = dict(Investigation.objects.filter(code__in=list(tests)).values_list("code", "id"))
    ReferenceRange.objects.filter(investigation_id__in=known.values()).delete()
    ReferenceRange.objects.bulk_create(_range(known[code], at, row) for at, (code, row) in enumerate(ranges, start=1))
    record(
        action="investigations.taken_in",
        entity_type="facility",
        entity_id=actor.facility_id,
        after={"rows": len(tests)},
    )
    return len(tests)


@command
def take_in_diets(*, actor: Actor, now: datetime, rows: Iterable[dict[str, str]]) -> int:
    """Add diet plans (`code, language, name, text`); those that are there stay as the hospital has them. How many rows
    were told."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    assert actor.facility_id, "a list belongs to a hospital"
    told = [DietPlan(facility_id=actor.facility_id, **row) for row in rows]
    DietPlan.objects.bulk_create(told, ignore_conflicts=True)
    record(action="diets.taken_in", entity_type="facility", entity_id=actor.facility_id, after={"rows": len(told)})
    return len(told)


def _places() -> dict[str, UUID]:
    """Departments by their code, and the first of each kind by the kind's name."""
    found = list(departments().order_by("code"))
    kinds = {place.kind: place.id for place in reversed(found)}
    return kinds | {place.code: place.id for place in found}


def _place(places: Mapping[str, UUID], told: str) -> UUID | None:
    """Where a test is done; None for a kind of department that this hospital does not have."""
    if told not in places and told not in KINDS:
        raise Invalid({"department": [sentence("A test names a department that is not there.")]})
    return places.get(told)


def _range(investigation_id: UUID, place: int, row: Mapping[str, str]) -> ReferenceRange:
    ends = ("low", "high", "critical_low", "critical_high")
    return ReferenceRange(
        investigation_id=investigation_id,
        place=place,
        name=row["measure"].strip(),
        unit=row["unit"].strip(),
        sex=row["sex"].strip(),
        since_age=int(row["since_age"] or 0),
        **{end: float(row[end]) if row[end].strip() else None for end in ends},
    )


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a heading."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
