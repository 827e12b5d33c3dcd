"""Who missed a call is in line again, or off the queue: the rule alone."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.queue.rules.missing import Aftermath, Patience, aftermath

NINE = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
PATIENCE = Patience(after=3, most=2, grace=timedelta(minutes=15))


@pytest.mark.parametrize(
    ("missed", "passed", "minutes", "becomes"),
    [
        (1, 0, 0, Aftermath.WAIT),
        (1, 2, 14, Aftermath.WAIT),
        (1, 3, 0, Aftermath.BACK_IN_LINE),
        (1, 0, 15, Aftermath.BACK_IN_LINE),
        (2, 9, 14, Aftermath.WAIT),
        (2, 0, 15, Aftermath.NO_SHOW),
        (3, 0, 15, Aftermath.NO_SHOW),
        (1, 0, -5, Aftermath.WAIT),
    ],
)
def test_what_becomes_of_whom(missed: int, passed: int, minutes: int, becomes: Aftermath):
    now = NINE + timedelta(minutes=minutes)
    assert aftermath(PATIENCE, now=now, missed_calls=missed, missed_at=NINE, passed_by=passed) is becomes


def test_who_said_when_they_are_back_is_in_line_then_and_not_before():
    back = {"missed_calls": 2, "missed_at": NINE, "passed_by": 9, "back_at": NINE + timedelta(minutes=40)}
    assert aftermath(PATIENCE, now=NINE + timedelta(minutes=39), **back) is Aftermath.WAIT
    assert aftermath(PATIENCE, now=NINE + timedelta(minutes=40), **back) is Aftermath.BACK_IN_LINE


def test_who_was_sent_for_a_test_waits_until_somebody_takes_them_back():
    later = NINE + timedelta(hours=5)
    assert aftermath(PATIENCE, now=later, missed_calls=0, missed_at=None, passed_by=0) is Aftermath.WAIT
