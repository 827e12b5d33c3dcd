"""Writes of the registry, and patients' sign-in by code."""

from apps.patients.commands.codes import (
    InvalidCode,
    PatientSignedIn,
    TooManyTries,
    forget_codes,
    reopen_code_login,
    request_code,
    sign_in_by_code,
)
from apps.patients.commands.emergency import (
    AlreadyOpen,
    AlreadyReviewed,
    NotOpen,
    break_glass,
    end_break_glass,
    note_listed,
    note_opened,
    review_emergency_access,
)
from apps.patients.commands.health import note_fact_in, note_health_fact, set_fact_status
from apps.patients.commands.own import choose_language
from apps.patients.commands.registry import (
    IdentifierTaken,
    NotProvisional,
    VersionConflict,
    add_identifier,
    change,
    give_up_provisional,
    next_number,
    register,
    register_in,
)

__all__ = [
    "AlreadyOpen",
    "AlreadyReviewed",
    "IdentifierTaken",
    "InvalidCode",
    "NotOpen",
    "NotProvisional",
    "PatientSignedIn",
    "TooManyTries",
    "VersionConflict",
    "add_identifier",
    "break_glass",
    "change",
    "choose_language",
    "end_break_glass",
    "forget_codes",
    "give_up_provisional",
    "next_number",
    "note_fact_in",
    "note_health_fact",
    "note_listed",
    "note_opened",
    "register",
    "register_in",
    "reopen_code_login",
    "request_code",
    "review_emergency_access",
    "set_fact_status",
    "sign_in_by_code",
]
