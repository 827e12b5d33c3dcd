"""Public holidays of a region, from the calendars of the `holidays` library."""

from datetime import date
from functools import lru_cache

import holidays


def is_region(code: str) -> bool:
    """Whether there is a calendar for a country, or a part of one: `IN`, `IN-TN` (ISO 3166)."""
    country, _dash, part = code.partition("-")
    known = holidays.list_supported_countries(include_aliases=False)
    return country in known and (code == country or part in known[country])


def public_holidays(region: str, first: date, last: date) -> dict[date, str]:
    """The public holidays from one day to another, both included, with their names in English; none without a
    region. Days that hang on the moon are those that the library expects."""
    if not region:
        return {}
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in _of_year(region, year).items()
        if first <= day <= last
    }


@lru_cache(maxsize=64)
def _of_year(region: str, year: int) -> dict[date, str]:
    country, _dash, part = region.partition("-")
    return dict(holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US").items())
