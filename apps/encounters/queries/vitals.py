"""Vital signs as they are read."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.core.statements import any_of, prepared
from apps.encounters.models import Vitals
from apps.encounters.rules.vitals import SIGNS, abnormal, bmi, in_force
from apps.patients.queries import active_facts
from apps.patients.rules.health import FactKind

FRESH = timedelta(hours=12)
"""Vital signs older than this say nothing about how somebody is now."""

SHOWN = 20


def vitals_of(patient_id: UUID) -> QuerySet[Vitals]:
    """What was measured of a person, newest first."""
    return Vitals.objects.select_related("taken_by").filter(patient_id=patient_id).order_by("-taken_at", "id")


def vitals_json(taken: Vitals) -> dict[str, Any]:
    """Measured values with the body mass index and what is not usual about them."""
    return {
        "vitalsId": taken.id,
        "takenAt": taken.taken_at,
        "takenBy": taken.taken_by.name,
        **{name: taken.values.get(name) for name in SIGNS},
        "bmi": bmi(taken.values),
        "abnormal": [
            {"sign": flag.name, "level": flag.level, "dangerous": flag.dangerous}
            for flag in abnormal(taken.values, taken.age)
        ],
    }


def in_danger(patient_ids: Iterable[UUID], now: datetime) -> set[UUID]:
    """Of whom a sign was dangerous lately and was not measured better since, in one statement. Only of those with
    something dangerous is opened what was measured."""
    of: dict[UUID, list[Vitals]] = {}
    for row in _alarming(patient_ids=list(patient_ids), since=now - FRESH):
        of.setdefault(row.patient_id, []).append(row)
    return {
        patient_id
        for patient_id, rows in of.items()
        if any(flag.dangerous for flag in abnormal(in_force(row.values for row in rows), rows[0].age))
    }


@prepared
def _alarming(patient_ids: list[UUID], since: datetime) -> QuerySet[Vitals]:
    taken = Vitals.objects.filter(patient_id=any_of(patient_ids), taken_at__gt=since)
    alarming = taken.filter(patient_id__in=taken.filter(dangerous=True).values("patient_id"))
    return alarming.order_by("-taken_at", "id")


def to_look_at(now: datetime) -> set[UUID]:
    """Of whom something dangerous was measured lately and nothing better since. One statement where nothing was."""
    taken = Vitals.objects.filter(dangerous=True, taken_at__gt=now - FRESH)
    return in_danger(found, now) if (found := set(taken.values_list("patient_id", flat=True))) else set()


def strip(patient_id: UUID, now: datetime) -> dict[str, Any]:
    """What a doctor has to have before their eyes: `{allergies, conditions, vitals: [{name, value, unit, flag}]}`."""
    facts = active_facts(patient_id=patient_id)
    taken = _taken_since(patient_id=patient_id, since=now - FRESH)
    return {
        "allergies": [fact for fact in facts if fact.kind == FactKind.ALLERGY],
        "conditions": [fact for fact in facts if fact.kind == FactKind.CONDITION],
        "vitals": vitals_row(in_force(row.values for row in taken), taken[0].age) if taken else [],
    }


@prepared
def _taken_since(patient_id: UUID, since: datetime) -> QuerySet[Vitals]:
    return vitals_of(patient_id).filter(taken_at__gt=since)


def vitals_row(values: Mapping[str, float], age: int) -> list[dict[str, Any]]:
    """What was measured, for a page: `{name, value, unit, flag, dangerous}`; both blood pressures as one."""
    flags = {flag.name: flag for flag in abnormal(values, age)}
    shown = dict(values)
    rows = []
    if "systolic" in shown:
        pressure = f"{shown.pop('systolic'):g}/{shown.pop('diastolic'):g}"
        rows.append(cell(gettext("Blood pressure"), pressure, "mmHg", flags.get("systolic") or flags.get("diastolic")))
    for name, sign in SIGNS.items():
        if name in shown:
            rows.append(cell(gettext(sign.name), f"{shown[name]:g}", sign.unit, flags.get(name)))
    index = bmi(values)
    if index is not None:
        rows.append(cell(gettext("Body mass index"), f"{index:g}", "kg/m²", flags.get("bmi")))
    return rows


def cell(name: str, value: str, unit: str, judged: Any) -> dict[str, Any]:
    """One measured value for a page; `judged` says its `level` and whether it is `dangerous`, or is None."""
    words = {"": "", "low": gettext("low"), "high": gettext("high")}
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "level": judged.level if judged else "",
        "flag": words[judged.level if judged else ""],
        "dangerous": bool(judged and judged.dangerous),
    }
