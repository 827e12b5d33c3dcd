"""Every shared read of the registry."""

from apps.patients.queries.emergency import emergencies_by_facility, emergency_accesses, open_access
from apps.patients.queries.health import fact_json, health_facts
from apps.patients.queries.people import (
    CodeTooOld,
    facility_of_phone,
    own_person,
    patients_of,
    people_of_phone,
    phone_of_family,
    require_fresh_code,
    spent_limits,
)
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
    "CodeTooOld",
    "Duplicate",
    "Facts",
    "PatientNotActive",
    "brief",
    "emergencies_by_facility",
    "emergency_accesses",
    "facility_of_phone",
    "fact_json",
    "facts",
    "get",
    "get_active",
    "health_facts",
    "identifiers",
    "likely_duplicates",
    "open_access",
    "own_person",
    "patients_of",
    "people_of_phone",
    "phone_of_family",
    "require_fresh_code",
    "search",
    "spent_limits",
]
