"""The hospital's medicines, and what a doctor prescribes."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import CharField, Func, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext

from apps.core.errors import sentence
from apps.core.statements import prepared
from apps.encounters.models import Favourite, Interaction, Medicine, Prescription, PrescriptionDraft
from apps.encounters.rules.prescribing import Item, Warned, told_by_name, warnings
from apps.patients.queries import health_facts
from apps.patients.rules.health import FactKind

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_SAID = {
    "allergy": sentence("%(medicines)s: allergic to %(about)s."),
    "duplicate": sentence("%(medicines)s: both hold %(about)s."),
    "interaction": sentence("%(medicines)s: do not go together. %(about)s."),
}


_LABEL = Concat("name", Value(" "), "strength", Value(" "), "form")
"""What a medicine is called on a prescription, as `str` of it says."""


def medicines(search: str = "") -> QuerySet[Medicine]:
    """The list, by name; those of which the name, strength and form hold what is searched."""
    return Medicine.objects.alias(label=_LABEL).filter(label__icontains=search).order_by("name", "form", "strength")


def medicine_labelled(labels: Iterable[str]) -> dict[str, Medicine]:
    """Medicines of the list by what they are called on a prescription, in small letters; also by their ids."""
    wanted = {label.strip().lower() for label in labels}
    ids = [UUID(word) for word in wanted if ID.fullmatch(word)]
    rows = Medicine.objects.alias(label=Lower(_LABEL)).filter(Q(label__in=wanted) | Q(id__in=ids))
    return {word: medicine for medicine in rows for word in (str(medicine).lower(), str(medicine.id))}


def known_ingredients() -> set[str]:
    """Every ingredient of the list, and of what does not go together."""
    listed = Medicine.objects.annotate(one=Func("ingredients", function="unnest", output_field=CharField()))
    pairs = Interaction.objects.values_list("first", "second")
    return {*listed.values_list("one", flat=True), *(one for pair in pairs for one in pair)}


def unchecked(items: list[Item]) -> list[bool]:
    """Of each line whether nothing is known of what is in it, so that it was checked by its name alone."""
    unknown = [tuple(item.ingredients) == (item.medicine.lower(),) for item in items]
    known = known_ingredients() if any(unknown) else set()
    return [alone and not told_by_name(item.medicine, known) for item, alone in zip(items, unknown, strict=True)]


def draft_of_visit(visit_id: UUID, *, lock: bool = False) -> PrescriptionDraft | None:
    """What is being prescribed on a visit."""
    return (_locked_draft if lock else _draft).one(visit_id=visit_id)


@prepared
def _draft(visit_id: UUID) -> QuerySet[PrescriptionDraft]:
    return PrescriptionDraft.objects.filter(visit_id=visit_id)


@prepared
def _locked_draft(visit_id: UUID) -> QuerySet[PrescriptionDraft]:
    return PrescriptionDraft.objects.select_for_update().filter(visit_id=visit_id)


def items_of(draft: PrescriptionDraft | None) -> list[Item]:
    """The lines of a draft."""
    return [Item(**values) for values in draft.content.get("items", [])] if draft else []


def warnings_for(items: list[Item], patient_id: UUID) -> list[Warned]:
    """What speaks against these lines for this person."""
    allergies = [fact.what for fact in health_facts(patient_id) if fact.kind == FactKind.ALLERGY]
    ingredients = {ingredient for item in items for ingredient in item.ingredients}
    known = Interaction.objects.filter(first__in=ingredients, second__in=ingredients)
    pairs = {frozenset({row.first, row.second}): row.effect for row in known}
    return warnings(items, allergies, pairs)


def warning_text(warned: Warned) -> str:
    """A warning as a sentence."""
    return gettext(_SAID[warned.kind]) % {"medicines": ", ".join(warned.medicines), "about": warned.about}


def favourites_of(doctor_id: UUID) -> list[Favourite]:
    """What a doctor prescribes often, in the order in which it was kept."""
    return _favourites(doctor_id=doctor_id)


@prepared
def _favourites(doctor_id: UUID) -> QuerySet[Favourite]:
    return Favourite.objects.filter(doctor_id=doctor_id).order_by("kept_at", "id")


def last_prescribed(patient_id: UUID, department_id: UUID) -> list[Item]:
    """The lines of the last signed prescription of a person in a department that has lines."""
    signed = Prescription.objects.filter(visit__patient_id=patient_id, visit__department_id=department_id)
    for prescription in signed.order_by("-signed_at")[:5]:
        if prescription.items:
            return [Item(**values) for values in prescription.items["items"]]
    return []


def draft_json(draft: PrescriptionDraft, found: list[Warned]) -> dict[str, Any]:
    """A draft for the API."""
    return {
        "prescriptionId": draft.id,
        "version": draft.version,
        "signedAt": None,
        "items": draft.content["items"],
        "warnings": [warning_json(warned) for warned in found],
    }


def warning_json(warned: Warned) -> dict[str, Any]:
    """A warning for the API."""
    return {"kind": warned.kind, "medicines": list(warned.medicines), "detail": warning_text(warned)}
