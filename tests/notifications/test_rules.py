from datetime import UTC, datetime, timedelta

import pytest

from apps.notifications.rules import PAUSES, TRIES, next_try

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("attempts", "pause"), [(1, 5 * SECOND), (2, 25 * SECOND)])
def test_a_failed_message_is_tried_again_after_5_and_25_seconds(attempts, pause):
    assert next_try(attempts, NOW, final=False, not_after=None) == NOW + pause


def test_the_third_failure_is_the_last():
    assert next_try(TRIES, NOW, final=False, not_after=None) is None


def test_what_a_provider_refuses_for_good_is_not_tried_again():
    assert next_try(1, NOW, final=True, not_after=None) is None


@pytest.mark.parametrize(("left", "again"), [(PAUSES[0], False), (PAUSES[0] + SECOND, True)])
def test_what_would_come_too_late_is_not_tried_again(left, again):
    assert (next_try(1, NOW, final=False, not_after=NOW + left) is not None) is again
