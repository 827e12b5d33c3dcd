"""Pairing a screen: the code that it shows, and how long that counts."""

from datetime import timedelta

from apps.accounts.rules.credentials import CODE_ALPHABET
from apps.accounts.rules.links import derived_code

PAIRING_LIFETIME = timedelta(minutes=10)
"""How long a pairing code counts. Then the screen asks for another one."""

HERE = timedelta(minutes=3)
"""A screen that was seen this lately is there: what it shows asks at least once a minute."""

PAIRING_CODE_LENGTH = 6
"""28^6, a little over 28 bits: enough for ten minutes, five guesses and a few hundred open codes."""

OPEN_PAIRINGS = 500
"""Screens that may wait to be paired at one time, in the whole house."""

OPEN_PAIRINGS_OF_ADDRESS = 20
"""Of these from one address: many screens of a hospital may come through one."""


def pairing_code(secret: str, key: str) -> str:
    """The code that a screen with this secret shows. It follows from the secret, so that nobody needs to keep it."""
    return derived_code(b"pairing\0" + secret.encode(), PAIRING_CODE_LENGTH, key)


def read_pairing_code(typed: str) -> str:
    """A code as somebody typed it from a screen: in capitals, with spaces or hyphens; "" when it cannot be one."""
    code = "".join(letter for letter in typed.lower() if letter.isalnum())
    return code if len(code) == PAIRING_CODE_LENGTH and set(code) <= set(CODE_ALPHABET) else ""


def shown_pairing_code(code: str) -> str:
    """A code as it is read aloud: `BCD 234`."""
    half = PAIRING_CODE_LENGTH // 2
    return f"{code[:half]} {code[half:]}".upper()
