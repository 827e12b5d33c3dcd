"""When somebody's turn is expected, in words: each kind of thing that is said, in the reader's language."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from apps.eta.queries import Said
from apps.eta.rules.telling import REASONS, Kind
from apps.queue.queries.expected import expected_words

HOUSE: Any = SimpleNamespace(clock=lambda moment: f"{moment:%H:%M}")
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Kolkata"))


def said(kind: Kind, until: datetime | None = None, reason: str = "") -> Said:
    earliest, likely, latest = (NINE + timedelta(minutes=minutes) for minutes in (20, 30, 50))
    return Said(kind, earliest, latest, likely, until, REASONS.get(reason, ""))


def words(*about: Any, now: datetime = NINE) -> dict[str, Any]:
    found = expected_words(said(*about), HOUSE, now)
    assert found
    return found


def test_a_window_is_told_with_its_reason():
    told = words(Kind.WINDOW, None, "urgent")
    assert (told["time"], told["likely"], told["note"]) == ("09:20 to 09:50", "09:30", "")
    assert told["reason"] == "Somebody who needs a doctor at once was placed before you."


def test_no_time_that_is_past_is_told():
    assert words(Kind.WINDOW, now=NINE + timedelta(minutes=35))["time"] == "09:35 to 09:50"


@pytest.mark.parametrize(
    ("about", "note"),
    [
        ((Kind.NOT_STARTED, NINE), "The doctor has not started yet. Planned: 09:00."),
        ((Kind.BREAK, NINE + timedelta(minutes=100)), "The doctor is on a break until 10:40."),
        ((Kind.BREAK, None), "The doctor is on a break."),
    ],
)
def test_a_doctor_who_is_not_at_work_is_the_note_beside_the_window(about: tuple[Any, ...], note: str):
    told = words(*about)
    assert (told["time"], told["note"]) == ("09:20 to 09:50", note)


def test_a_break_is_told_once():
    told = words(Kind.BREAK, NINE + timedelta(minutes=100), "paused")
    assert (told["note"], told["reason"]) == ("The doctor is on a break until 10:40.", "")
    assert words(Kind.WINDOW, None, "paused")["reason"] == "The doctor is on a break."


def test_whoever_is_next_is_told_very_soon_and_no_time():
    told = words(Kind.SOON)
    assert (told["time"], told["likely"], told["soon"]) == ("very soon", "", True)


@pytest.mark.parametrize("language", ["hi", "ta"])
def test_it_is_said_in_the_readers_language(language: str):
    kinds = [(Kind.WINDOW, None), (Kind.SOON, None), (Kind.NOT_STARTED, NINE), (Kind.BREAK, NINE), (Kind.BREAK, None)]
    english = [words(*about, reason) for about in kinds for reason in REASONS]
    with override(language):
        others = [words(*about, reason) for about in kinds for reason in REASONS]
    for before, after in zip(english, others, strict=True):
        assert all(after[name] != before[name] for name in ("time", "note", "reason") if before[name])


def test_nothing_is_said_where_nothing_is_known():
    assert expected_words(None, HOUSE, NINE) is None
