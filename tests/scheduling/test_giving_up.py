"""Until when a booking can be given up, and what comes back (requirements SCH-6, D10)."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.scheduling.rules.giving_up import USUAL_REFUNDS, giving_up, read_refunds

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "allowed", "late", "refund"),
    [
        (48, True, False, 100),
        (24, True, False, 100),
        (23.99, True, True, 75),
        (12, True, True, 75),
        (11.99, True, True, 50),
        (6, True, True, 50),
        (5.99, True, True, 0),
        (0.5, True, True, 0),
        (0.49, False, True, 0),
        (-1, False, True, 0),
    ],
)
def test_the_notice_decides(hours, allowed, late, refund):
    found = giving_up(AT, AT - timedelta(hours=hours))
    assert (found.allowed, found.late, found.refund_percent) == (allowed, late, refund)


def test_what_the_hospital_cancels_comes_back_whole():
    assert giving_up(AT, AT, by_us=True).refund_percent == 100


def test_a_hospital_has_its_own_table():
    own = read_refunds("48:90,2:10")
    given = [giving_up(AT, AT - timedelta(hours=hours), own).refund_percent for hours in (48, 47, 2, 1)]
    assert given == [90, 10, 10, 0]
    assert read_refunds("24:100,12:75,6:50") == list(USUAL_REFUNDS)


@pytest.mark.parametrize("text", ["6:50,12:75", "12:50,6:75", "12:101", "-1:50", "12", "noon:5"])
def test_a_table_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        read_refunds(text)
