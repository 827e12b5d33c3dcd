"""How likely two records are the same person: a score with the reasons for it, never a decision."""

from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum

from apps.core.errors import sentence


class Reason(StrEnum):
    """Why somebody may be the same person."""

    SAME_IDENTIFIER = "same_identifier"
    SAME_PHONE = "same_phone"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_BIRTH_DATE = "same_birth_date"
    SIMILAR_AGE = "similar_age"


REASON_NAMES: dict[Reason, str] = {
    Reason.SAME_IDENTIFIER: sentence("same identifier"),
    Reason.SAME_PHONE: sentence("same phone"),
    Reason.SAME_NAME: sentence("same name"),
    Reason.SIMILAR_NAME: sentence("similar name"),
    Reason.SAME_BIRTH_DATE: sentence("same birth date"),
    Reason.SIMILAR_AGE: sentence("similar age"),
}

CERTAIN = 100
LIKELY = 40
"""The least score that is shown. A shared phone alone is enough: it lists the family."""

SIMILAR_FROM = 0.75
"""Likeness of two names (0 to 1) below which they count as different."""

FAR_APART = 5
"""Years between two birth dates that even a guessed age does not explain."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What two records are compared by. Phone and identifiers are fingerprints: only their equality counts."""

    name_key: str = ""
    birth_date: date | None = None
    estimated: bool = False
    phone: str = ""
    identifiers: frozenset[str] = field(default_factory=frozenset)


def likeness(one: Traits, other: Traits) -> tuple[int, list[Reason]]:
    """How likely two records are one person, 0 to 100, and why.

    An identifier decides. A phone gives 40, a name up to 50, a birth date 30 or, where one is guessed, an age
    near by 15; birth dates more than five years apart take 20 away.
    """
    weighed = [
        _by_identifier(one, other),
        _by_phone(one, other),
        _by_name(one.name_key, other.name_key),
        _by_birth(one, other),
    ]
    score = sum(points for points, _ in weighed)
    reasons = [reason for points, reason in weighed if reason is not None]
    return max(0, min(CERTAIN, score)), reasons


def _by_identifier(one: Traits, other: Traits) -> tuple[int, Reason | None]:
    return (CERTAIN, Reason.SAME_IDENTIFIER) if one.identifiers & other.identifiers else (0, None)


def _by_phone(one: Traits, other: Traits) -> tuple[int, Reason | None]:
    return (40, Reason.SAME_PHONE) if one.phone and one.phone == other.phone else (0, None)


def _by_name(one: str, other: str) -> tuple[int, Reason | None]:
    alike = name_likeness(one, other)
    if alike == 1:
        return 50, Reason.SAME_NAME
    return (round(100 * (alike - 0.5)), Reason.SIMILAR_NAME) if alike >= SIMILAR_FROM else (0, None)


def name_likeness(one: str, other: str) -> float:
    """How alike two name keys are, 0 to 1; the order of the words does not matter, nor who is compared to whom."""
    if not one or not other:
        return 0.0
    first, second = sorted(" ".join(sorted(key.split())) for key in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _by_birth(one: Traits, other: Traits) -> tuple[int, Reason | None]:
    if one.birth_date is None or other.birth_date is None:
        return 0, None
    years = abs((one.birth_date - other.birth_date).days) / 365.25
    if years > FAR_APART:
        return -20, None
    guessed = one.estimated or other.estimated
    if not guessed:
        return (30, Reason.SAME_BIRTH_DATE) if years == 0 else (0, None)
    return (15, Reason.SIMILAR_AGE) if years <= 2 else (0, None)
