"""Diet plans as they are chosen."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language

from apps.core.statements import prepared
from apps.encounters.models import DietPlan


def diet_plans() -> list[dict[str, Any]]:
    """The plans of a hospital by name, `{code, name, text, languages}`, in the reader's language where they have it."""
    found: dict[str, list[DietPlan]] = {}
    for row in _plans():
        found.setdefault(row.code, []).append(row)
    return sorted((_plan(rows) for rows in found.values()), key=lambda plan: str(plan["name"]))


@prepared
def _plans() -> QuerySet[DietPlan]:
    return DietPlan.objects.order_by("code", "language")


def _plan(rows: list[DietPlan]) -> dict[str, Any]:
    wanted = next((row for row in rows if row.language == get_language()), None)
    shown = wanted or next((row for row in rows if row.language == "en"), rows[0])
    about = {"code": shown.code, "name": shown.name, "text": shown.text}
    return about | {"languages": [row.language for row in rows]}


def words_of(code: str) -> dict[str, dict[str, str]]:
    """A plan as it is signed: `{language: {name, text}}`, so that it stays as it was when the plan is changed."""
    rows = DietPlan.objects.filter(code=code)
    return {row.language: {"name": row.name, "text": row.text} for row in rows}
