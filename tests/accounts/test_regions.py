"""Public holidays by region."""

from datetime import date

import pytest

from apps.accounts.rules.regions import is_region, public_holidays


@pytest.mark.parametrize("code", ["IN", "IN-TN", "NP", "DE-BY"])
def test_known_regions(code: str):
    assert is_region(code)


@pytest.mark.parametrize("code", ["", "XX", "IN-XX", "in", "IN-", "India"])
def test_unknown_regions(code: str):
    assert not is_region(code)


def test_holidays_are_those_of_the_region_within_the_days_asked_for():
    found = public_holidays("IN", date(2026, 12, 1), date(2027, 1, 26))
    assert found[date(2026, 12, 25)] == "Christmas"
    assert found[date(2027, 1, 26)] == "Republic Day"
    assert min(found) >= date(2026, 12, 1)
    assert public_holidays("", date(2026, 1, 1), date(2026, 12, 31)) == {}
