"""Whether a text gives a number away."""

import re


def tells(text: str, mark: str) -> bool:
    """Whether the mark stands in the text as a word of its own. A few digits also stand, by chance, inside random ids,
    keys, sealed values and parts of a second: there they tell nobody anything."""
    return re.search(rf"(?<![\w.+/=:-]){re.escape(mark)}(?![\w+/=-]|[.:]\d)", text) is not None
