"""Who opened a record, in plain words, and why as far as the visits tell."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from apps.patients.rules.openings import (
    BREAK_GLASS,
    CONSULTATION,
    NO_VISIT,
    PRESENT,
    WHAT,
    Stay,
    what_was_done,
    why,
)

RAO, NAIR = uuid4(), uuid4()
TEN = datetime(2026, 11, 21, 10, tzinfo=UTC)
SEEN = Stay(TEN, TEN + timedelta(hours=2), TEN + timedelta(hours=1), RAO)
WAITING = Stay(TEN, None, None, None)


@pytest.mark.parametrize(
    ("action", "right", "expected"),
    [
        ("patient.opened", "", WHAT[""]),
        ("patient.opened", "note", WHAT["note"]),
        ("patient.opened", "prescription print", WHAT["prescription print"]),
        ("patient.opened", f"visit {UUID(int=7)}", WHAT["visit"]),
        ("patient.opened", f"emergency access {UUID(int=7)}", WHAT["emergency"]),
        ("patient.opened", "something that is not here yet", WHAT[""]),
        ("patient.break_glass", "Brought in unconscious", BREAK_GLASS),
        ("patient.break_glass", "note", BREAK_GLASS),
    ],
)
def test_what_was_done_is_told_by_the_right_that_the_trail_names(action: str, right: str, expected: str) -> None:
    assert what_was_done(action, right) == expected


@pytest.mark.parametrize(
    ("minutes", "who", "stays", "expected"),
    [
        (70, RAO, [SEEN], CONSULTATION),
        (70, NAIR, [SEEN], PRESENT),
        (30, RAO, [SEEN], PRESENT),
        (121, RAO, [SEEN], NO_VISIT),
        (-1, RAO, [SEEN, WAITING], NO_VISIT),
        (600, RAO, [SEEN, WAITING], PRESENT),
        (0, RAO, [], NO_VISIT),
        (70, None, [Stay(TEN, None, None, None)], PRESENT),
    ],
)
def test_why_is_told_by_where_the_person_was(minutes: int, who: object, stays: list[Stay], expected: str) -> None:
    assert why(TEN + timedelta(minutes=minutes), who, stays) == expected
