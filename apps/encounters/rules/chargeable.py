"""What is sold of a prescription: how many pieces one line comes to."""

import math
import re

COUNTED = ("tablet", "capsule")
"""Forms that are handed out by the piece; of every other form (a bottle, a tube, an inhaler) it is one pack."""

MOST_AT_ONCE = 4
"""Pieces that somebody takes at once; a bare number above it is a strength (`500`), not a count."""

MOST = 1000
"""Pieces of one line; of more than that a person says how many are handed out."""

_TIMES = re.compile(r"\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def pieces(medicine: str, frequency: str, days: int, dose: str = "") -> int | None:
    """How many pieces of a medicine (`Paracetamol 500 mg tablet`) are taken in so many days at `1-0-1`, each time as
    many as the dose says where it is a bare number. None where nobody can say from what is written ("when needed", a
    dose of `500`, thousands)."""
    if not medicine.lower().rstrip().endswith(COUNTED):
        return 1
    if not _TIMES.fullmatch(frequency.strip()):
        return None
    each = float(dose) if _NUMBER.fullmatch(dose.strip()) else 1.0
    if each > MOST_AT_ONCE:
        return None
    daily = sum(float(part) for part in frequency.strip().split("-")) * each
    count = math.ceil(daily * days)
    return count if 0 < count <= MOST else None
