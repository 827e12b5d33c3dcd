"""Diagnoses on the console: coded while one types, by what the doctor diagnoses often, or in free words."""

from typing import Any

from django.http import HttpRequest

from apps.core.errors import Invalid, sentence
from apps.core.views import run_form
from apps.encounters import commands
from apps.encounters.queries.diagnoses import usual_diagnoses
from apps.encounters.queries.notes import Written
from apps.encounters.rules.outcome import LONGEST_DIAGNOSIS
from apps.encounters.views.typing import place_of, typed, visit_of
from apps.patients.rules.health import FactKind


def _run(request: HttpRequest, command: Any, **about: Any) -> str:
    run_form(request, command, lambda _done: {}, visit_id=visit_of(request), **about)
    return ""


def add(request: HttpRequest, doctor: Any) -> str:
    """A typed diagnosis, or a usual one by its button."""
    text = typed(request, "usual") or typed(request, "diagnosis")
    if len(text) > LONGEST_DIAGNOSIS:
        raise Invalid({"diagnosis": [sentence("Name the diagnosis in at most 300 characters.")]})
    return _run(request, commands.add_diagnosis, text=text)


def first(request: HttpRequest, doctor: Any) -> str:
    """This one is the principal diagnosis."""
    return _run(request, commands.put_first, place=place_of(request))


def remove(request: HttpRequest, doctor: Any) -> str:
    """A diagnosis less."""
    return _run(request, commands.remove_diagnosis, place=place_of(request))


def condition(request: HttpRequest, doctor: Any) -> str:
    """It outlasts the visit: a long-term condition from now on."""
    return _run(request, commands.keep_condition, place=place_of(request))


def shown(written: Written, doctor_id: Any, health: Any) -> dict[str, Any]:
    """What the console shows: `{lines: [{code, text, known}], usual, longest}`; `known` are long-term conditions of
    the person already."""
    known = {fact.what.lower() for fact in (health or {}).get("conditions", []) if fact.kind == FactKind.CONDITION}
    lines = [row | {"known": row["text"][:200].lower() in known} for row in written.outcome.get("diagnoses", [])]
    coded = {row["code"] for row in lines}
    usual = [row for row in usual_diagnoses(doctor_id) if row.code not in coded]
    return {"lines": lines, "usual": usual, "longest": LONGEST_DIAGNOSIS}
