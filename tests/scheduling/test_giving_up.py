"""Until when a booking can be given up, and what comes back (requirements SCH-6, D10)."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.scheduling.rules.giving_up import giving_up

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
