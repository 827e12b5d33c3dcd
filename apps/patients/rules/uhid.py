"""The UHID, the number a person keeps for life in a facility: `ADH-26-000123-7`.

Facility code, year of registration, running number, check digit. The digit is Damm's (H. M. Damm, "Total
anti-symmetrische Quasigruppen", Marburg 2004): it shows every single wrong digit and every swap of neighbours.
"""

import re

CODE_LENGTH = 8
"""Characters of the facility's code that a UHID carries."""

_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
"""Damm's quasigroup of order 10 with zeros on the diagonal."""

_WRITTEN = re.compile(r"(?P<code>[A-Z0-9]+?)[ -]?(?P<year>[0-9]{2})[ -]?(?P<number>[0-9]{6,9})[ -]?(?P<check>[0-9])")


def make_uhid(code: str, year: int, number: int) -> str:
    """The UHID of the n-th person that a facility registered; of its code the first letters and digits."""
    place = re.sub(r"[^A-Z0-9]", "", code.upper())[:CODE_LENGTH]
    short_year = f"{year % 100:02d}"
    running = f"{number:06d}"
    return f"{place}-{short_year}-{running}-{check_digit(short_year + running)}"


def check_digit(digits: str) -> int:
    """Damm's check digit of a string of digits; 0 for one that ends in its right check digit."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def read_uhid(text: str) -> str | None:
    """The UHID that a text spells, with or without dashes and in small letters too; None if it is not a right one."""
    written = _WRITTEN.fullmatch(text.strip().upper())
    if written is None or check_digit(written["year"] + written["number"] + written["check"]):
        return None
    return "-".join(written.group("code", "year", "number", "check"))
