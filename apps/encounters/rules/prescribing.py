"""What a doctor is warned of while prescribing: an allergy, the same ingredient twice, what does not go together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from apps.core.errors import Invalid, sentence

MOST_ITEMS = 30
LONGEST_DAYS = 365
SHORTEST_REASON = 5
"""Characters of the reason for which a warning is overridden."""

GROUPS: dict[str, frozenset[str]] = {
    "penicillin": frozenset({"amoxicillin", "ampicillin", "cloxacillin", "phenoxymethylpenicillin"}),
    "cephalosporin": frozenset({"cefixime", "cefuroxime", "cefadroxil", "cefalexin"}),
    "sulfonamide": frozenset({"sulfamethoxazole", "silver sulfadiazine"}),
    "sulpha": frozenset({"sulfamethoxazole", "silver sulfadiazine"}),
    "sulfa": frozenset({"sulfamethoxazole", "silver sulfadiazine"}),
    "nsaid": frozenset({"ibuprofen", "diclofenac", "aceclofenac", "naproxen", "mefenamic acid", "aspirin"}),
    "macrolide": frozenset({"azithromycin", "clarithromycin", "erythromycin"}),
    "quinolone": frozenset({"ciprofloxacin", "levofloxacin", "ofloxacin", "norfloxacin", "moxifloxacin"}),
}
"""Ingredients that an allergy to a whole group means; the group's name as it may stand in an allergy."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a prescription. `ingredients` are known for medicines of the list; of others they are what the name
    tells (`told_by_name`)."""

    medicine: str
    frequency: str
    days: int
    dose: str = ""
    instructions: str = ""
    ingredients: Sequence[str] = field(default_factory=tuple)

    @property
    def line(self) -> str:
        """The line as it is signed: `Paracetamol 500 mg tablet, 1, 1-0-1, 3 days, after food`."""
        days = f"{self.days} day" if self.days == 1 else f"{self.days} days"
        return ", ".join(part for part in (self.medicine, self.dose, self.frequency, days, self.instructions) if part)

    def values(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "medicine": self.medicine,
            "frequency": self.frequency,
            "days": self.days,
            "dose": self.dose,
            "instructions": self.instructions,
            "ingredients": list(self.ingredients),
        }


@dataclass(frozen=True, slots=True)
class Warned:
    """A reason to think again. `about`: the substance, the ingredient, or what happens."""

    kind: str
    medicines: tuple[str, ...]
    about: str

    @property
    def key(self) -> str:
        """By which an overridden warning is known again."""
        return "|".join((self.kind, *self.medicines, self.about))


def checked_items(items: Sequence[Item]) -> None:
    """Refuse lines that nobody could follow. Raises `Invalid`."""
    if len(items) > MOST_ITEMS:
        raise Invalid({"items": [sentence("A prescription has at most 30 lines.")]})
    for item in items:
        if not item.medicine.strip():
            raise Invalid({"medicine": [sentence("Name the medicine.")]})
        if not item.frequency.strip():
            raise Invalid({"frequency": [sentence("Say when it is taken, for example 1-0-1.")]})
        if not 1 <= item.days <= LONGEST_DAYS:
            raise Invalid({"days": [sentence("Say for how many days, from 1 to 365.")]})


def warnings(
    items: Sequence[Item], allergies: Iterable[str], interactions: Mapping[frozenset[str], str]
) -> list[Warned]:
    """All there is to warn of; `interactions` by the two ingredients."""
    found = [
        Warned("allergy", (item.medicine,), substance)
        for item in items
        for substance in allergies
        if any(_means(substance, word) for word in (*item.ingredients, item.medicine.lower()))
    ]
    for one, other in combinations(items, 2):
        both = (one.medicine, other.medicine)
        shared = sorted(set(one.ingredients) & set(other.ingredients))
        found += [Warned("duplicate", both, ingredient) for ingredient in shared]
        found += [
            Warned("interaction", both, interactions[pair])
            for first in one.ingredients
            for second in other.ingredients
            if (pair := frozenset({first, second})) in interactions
        ]
    return found


def told_by_name(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Ingredients that stand in the name of a medicine that is not on the list, as whole words: of those `known`, and
    of the groups. Empty for a name that tells nothing; then the whole name stands in, and is checked by itself only."""
    candidates = {*known, *(member for members in GROUPS.values() for member in members)}
    said = name.lower()
    return tuple(sorted(one for one in candidates if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", said)))


def unanswered(found: Iterable[Warned], overridden: Iterable[str]) -> list[Warned]:
    """Warnings for which no reason was given yet."""
    known = set(overridden)
    return [one for one in found if one.key not in known]


def _means(substance: str, ingredient: str) -> bool:
    """Whether an allergy to this substance speaks against this ingredient."""
    said = substance.lower()
    if ingredient in said or (len(said) > 3 and said in ingredient):
        return True
    return any(name in said and ingredient in members for name, members in GROUPS.items())
