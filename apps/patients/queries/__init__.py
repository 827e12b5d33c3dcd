"""Every shared read of the registry."""

from apps.patients.queries.emergency import emergencies_by_facility, emergency_accesses, open_access
from apps.patients.queries.people import facility_of_phone, patients_of, people_of_phone, phone_of_family, spent_limits
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
    "emergencies_by_facility",
    "emergency_accesses",
    "facility_of_phone",
    "facts",
    "get",
    "get_active",
    "identifiers",
    "likely_duplicates",
    "open_access",
    "patients_of",
    "people_of_phone",
    "phone_of_family",
    "search",
    "spent_limits",
]
