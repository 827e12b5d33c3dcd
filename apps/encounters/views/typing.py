"""What was typed into a form of the console."""

import re
from decimal import Decimal
from uuid import UUID

from django import forms
from django.http import HttpRequest

from apps.core.errors import Invalid, sentence
from apps.encounters.rules.notes import PARTS

_THOUSANDS = re.compile(r",\d{3}(?!\d)")
"""A comma that may part thousands, or may be a decimal one: nobody can tell."""


def typed(request: HttpRequest, name: str) -> str:
    """What was typed into a field, its lines ended as the page counts them. Raises `Invalid` for NUL."""
    text = request.POST.get(name, "").replace("\r\n", "\n").strip()
    if "\0" in text:
        raise Invalid
    return text


def measured(request: HttpRequest, name: str, field: forms.DecimalField) -> Decimal | None:
    """A measured number that was typed, with a decimal point or a decimal comma; None for an empty field. Raises
    `Invalid`, also for `1,250`: one reader's thousand is another's one and a quarter."""
    text = typed(request, name)
    if _THOUSANDS.search(text):
        raise Invalid({name: [sentence("Type thousands without a comma, and decimals with a point: 1250 or 1.250.")]})
    try:
        value: Decimal | None = field.clean(text.replace(",", "."))
    except forms.ValidationError:
        raise Invalid({name: [sentence("This value cannot be right. Look at the unit.")]}) from None
    return value


def note_typed(request: HttpRequest) -> dict[str, str]:
    """The parts of the note that a form has."""
    return {part: typed(request, part) for part in PARTS if part in request.POST}


def place_of(request: HttpRequest) -> int:
    """The place of the line that a button stood beside, from 0. Raises `Invalid`."""
    text = request.POST.get("place", "")
    if not text.isdecimal() or len(text) > 2:
        raise Invalid
    return int(text)


def visit_of(request: HttpRequest, name: str = "visit") -> UUID:
    """The visit that a button stood beside. Raises `Invalid`."""
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise Invalid from None
