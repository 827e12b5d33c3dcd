"""The second thing somebody shows when signing in: a code of their authenticator app, or one of the recovery codes."""

import re
from enum import StrEnum

from apps.accounts.rules.credentials import CODE_ALPHABET
from apps.core.policy import Role

ENFORCED = frozenset({Role.ADMIN})
"""Roles that come in with a second factor or not at all; everybody else may have one."""

SECRET_BYTES = 20
"""Of an authenticator's secret: what RFC 4226 recommends, and as much as its column holds sealed."""

RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
"""Letters of a recovery code: 28^10, a little over 48 bits."""

RECOVERY_KEPT = 16
"""Hexadecimal digits of a recovery code's fingerprint that fit the library's column: 64 bits, of one person only."""

DIGITS = 6
_TYPED_BESIDE = re.compile(r"[\s-]+")


class Verdict(StrEnum):
    """What became of a code: it opens, was good but had been used before, or is not right."""

    RIGHT = "right"
    USED = "used"
    WRONG = "wrong"


def as_typed(code: str) -> str:
    """A code as somebody may type it, without the blanks and dashes that make it readable."""
    return _TYPED_BESIDE.sub("", code).lower()


def app_code(code: str) -> int | None:
    """The number that an authenticator app shows, or None for anything else."""
    plain = as_typed(code)
    return int(plain) if len(plain) == DIGITS and plain.isascii() and plain.isdigit() else None


def is_recovery_code(code: str) -> bool:
    """Whether this is spelled like a recovery code."""
    plain = as_typed(code)
    return len(plain) == RECOVERY_LENGTH and all(letter in CODE_ALPHABET for letter in plain)


def readable(code: str) -> str:
    """A recovery code as it is shown and printed: `bcdfg-hjkmn`."""
    half = RECOVERY_LENGTH // 2
    return f"{code[:half]}-{code[half:]}"
