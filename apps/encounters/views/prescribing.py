"""The prescription on the console: lines added by keyboard, by favourites, or as last time."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from apps.core.errors import Conflict, Invalid, sentence
from apps.core.views import run_form
from apps.encounters.commands import prescribing
from apps.encounters.queries.medicines import (
    draft_of_visit,
    favourites_of,
    items_of,
    unchecked,
    warning_text,
    warnings_for,
)
from apps.encounters.rules.prescribing import Warned
from apps.encounters.rules.prescribing import unanswered as open_of
from apps.encounters.views.typing import place_of, typed, visit_of

KEYS = 9
"""Favourites that have a key; the others have a button only."""

FIELDS = {"medicine": 200, "dose": 60, "frequency": 40, "instructions": 200, "override_reason": 200}
"""The fields of a line with how many characters each takes."""


ADDED = ("medicine", "diagnosis", "diet_words", "refer_to", "refer_why", "tests")
"""Fields of what is added by a button of its own."""


SHOWN_AGAIN = ("refer_to", "refer_why", "diet_words", "template", "template_begins", "template_name")
"""Fields that are shown as they were typed when a button is refused."""


class NotAdded(Conflict):
    """Something stands in its field and was not added."""

    code = "not_added"
    detail = sentence("Something is typed but not added. Add it, or empty the field; then finish.")


def _line(request: HttpRequest) -> dict[str, Any]:
    line: dict[str, Any] = {name: typed(request, name) for name in FIELDS if name != "override_reason"}
    days = typed(request, "days")
    if not days.isdecimal() or len(days) > 3 or any(len(text) > FIELDS[name] for name, text in line.items()):
        raise Invalid({"days": [sentence("Say for how many days, from 1 to 365.")]})
    return line | {"days": int(days)}


def _run(request: HttpRequest, command: Any, **about: Any) -> str:
    run_form(request, command, lambda _drafted: {}, visit_id=visit_of(request), **about)
    return ""


def add(request: HttpRequest, doctor: Any) -> str:
    """A typed line."""
    reason = typed(request, "override_reason")[: FIELDS["override_reason"]]
    return _run(request, prescribing.add_medicine, item=_line(request), override_reason=reason)


def favourite(request: HttpRequest, doctor: Any) -> str:
    """A usual line by its button or key."""
    return _run(request, prescribing.add_favourite, favourite_id=visit_of(request, "favourite"))


def drop(request: HttpRequest, doctor: Any) -> str:
    """A usual line is not usual any more."""
    return _run(request, prescribing.drop_favourite, favourite_id=visit_of(request, "favourite"))


def remove(request: HttpRequest, doctor: Any) -> str:
    """A line less."""
    return _run(request, prescribing.remove_medicine, place=place_of(request))


def keep(request: HttpRequest, doctor: Any) -> str:
    """A line becomes a favourite."""
    return _run(request, prescribing.keep_favourite, place=place_of(request))


def repeat(request: HttpRequest, doctor: Any) -> str:
    """The last prescription once more."""
    reason = typed(request, "override_reason")[: FIELDS["override_reason"]]
    return _run(request, prescribing.repeat_last, override_reason=reason)


def shown(visit_id: UUID, patient_id: UUID, doctor_id: UUID) -> dict[str, Any]:
    """What the console shows of a prescription: `{lines: [{text, unchecked}], unanswered, answered, favourites,
    keys}`. What another doctor drafted before the person came here is nobody else's, and is not shown."""
    draft = draft_of_visit(visit_id)
    items = items_of(draft) if draft and draft.doctor_id == doctor_id else []
    found = warnings_for(items, patient_id) if items else []
    still = open_of(found, draft.content["overridden"]) if draft and items else []
    return {
        "lines": [{"text": item.line, "unchecked": alone} for item, alone in zip(items, unchecked(items), strict=True)],
        "unanswered": _texts(still),
        "answered": _texts(one for one in found if one not in still),
        "favourites": favourites_of(doctor_id),
        "keys": KEYS,
    }


def _texts(found: Iterable[Warned]) -> list[str]:
    return [warning_text(warned) for warned in found]


def require_added(request: HttpRequest) -> None:
    """Nothing that was typed for a line is lost with the end of the visit. Raises `NotAdded`."""
    if any(typed(request, name) for name in ADDED):
        raise NotAdded


def refused(request: HttpRequest, doctor_id: UUID) -> dict[str, Any]:
    """What to show again of a line that was not added; nothing for another button."""
    if "medicine" in request.POST:
        return {name: request.POST.get(name, "") for name in (*FIELDS, "days")}
    chosen = request.POST.get("favourite", "")
    return next((vars(kept) for kept in favourites_of(doctor_id) if str(kept.id) == chosen), {})
