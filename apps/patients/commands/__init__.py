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
from apps.patients.commands.own import choose_language
from apps.patients.commands.registry import (
    IdentifierTaken,
    VersionConflict,
    add_identifier,
    change,
    next_number,
    register,
    register_in,
)

__all__ = [
    "IdentifierTaken",
    "InvalidCode",
    "PatientSignedIn",
    "TooManyTries",
    "VersionConflict",
    "add_identifier",
    "change",
    "choose_language",
    "forget_codes",
    "next_number",
    "register",
    "register_in",
    "reopen_code_login",
    "request_code",
    "sign_in_by_code",
]
