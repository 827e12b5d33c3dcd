"""Which symptoms make a visit urgent. Words of the hospital's own table, matched in what people say."""

import re
import unicodedata
from collections.abc import Iterable


def spoken(text: str) -> str:
    """A symptom as it is compared: one case, single spaces, no punctuation; any script."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return re.sub(r"\s+", " ", kept).strip()


def urgent_by(symptoms: Iterable[str], phrases: Iterable[str]) -> str | None:
    """The first of the hospital's phrases that a symptom contains as whole words; None when nothing is urgent."""
    said = [f" {spoken(symptom)} " for symptom in symptoms]
    for phrase in phrases:
        wanted = spoken(phrase)
        if wanted and any(f" {wanted} " in symptom for symptom in said):
            return phrase
    return None
