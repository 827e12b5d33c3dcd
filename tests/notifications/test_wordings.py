"""What a hospital's own words may be, and how many text messages they take."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.notifications.rules import Kind
from apps.notifications.rules.quiet import held_until
from apps.notifications.rules.wordings import (
    WORDINGS,
    LoneBracket,
    MissingPlace,
    StrangePlace,
    TooLong,
    Wording,
    parts_of,
    require_fit,
    wording,
)
from apps.notifications.views.wordings import EXAMPLES, KINDS

USUAL = Wording("example", Kind.BOOKING, "{hospital}: {token} with {doctor} on {when}. {link}")
KEEPS = "{token} {when} {link}"
TEN_AT_NIGHT = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # 22:00 in Kolkata
SEVEN = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", KEEPS, "Namaste! " + KEEPS + " {doctor}, {{so}}"])
def test_own_words_that_can_be_filled_in_are_taken(text):
    require_fit(USUAL, text)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (KEEPS + " {", LoneBracket),
        (KEEPS + " }", LoneBracket),
        (KEEPS + " {name}", StrangePlace),
        (KEEPS + " {}", StrangePlace),
        (KEEPS + " {0}", StrangePlace),
        ("{token.__class__} {when} {link}", StrangePlace),
        ("{token[0]} {when} {link}", StrangePlace),
        ("{token:>999999999} {when} {link}", StrangePlace),
        ("{token!r} {when} {link}", StrangePlace),
        ("{token} {when}", MissingPlace),
        (KEEPS + "x" * 600, TooLong),
    ],
)
def test_own_words_that_cannot_be_filled_in_or_say_too_little_are_refused(text, refusal):
    with pytest.raises(refusal):
        require_fit(USUAL, text)


@given(st.text(max_size=60))
def test_whatever_is_taken_can_be_filled_in(text):
    try:
        require_fit(USUAL, text)
    except (LoneBracket, MissingPlace, StrangePlace, TooLong):
        return
    (text or USUAL.text).format(**dict.fromkeys(USUAL.places, "x"))


def test_two_wordings_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr("apps.notifications.rules.wordings.WORDINGS", {})
    wording("twice.test", Kind.TEST, "one")
    assert wording("twice.test", Kind.TEST, "one").text == "one"
    with pytest.raises(ValueError, match="twice"):
        wording("twice.test", Kind.TEST, "other")


def test_every_wording_has_a_heading_and_its_places_have_examples():
    assert {one.kind for one in WORDINGS.values()} <= set(KINDS)
    assert {place for one in WORDINGS.values() for place in one.places} <= set(EXAMPLES)


def test_the_table_in_the_docs_names_every_message():
    table = (Path(__file__).parents[2] / "docs" / "messages.md").read_text()
    assert [name for name in WORDINGS if f"`{name}`" not in table] == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("अ" * 70, 1),
        ("अ" * 71, 2),
        ("அ" * 135, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
    ],
)
def test_text_messages_are_counted_as_operators_count_them(text, parts):
    assert parts_of(text) == parts


@pytest.mark.parametrize(
    ("at", "not_after", "goes"),
    [
        (TEN_AT_NIGHT, None, SEVEN),
        (TEN_AT_NIGHT - timedelta(hours=1), None, SEVEN),
        (TEN_AT_NIGHT - timedelta(hours=1, seconds=1), None, TEN_AT_NIGHT - timedelta(hours=1, seconds=1)),
        (SEVEN - timedelta(seconds=1), None, SEVEN),
        (SEVEN, None, SEVEN),
        (TEN_AT_NIGHT, SEVEN, TEN_AT_NIGHT),
        (TEN_AT_NIGHT, SEVEN + timedelta(seconds=1), SEVEN),
    ],
)
def test_what_can_wait_waits_for_the_morning_unless_it_were_of_no_use_then(at, not_after, goes):
    assert held_until(at, "Asia/Kolkata", time(21), time(7), not_after) == goes


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["Asia/Kolkata", "America/New_York", "Asia/Kathmandu", "UTC"]),
    st.integers(0, 23),
    st.integers(0, 23),
)
def test_nothing_is_held_back_longer_than_a_night(at, zone, begin, end):
    now = at.replace(tzinfo=UTC)
    goes = held_until(now, zone, time(begin), time(end), None)
    assert now <= goes <= now + timedelta(hours=25)
    assert held_until(goes, zone, time(begin), time(end), None) == goes
