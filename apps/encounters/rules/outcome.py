"""What a consultation comes to, beside its note: diagnoses, the principal one first; diets, referrals, and when the
doctor wants to see the person again. Plain values, so that they are signed with the note as they stand:
`{diagnoses: [{code, text}], diets: [{code, words: {language: {name, text}}, text}], referrals: [{departmentId, to,
reason}], followUp: {on}}`; a list or a day that is not there is left out.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from apps.core.errors import Conflict, Invalid, sentence

Outcome = dict[str, Any]

MOST_DIAGNOSES = 12
LONGEST_DIAGNOSIS = 300
"""Characters."""

LONGEST_NAME = 120
LONGEST_WORDS = 1_000
"""Characters of a referral's letter, and of a diet in free words."""

MOST_LINES = 4
"""Diets, and referrals, of one visit."""

FARTHEST = timedelta(days=366)
"""How far ahead somebody is asked to come again."""

KEYS = ("diagnoses", "diets", "referrals", "followUp")
"""Everything of a signed note's content that is its outcome."""

_CODE = re.compile(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?")


class LineGone(Conflict):
    code = "line_gone"
    detail = sentence("This line is not there any more. Look again.")


def outcome_in(content: Mapping[str, Any]) -> Outcome:
    """What of a signed note's content is its outcome."""
    return {key: content[key] for key in KEYS if content.get(key)}


def code_said(text: str) -> str:
    """The code that something typed begins with, as `E11.9 Type 2 diabetes`, written as the table writes it; "" where
    it begins with none."""
    word = text.strip().split(" ", 1)[0].upper()
    if not _CODE.fullmatch(word):
        return ""
    plain = word.replace(".", "")
    return plain if len(plain) == 3 else f"{plain[:3]}.{plain[3:]}"


def with_own_words(title: str, text: str) -> str:
    """The title of a code and, behind a colon, what the doctor wrote beside it: which side, how far. Nothing more where
    the title says it already."""
    said = " ".join(text.split())
    if code_said(said):
        said = said.partition(" ")[2]
    if said.lower() in title.lower():
        return title
    return said if said.lower().startswith(title.lower()) else f"{title}: {said}"


def diagnosis(code: str, text: str) -> dict[str, str]:
    """A diagnosis as it is kept; without a code in free words. Raises `Invalid`."""
    said = " ".join(text.split())
    if not said or len(said) > LONGEST_DIAGNOSIS:
        raise Invalid({"text": [sentence("Name the diagnosis in at most 300 characters.")]})
    return {"code": code, "text": said}


def with_diagnosis(outcome: Outcome, added: Mapping[str, str]) -> Outcome:
    """One diagnosis more, unless it is there. Raises `Invalid` for too many."""
    known = outcome.get("diagnoses", [])
    return outcome if dict(added) in known else with_diagnoses(outcome, [*known, added])


def with_diagnoses(outcome: Outcome, told: Sequence[Mapping[str, str]]) -> Outcome:
    """These diagnoses, the principal one first, each once. Raises `Invalid` for too many."""
    once = [dict(pair) for pair in dict.fromkeys(tuple(sorted(row.items())) for row in told)]
    if len(once) > MOST_DIAGNOSES:
        raise Invalid({"diagnoses": [sentence("A visit has at most 12 diagnoses.")]})
    return _with(outcome, "diagnoses", once)


def with_diet(outcome: Outcome, code: str, words: Mapping[str, Any], text: str) -> Outcome:
    """One diet more: a plan in its languages, free words, or both. Raises `Invalid`."""
    said = text.strip()
    if not (words or said) or len(said) > LONGEST_WORDS:
        raise Invalid({"diet": [sentence("Choose a diet plan or write one, in at most 1,000 characters.")]})
    return _with_line(outcome, "diets", {"code": code, "words": dict(words), "text": said})


def with_referral(outcome: Outcome, department_id: str | None, to: str, reason: str) -> Outcome:
    """One referral more: to a department of the hospital, or to somebody outside of it. Raises `Invalid`."""
    to, reason = to.strip(), reason.strip()
    if not to or len(to) > LONGEST_NAME:
        raise Invalid({"to": [sentence("Say to whom, in at most 120 characters.")]})
    if not reason or len(reason) > LONGEST_WORDS:
        raise Invalid({"reason": [sentence("Say why, in at most 1,000 characters.")]})
    return _with_line(outcome, "referrals", {"departmentId": department_id, "to": to, "reason": reason})


def with_follow_up(outcome: Outcome, on: date | None, today: date) -> Outcome:
    """The doctor wants to see the person again on a day; None: not again. Raises `Invalid`."""
    if on is not None and not today < on <= today + FARTHEST:
        raise Invalid({"on": [sentence("Choose a day from tomorrow on, within a year.")]})
    return _with(outcome, "followUp", {"on": on.isoformat()} if on else None)


def without(outcome: Outcome, key: str, place: int) -> Outcome:
    """One line of a list less, by its place from 0. Raises `LineGone`."""
    lines = outcome.get(key, [])
    if not 0 <= place < len(lines):
        raise LineGone
    return _with(outcome, key, [*lines[:place], *lines[place + 1 :]])


def with_first(outcome: Outcome, place: int) -> Outcome:
    """A diagnosis becomes the principal one. Raises `LineGone`."""
    lines = outcome.get("diagnoses", [])
    if not 0 <= place < len(lines):
        raise LineGone
    return _with(outcome, "diagnoses", [lines[place], *lines[:place], *lines[place + 1 :]])


def _with_line(outcome: Outcome, key: str, line: Mapping[str, Any]) -> Outcome:
    known = outcome.get(key, [])
    if line in known:
        return outcome
    if len(known) >= MOST_LINES:
        raise Invalid({key: [sentence("There are too many already. Take one out first.")]})
    return _with(outcome, key, [*known, dict(line)])


def _with(outcome: Outcome, key: str, value: Any) -> Outcome:
    rest = {name: kept for name, kept in outcome.items() if name != key}
    return rest | {key: value} if value else rest
