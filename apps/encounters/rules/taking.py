"""How a medicine is taken, as a doctor writes it in short, told so that a patient understands it."""

import re

from apps.core.errors import sentence

_AMOUNT = r"(?:\d{1,2}(?:[./]\d{1,2})?|\d?[½¼¾])"
_TIMES = re.compile(rf"{_AMOUNT}(?:\s*[-–]\s*{_AMOUNT}){{2,3}}")

OF_DAY = {
    3: (sentence("Morning"), sentence("Noon"), sentence("Night")),
    4: (sentence("Morning"), sentence("Noon"), sentence("Evening"), sentence("Night")),
}
"""What the numbers of `1-0-1` and `1-1-1-1` stand for."""

IN_FULL = {
    "od": sentence("once a day"),
    "bd": sentence("twice a day"),
    "tds": sentence("three times a day"),
    "qid": sentence("four times a day"),
    "hs": sentence("at bedtime"),
    "sos": sentence("only when needed"),
    "stat": sentence("once, at once"),
    "weekly": sentence("once a week"),
    "ac": sentence("before food"),
    "pc": sentence("after food"),
    "with food": sentence("with food"),
    "empty stomach": sentence("on an empty stomach"),
    "rub in": sentence("rub it in"),
}
"""What doctors write in short, and in full."""

_ALSO = {"bid": "bd", "tid": "tds", "qds": "qid", "prn": "sos", "qhs": "hs", "qd": "od"}


def amounts(frequency: str) -> tuple[str, ...]:
    """How much at each time of the day, for `1-0-1` and `1-1-1-1`; empty for what is written in another way."""
    text = frequency.strip()
    return tuple(part.strip() for part in re.split("[-–]", text)) if _TIMES.fullmatch(text) else ()


def in_full(text: str) -> str:
    """The sentence, to be translated, for what is written in short or in full; "" for what we do not know."""
    said = text.strip().rstrip(".").lower().replace(".", "")
    if said in IN_FULL.values():
        return said
    return IN_FULL.get(_ALSO.get(said, said), "")
