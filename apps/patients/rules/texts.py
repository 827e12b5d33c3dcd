"""Free text as people type it: nothing invisible, and spelt as its script needs it."""

import unicodedata

from apps.core.errors import Invalid, sentence

LONGEST_ADDRESS = 300
"""Characters of an address, as kept."""

LONGEST_ADDRESS_TYPED = 1200
"""Characters that are looked at, at all."""

_NON_JOINER = "\u200c"
JOINERS = frozenset({_NON_JOINER, "\u200d"})
"""Invisible themselves, but they say how their neighbours are joined."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters by their category, but nobody can see them."""

VIRAMA_CLASS = 9
"""Unicode's combining class of the sign that silences a letter's vowel in the scripts of India."""


def visible(text: str) -> str:
    """The text as people see it: NFC, no control or invisible characters, single spaces.

    Joiners stay where the spelling needs them (after RFC 5892, appendix A: behind a virama, and the non-joiner
    also between two Arabic letters), so that no Sinhala, Malayalam or Persian name is misspelt.
    """
    seen = text
    while (cleaner := _cleaned(seen)) != seen:
        seen = cleaner
    return seen


def _cleaned(text: str) -> str:
    spaced = " ".join(text.split())
    kept = "".join(c for i, c in enumerate(spaced) if _is_seen(spaced, i))
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _is_seen(text: str, place: int) -> bool:
    character = text[place]
    if character in JOINERS:
        return _shapes(text, place)
    return unicodedata.category(character) not in _UNSEEN and character not in _BLANK_LETTERS


def _shapes(text: str, place: int) -> bool:
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if not before or not after:
        return False
    if unicodedata.combining(before) == VIRAMA_CLASS:
        return True
    arabic = unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"
    return arabic and text[place] == _NON_JOINER


def clean_address(text: str) -> str:
    """An address in one line. Raises `Invalid`."""
    if len(text) > LONGEST_ADDRESS_TYPED or len(address := visible(text)) > LONGEST_ADDRESS:
        raise Invalid({"address": [sentence("Use at most 300 characters.")]})
    return address
