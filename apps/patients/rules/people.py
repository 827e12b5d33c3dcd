"""What a record says about a person: sex, status, age, and why somebody gets a head start in a queue."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum

from apps.core.errors import Invalid, sentence

OLDEST = 130
"""Years. No birth date may lie further back."""

OLDEST_TYPED = 120
"""Years. An age above this is a slip of the finger."""

ELDERLY_FROM = 65
SMALL_CHILD_BELOW = 5
MONTHS_BELOW = 2
"""Years. Below this age is told in months."""


class Sex(StrEnum):
    """As the contract spells it (FHIR: administrative gender)."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


SEX_NAMES: dict[Sex, str] = {
    Sex.FEMALE: sentence("Female"),
    Sex.MALE: sentence("Male"),
    Sex.OTHER: sentence("Other"),
    Sex.UNKNOWN: sentence("Not known"),
}

_SEX_LETTERS = {Sex.FEMALE: sentence("F"), Sex.MALE: sentence("M"), Sex.OTHER: sentence("O"), Sex.UNKNOWN: ""}


class Status(StrEnum):
    """Whether a record is in use. Only an active one books or checks in."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DECEASED = "DECEASED"
    MERGED = "MERGED"


STATUS_NAMES: dict[Status, str] = {
    Status.ACTIVE: sentence("Active"),
    Status.INACTIVE: sentence("Inactive"),
    Status.DECEASED: sentence("Deceased"),
    Status.MERGED: sentence("Merged into another record"),
}

SETTABLE = (Status.ACTIVE, Status.INACTIVE, Status.DECEASED)
"""What the desk may set; a record becomes MERGED only by a merge."""


def age_on(birth_date: date, day: date) -> int:
    """Completed years on a day; a child of 29 February has its birthday on 1 March of other years."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (0 if had_birthday else 1)


def birth_date_of_age(age: int, day: date) -> date:
    """A birth date for somebody who gives only an age: in the middle of the twelve months it can lie in, on the
    first of a month. The age holds today, and the date is wrong by about half a year at most."""
    months = day.year * 12 + day.month - 1 - (age * 12 + 6)
    return date(months // 12, months % 12 + 1, 1)


def birth(birth_date: date | None, age: int | None, day: date) -> tuple[date, bool]:
    """The birth date to keep, and whether it is estimated from an age. Exactly one of the two is given.

    Raises `Invalid`.
    """
    if (birth_date is None) == (age is None):
        raise Invalid({"birthDate": [sentence("Give either a birth date or an age.")]})
    if age is not None:
        if not 0 <= age <= OLDEST_TYPED:
            raise Invalid({"age": [sentence("Give an age from 0 to 120 years.")]})
        return birth_date_of_age(age, day), True
    assert birth_date is not None
    if birth_date > day:
        raise Invalid({"birthDate": [sentence("A birth date cannot be in the future.")]})
    if age_on(birth_date, day) > OLDEST:
        raise Invalid({"birthDate": [sentence("This birth date is too long ago.")]})
    return birth_date, False


def age_sex(birth_date: date, sex: str, day: date, say: Callable[[str], str] = str) -> str:
    """`67 F`; for the youngest in months, `8 mo M`; only the age where the sex is not known.

    `say` puts the words into the reader's language.
    """
    letter = _SEX_LETTERS[Sex(sex)]
    shown = [str(age_on(birth_date, day)), say(letter) if letter else ""]
    if age_on(birth_date, day) < MONTHS_BELOW:
        months = (day.year - birth_date.year) * 12 + day.month - birth_date.month
        months -= 0 if day.day >= birth_date.day else 1
        shown[0] = f"{max(0, months)} {say(sentence('mo'))}"
    return " ".join(shown).strip()


def needs_class(birth_date: date, day: date, *, pregnant: bool, disabled: bool) -> str:
    """Why this person gets a head start in a queue (requirements D4), "" for nobody in particular.

    The words are those of the queue's order. All classes weigh the same, so one of them is enough.
    """
    age = age_on(birth_date, day)
    if pregnant:
        return "pregnant"
    if disabled:
        return "disabled"
    if age >= ELDERLY_FROM:
        return "elderly"
    return "child" if age < SMALL_CHILD_BELOW else ""
