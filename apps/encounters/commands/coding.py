"""The table of codes by which diagnoses are written down: one for every hospital of a database."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.policy import Actor, Permission, Scope
from apps.encounters.commands.stocking import DATA, table
from apps.encounters.models import DiagnosisCode
from apps.encounters.rules.outcome import code_said

DIAGNOSES = DATA / "diagnoses.csv"
"""Common codes of an outpatient department, with the words by which people look for them."""

AT_ONCE = 5_000
"""Codes that are written in one statement."""


@command
def take_in_diagnoses(*, actor: Actor, now: datetime, rows: Iterable[Mapping[str, str]], common: bool) -> int:
    """Add codes (`code, title, words`) to those that are there; a known one gets the title told, and is found by it.
    `common` ones are the house's own: they stay that, and keep their words under another title. The number taken
    in."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    known = {} if common else {code.code: code for code in DiagnosisCode.objects.filter(is_common=True)}
    listed = [_code(row, known.get(code_said(row["code"])), common=common) for row in rows]
    DiagnosisCode.objects.bulk_create(
        listed,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["title", "search_key", "is_common"],
    )
    record(
        action="diagnoses.taken_in", entity_type="facility", entity_id=actor.facility_id, after={"rows": len(listed)}
    )
    return len(listed)


def _code(row: Mapping[str, str], known: DiagnosisCode | None, *, common: bool) -> DiagnosisCode:
    title = row["title"].strip()
    words = known.search_key.removeprefix(known.title.lower()) if known else row.get("words", "")
    key = " ".join((title.lower(), words.lower().strip())).strip()
    return DiagnosisCode(
        code=code_said(row["code"]), title=title, search_key=key, is_common=common or known is not None
    )


ORDERED = re.compile(r"\d{5} (?P<code>[A-Z0-9]{3,7}) *(?P<usable>[01]) (?P<short>.{60}) (?P<title>.+)")
"""A line of the publisher's order file: its number, a code or a heading, which of the two, a short title, the title."""


def codes_file(path: Path) -> list[dict[str, str]]:
    """The rows of the whole ICD-10-CM as its publisher hands it out (`icd10cm-codes-YYYY.txt`: a code without its
    point, spaces, its title; or `icd10cm-order-YYYY.txt`, of which the headings are left out), or of a CSV file with a
    heading. Raises `ValueError` for a line that is none of these."""
    if path.suffix.lower() == ".csv":
        return table(path)
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        ordered = ORDERED.fullmatch(line.rstrip())
        if ordered and ordered["usable"] == "0":
            continue
        plain, _space, rest = line.strip().partition(" ")
        code, title = (ordered["code"], ordered["title"]) if ordered else (plain, rest)
        if not code_said(code) or not title.strip():
            raise ValueError(line[:40])
        rows.append({"code": code, "title": title})
    return rows
