"""Names in any script: how they are kept, how they are found, and their initials."""

import re
import unicodedata

from anyascii import anyascii

from apps.core.errors import Invalid, sentence
from apps.patients.rules.texts import JOINERS, VIRAMA_CLASS, visible

LONGEST = 120
"""Characters of a name, as kept."""

LONGEST_TYPED = 500
"""Characters that are looked at, at all."""


def clean_name(text: str) -> str:
    """A name as it is kept, in its own script. Raises `Invalid`."""
    if len(text) > LONGEST_TYPED:
        raise Invalid({"name": [sentence("Use at most 120 characters.")]})
    name = visible(text)
    if len(name) > LONGEST:
        raise Invalid({"name": [sentence("Use at most 120 characters.")]})
    if not any(unicodedata.category(c).startswith("L") for c in name):
        raise Invalid({"name": [sentence("A name needs at least one letter.")]})
    return name


def name_key(name: str) -> str:
    """What a name is searched by: its words in Latin letters, as they sound.

    So a name is found in whichever script it was written down (`முருகன்`, `Murugan`) and however it was put in
    Latin letters (`Geetha`, `Gita`), and the index does not depend on the database's locale.
    """
    latin = re.sub(r"['`]", "", anyascii(visible(name[:LONGEST_TYPED])).lower())
    words = [_sound(word) for word in re.findall(r"[a-z0-9]+", latin)]
    return " ".join(words) or visible(name[:LONGEST_TYPED]).casefold()


def _sound(word: str) -> str:
    """A word with the spellings of Indian names that sound alike made equal."""
    for spelt, heard in (("ee", "i"), ("oo", "u"), ("x", "ks"), ("w", "v"), ("ph", "f")):
        word = word.replace(spelt, heard)
    word = re.sub(r"(?<=[bcdgjklmnprstvz])h", "", word)
    word = re.sub(r"(.)\1+", r"\1", word)
    return re.sub(r"(?<=[^aeiouy])y$", "i", word)


def initials(name: str) -> str:
    """`R. K.`: all that a public page may show. In other scripts the first syllable stands for the letter."""
    starts = [_first_syllable(word) for word in name.split()]
    return " ".join(f"{start}." for start in starts[:3] if start)


def _first_syllable(word: str) -> str:
    """The first letter with the marks that belong to it, and what a virama joins to it."""
    syllable = ""
    for character in word:
        letter = unicodedata.category(character).startswith("L")
        joined = bool(syllable) and _joins_on(syllable[-1])
        if letter and syllable and not joined:
            break
        if letter or (syllable and (unicodedata.category(character).startswith("M") or joined)):
            syllable += character
        elif syllable:
            break
    return syllable.rstrip("".join(JOINERS)).upper()


def _joins_on(character: str) -> bool:
    return character in JOINERS or unicodedata.combining(character) == VIRAMA_CLASS
