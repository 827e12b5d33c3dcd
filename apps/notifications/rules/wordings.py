"""What messages say: the usual words, and a hospital's own in their place.

A wording is made where its cause is, once, with `wording(...)`; a hospital may put other words for each language in
its place, or leave the message out altogether.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

from apps.core.errors import DomainError, sentence
from apps.notifications.rules import Kind

LONGEST = 600
"""Characters that a hospital's own wording may have; four text messages in most scripts are fewer."""

ONE_PART = {True: 160, False: 70}
MANY_PARTS = {True: 153, False: 67}
"""Characters of a text message that is one part, and of each of several: in the phone alphabet of 3GPP TS 23.038, and
in any other."""

PHONE_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWICE = frozenset("\f^{}\\[~]|€")
"""What that alphabet says in two characters."""

KEPT = ("token", "when", "link", "until")
"""Words that a hospital's own wording must keep, where the usual one has them: without them nobody knows what the
message is about, or what to do."""


class LoneBracket(DomainError):
    code = "lone_bracket"
    detail = sentence("A bracket stands alone. Write what is filled in with both, for example {token}.")


class StrangePlace(DomainError):
    code = "strange_place"
    detail = sentence("%(places)s cannot be filled in here. Choose from the list.")


class MissingPlace(DomainError):
    code = "missing_place"
    detail = sentence("Keep %(places)s: without it nobody knows what the message is about.")


class TooLong(DomainError):
    code = "too_long"
    detail = sentence("These words are too long: at most %(most)s characters.")


@dataclass(frozen=True, slots=True)
class Wording:
    """One message that people get: its name, what it is about, and the usual English words (a sentence of the
    catalogue) with the places that are filled in, such as `{token}`."""

    name: str
    kind: Kind
    text: str

    @property
    def places(self) -> list[str]:
        """The places of the usual words, in their order, each once."""
        return list(dict.fromkeys(places_of(self.text)))


WORDINGS: dict[str, Wording] = {}
"""Every wording by its name; each is in here from when the module of its cause is loaded."""


def wording(name: str, kind: Kind, text: str) -> Wording:
    """Make the wording of a cause. Raises `ValueError` for a name that is taken."""
    if name in WORDINGS and WORDINGS[name].text != text:
        raise ValueError(f"two wordings are called {name}")
    return WORDINGS.setdefault(name, Wording(name, kind, text))


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A hospital's own words for one wording in one language, "" for the usual ones, and the names under which
    providers know this message: the template of an operator's register (DLT), and of WhatsApp; and what stands over it
    as an e-mail."""

    text: str = ""
    sms_template: str = ""
    whatsapp_template: str = ""
    email_subject: str = ""


@dataclass(frozen=True, slots=True)
class HouseWords:
    """All that a hospital says in its own way: words by name and language, and the messages it leaves out."""

    own: Mapping[tuple[str, str], OwnWords] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()

    def of(self, name: str, language: str) -> OwnWords:
        """The hospital's own words; empty ones where it has none."""
        return self.own.get((name, language), OwnWords())


def places_of(text: str) -> list[str]:
    """The places of a text that are filled in. Raises `ValueError` for braces that do not match."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def require_fit(usual: Wording, text: str) -> None:
    """Refuse a hospital's own words that cannot be filled in, or do not say enough. "", the usual words, is fine.

    Raises `LoneBracket`, `StrangePlace`, `MissingPlace`, `TooLong`.
    """
    if not text:
        return
    try:
        parsed = [
            (str(name), spec or conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None
        ]
    except ValueError as error:
        raise LoneBracket from error
    if strange := {f"{{{name}}}" for name, more in parsed if name not in usual.places or more}:
        raise StrangePlace(places=", ".join(sorted(strange)))
    named = {name for name, _ in parsed}
    if missing := [f"{{{name}}}" for name in usual.places if name in KEPT and name not in named]:
        raise MissingPlace(places=", ".join(missing))
    if len(text) > LONGEST:
        raise TooLong(most=LONGEST)


def parts_of(text: str) -> int:
    """How many text messages a provider counts, and charges, for a text."""
    plain = all(letter in PHONE_ALPHABET or letter in TWICE for letter in text)
    length = sum(2 if plain and letter in TWICE else len(letter.encode("utf-16-le")) // 2 for letter in text)
    return 1 if length <= ONE_PART[plain] else -(-length // MANY_PARTS[plain])
