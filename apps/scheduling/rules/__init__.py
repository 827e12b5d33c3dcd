"""Pure decisions of scheduling: names of places, slots from templates, who gets a place, when it may be given up."""

from apps.scheduling.rules.places import (
    AVAILABILITY_NAMES,
    COUNTER_NAMES,
    KIND_NAMES,
    LETTERS,
    NUMBER_DIGITS,
    STATUS_NAMES,
    SYMBOL_NAMES,
    Availability,
    DepartmentKind,
    DepartmentStatus,
    Symbol,
    free_letter,
    token_label,
    token_number,
)

__all__ = [
    "AVAILABILITY_NAMES",
    "COUNTER_NAMES",
    "KIND_NAMES",
    "LETTERS",
    "NUMBER_DIGITS",
    "STATUS_NAMES",
    "SYMBOL_NAMES",
    "Availability",
    "DepartmentKind",
    "DepartmentStatus",
    "Symbol",
    "free_letter",
    "token_label",
    "token_number",
]
