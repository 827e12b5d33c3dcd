"""Every write of the registry."""

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
    "VersionConflict",
    "add_identifier",
    "change",
    "next_number",
    "register",
    "register_in",
]
