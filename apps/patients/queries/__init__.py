"""Every shared read of the registry."""

from apps.patients.queries.registry import (
    ALIKE_AT_MOST,
    LONGEST_SEARCH,
    SHOWN_DUPLICATES,
    Duplicate,
    Facts,
    PatientNotActive,
    brief,
    facts,
    get,
    get_active,
    identifiers,
    likely_duplicates,
    search,
)

__all__ = [
    "ALIKE_AT_MOST",
    "LONGEST_SEARCH",
    "SHOWN_DUPLICATES",
    "Duplicate",
    "Facts",
    "PatientNotActive",
    "brief",
    "facts",
    "get",
    "get_active",
    "identifiers",
    "likely_duplicates",
    "search",
]
