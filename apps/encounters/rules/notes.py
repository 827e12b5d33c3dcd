"""A note as a doctor writes it: its four parts, and the hash of what was signed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from apps.core.errors import sentence

PARTS: dict[str, str] = {
    "subjective": sentence("What the patient says"),
    "objective": sentence("What you find"),
    "assessment": sentence("Diagnosis"),
    "plan": sentence("Plan"),
    "advice": sentence("Advice to the patient"),
}
"""The parts of a SOAP note, with what the console calls them; the last is for the patient to read."""

LONGEST_PART = 8_000
"""Characters of one part, and of an addendum."""

EMPTY: dict[str, str] = dict.fromkeys(PARTS, "")


def changed(draft: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str] | None:
    """The draft with what was told put in place; None when nothing is new. Spaces at a part's ends say nothing."""
    after = EMPTY | dict(draft) | {part: text.strip() for part, text in told.items() if part in PARTS}
    return None if after == EMPTY | dict(draft) else after


def is_empty(draft: Mapping[str, str]) -> bool:
    """Whether nothing is written yet."""
    return not any(draft.get(part) for part in PARTS)


def note_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over the snapshot's JSON with sorted keys. The snapshot carries random `salt`: without its content
    nobody can tell from the hash what a short note says."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
