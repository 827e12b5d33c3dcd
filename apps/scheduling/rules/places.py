"""Numbers and letters of the hospital: what a token is called, which letters a department may have."""

from collections.abc import Container
from enum import StrEnum

from apps.core.errors import sentence

LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"
"""Letters a department may use on its tokens. O, I, Q and Z are left out: people read them as 0, 1, 0 and 2."""

NUMBER_DIGITS = 3


class DepartmentKind(StrEnum):
    """What a department does for people."""

    CONSULTATION = "consultation"
    TRIAGE = "triage"
    LABORATORY = "laboratory"
    IMAGING = "imaging"
    PHARMACY = "pharmacy"
    CASHIER = "cashier"


KIND_NAMES: dict[DepartmentKind, str] = {
    DepartmentKind.CONSULTATION: sentence("Consultation"),
    DepartmentKind.TRIAGE: sentence("Triage"),
    DepartmentKind.LABORATORY: sentence("Laboratory"),
    DepartmentKind.IMAGING: sentence("Imaging"),
    DepartmentKind.PHARMACY: sentence("Pharmacy"),
    DepartmentKind.CASHIER: sentence("Cashier"),
}


class DepartmentStatus(StrEnum):
    """Whether a department takes people at all."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


STATUS_NAMES: dict[DepartmentStatus, str] = {
    DepartmentStatus.ACTIVE: sentence("Open"),
    DepartmentStatus.INACTIVE: sentence("Closed"),
}


class Availability(StrEnum):
    """Whether a doctor sees people now."""

    AVAILABLE = "AVAILABLE"
    PAUSED = "PAUSED"
    OFFLINE = "OFFLINE"


AVAILABILITY_NAMES: dict[Availability, str] = {
    Availability.AVAILABLE: sentence("Seeing patients"),
    Availability.PAUSED: sentence("Short break"),
    Availability.OFFLINE: sentence("Not here now"),
}


COUNTER_NAMES: dict[Availability, str] = {
    Availability.AVAILABLE: sentence("Open"),
    Availability.PAUSED: sentence("Short break"),
    Availability.OFFLINE: sentence("Closed"),
}


class Symbol(StrEnum):
    """Pictures that stand beside a room's number, for people who do not read. None is a party's sign."""

    BOAT = "boat"
    MANGO = "mango"
    FISH = "fish"
    POT = "pot"
    BELL = "bell"
    DRUM = "drum"


SYMBOL_NAMES: dict[Symbol, str] = {
    Symbol.BOAT: sentence("Boat"),
    Symbol.MANGO: sentence("Mango"),
    Symbol.FISH: sentence("Fish"),
    Symbol.POT: sentence("Pot"),
    Symbol.BELL: sentence("Bell"),
    Symbol.DRUM: sentence("Drum"),
}


def free_letter(code: str, taken: Container[str]) -> str | None:
    """The first letter of the code, else of the alphabet, that may stand on tokens and is not taken."""
    return next((letter for letter in code + LETTERS if letter in LETTERS and letter not in taken), None)


def token_number(code: str, number: int) -> str:
    """The number as staff and the API write it: `GEN-017`."""
    return f"{code}-{number:0{NUMBER_DIGITS}d}"


def token_label(letter: str, number: int) -> str:
    """The number as people see and hear it: `G17`, everywhere the same."""
    return f"{letter}{number:02d}"
