"""Allergies and long-term conditions: what kinds there are, how bad, and whether they still hold (as FHIR has it)."""

from enum import StrEnum

from apps.core.errors import Invalid, sentence

LONGEST_FACT = 200
"""Characters."""

EARLIEST_YEAR = 1900


class FactKind(StrEnum):
    """What outlasts a visit."""

    ALLERGY = "allergy"
    CONDITION = "condition"


class Severity(StrEnum):
    """How bad an allergic reaction was, or may be."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class FactStatus(StrEnum):
    """Whether something noted still holds. REFUTED: it never did."""

    ACTIVE = "active"
    RESOLVED = "resolved"
    REFUTED = "refuted"


KIND_NAMES: dict[FactKind, str] = {
    FactKind.ALLERGY: sentence("Allergy"),
    FactKind.CONDITION: sentence("Long-term condition"),
}
SEVERITY_NAMES: dict[Severity, str] = {
    Severity.MILD: sentence("Mild"),
    Severity.MODERATE: sentence("Moderate"),
    Severity.SEVERE: sentence("Severe"),
}
FACT_STATUS_NAMES: dict[FactStatus, str] = {
    FactStatus.ACTIVE: sentence("Holds"),
    FactStatus.RESOLVED: sentence("Over"),
    FactStatus.REFUTED: sentence("Was a mistake"),
}


def checked(kind: FactKind, what: str, reaction: str, severity: str, since_year: int | None, year: int) -> None:
    """Refuse what cannot be a fact. Raises `Invalid`."""
    errors: dict[str, list[str]] = {}
    if not what or len(what) > LONGEST_FACT:
        errors["what"] = [sentence("Name it in at most 200 characters.")]
    if len(reaction) > LONGEST_FACT:
        errors["reaction"] = [sentence("Use at most 200 characters.")]
    if (kind is FactKind.ALLERGY) != bool(severity):
        errors["severity"] = [sentence("An allergy has a severity; a condition has none.")]
    if since_year is not None and not EARLIEST_YEAR <= since_year <= year:
        errors["sinceYear"] = [sentence("This year cannot be right.")]
    if errors:
        raise Invalid(errors)
