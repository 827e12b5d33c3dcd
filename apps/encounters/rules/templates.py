"""A doctor's template of a visit: what it holds, and how it is filled into what is written already."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.core.errors import Invalid, sentence
from apps.encounters.rules.notes import EMPTY, LONGEST_PART, PARTS
from apps.encounters.rules.outcome import with_diagnoses
from apps.encounters.rules.prescribing import Item, checked_items

LONGEST_TITLE = 60
"""Characters of a template's name."""

MOST_TEMPLATES = 50
MOST_TESTS = 20

LINE = ("medicine", "dose", "frequency", "days", "instructions")
"""What a line of medicine says in a template: its ingredients are looked up when it is used."""

Content = dict[str, Any]


def title(text: str) -> str:
    """A template's name. Raises `Invalid`."""
    said = " ".join(text.split())
    if not said or len(said) > LONGEST_TITLE:
        raise Invalid({"name": [sentence("Give the template a name of at most 60 characters.")]})
    return said


def content_of(
    note: Mapping[str, str], diagnoses: Sequence[Mapping[str, str]], items: Sequence[Item], tests: Sequence[str]
) -> Content:
    """What a template holds; `tests` are codes of the hospital's list. Raises `Invalid`, also for one that is empty."""
    parts = {part: note.get(part, "").strip() for part in PARTS if note.get(part, "").strip()}
    too_long = [part for part, text in parts.items() if len(text) > LONGEST_PART]
    if too_long:
        raise Invalid({part: [sentence("This is too long: at most 8,000 characters.")] for part in too_long})
    checked_items(items)
    once = list(dict.fromkeys(tests))
    if len(once) > MOST_TESTS:
        raise Invalid({"tests": [sentence("Order at most 20 tests at once.")]})
    coded = with_diagnoses({}, diagnoses).get("diagnoses", [])
    lines = [{name: getattr(item, name) for name in LINE} for item in items]
    if not (parts or coded or lines or once):
        raise Invalid({"template": [sentence("Write something into the template first.")]})
    return {"note": parts, "diagnoses": coded, "items": lines, "tests": once}


def filled(draft: Mapping[str, str], template: Mapping[str, str]) -> dict[str, str]:
    """The parts of a note with a template filled in: an empty part gets the template's words, a written one keeps its
    own and gets them on a new line, unless it has them."""
    return {part: _with(draft.get(part, ""), template.get(part, "")) for part in EMPTY}


def _with(written: str, words: str) -> str:
    if not words or words in written:
        return written
    return f"{written}\n{words}" if written.strip() else words
