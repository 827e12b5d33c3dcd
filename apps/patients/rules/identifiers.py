"""Further identifiers of a person: ABHA number and address, national id."""

import re
from collections.abc import Mapping
from enum import StrEnum

from apps.core.errors import Invalid, sentence


class IdentifierKind(StrEnum):
    """What kind of number or address it is."""

    ABHA_NUMBER = "abha_number"
    ABHA_ADDRESS = "abha_address"
    NATIONAL_ID = "national_id"


IDENTIFIER_NAMES: dict[IdentifierKind, str] = {
    IdentifierKind.ABHA_NUMBER: sentence("ABHA number"),
    IdentifierKind.ABHA_ADDRESS: sentence("ABHA address"),
    IdentifierKind.NATIONAL_ID: sentence("National id"),
}

LONGEST_TYPED = 80

_SHAPES: Mapping[IdentifierKind, re.Pattern[str]] = {
    IdentifierKind.ABHA_NUMBER: re.compile(r"[0-9]{14}"),
    IdentifierKind.ABHA_ADDRESS: re.compile(r"[a-z0-9][a-z0-9._]{2,49}@[a-z]{2,20}"),
    IdentifierKind.NATIONAL_ID: re.compile(r"(?=.*[0-9])[A-Z0-9]{6,30}"),
}
_WRONG: Mapping[IdentifierKind, str] = {
    IdentifierKind.ABHA_NUMBER: sentence("An ABHA number has 14 digits."),
    IdentifierKind.ABHA_ADDRESS: sentence("An ABHA address looks like name@abdm."),
    IdentifierKind.NATIONAL_ID: sentence("A national id has 6 to 30 letters and digits."),
}


def clean_identifier(kind: IdentifierKind, text: str) -> str:
    """The identifier as it is kept and compared, without spaces and dashes. Raises `Invalid`."""
    value = possible_identifier(kind, text)
    if value is None:
        raise Invalid({"value": [_WRONG[kind]]})
    return value


def possible_identifier(kind: IdentifierKind, text: str) -> str | None:
    """The identifier if the text is one of this kind, else None."""
    if len(text) > LONGEST_TYPED:
        return None
    an_address = kind is IdentifierKind.ABHA_ADDRESS
    value = text.strip().lower() if an_address else re.sub(r"[\s/-]", "", text).upper()
    return value if _SHAPES[kind].fullmatch(value) else None


def tail(value: str) -> str:
    """The last four characters, fewer of a short value, never more than half of it: what lists may show.

    Of an ABHA address it is the part before the @ that tells people apart.
    """
    telling = value.partition("@")[0]
    shown = min(4, len(telling) // 2)
    return telling[-shown:] if shown else ""
