"""Facilities as plain values."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from apps.accounts.models import Facility
from apps.accounts.rules.places import clock_in, day_in, end_of_day
from apps.core.languages import named
from apps.core.queries import one

KEPT_SECONDS = 60
"""How long a process goes on with a facility's name and time zone as it read them."""


@dataclass(frozen=True, slots=True)
class FacilityFacts:
    """What others need to know of a facility: its names, letterhead, clock, currency, and whose holidays it keeps."""

    id: UUID
    name: str
    code: str
    time_zone: str
    currency: str
    address: str
    phone: str
    region: str = ""
    names: Mapping[str, str] = field(default_factory=dict, hash=False)

    def day_of(self, now: datetime) -> date:
        """The facility's day at a moment."""
        return day_in(self.time_zone, now)

    def end_of(self, day: date) -> datetime:
        """The moment a day is over there."""
        return end_of_day(self.time_zone, day)

    def clock(self, now: datetime) -> str:
        """What the clock on the wall shows there: `10:24`."""
        return clock_in(self.time_zone, now)


def facility_facts(facility_id: UUID) -> FacilityFacts:
    """A facility's facts, up to a minute old. Raises `Facility.DoesNotExist`."""
    return _facts(facility_id, int(time.monotonic() // KEPT_SECONDS))


@lru_cache(maxsize=64)
def _facts(facility_id: UUID, minute: int) -> FacilityFacts:
    return _of(Facility.objects.get(id=facility_id))


def facility_position(facility_id: UUID) -> tuple[float, float] | None:
    """Where a facility is, as (latitude, longitude) in degrees; None where nobody has said so."""
    at = Facility.objects.get(id=facility_id)
    if at.latitude is None or at.longitude is None:
        return None
    return float(at.latitude), float(at.longitude)


def facilities() -> list[FacilityFacts]:
    """Every facility, for work that goes through all of them."""
    return [_of(facility) for facility in Facility.objects.all()]


def facility_by_code(code: str) -> FacilityFacts | None:
    """The facility with a code, or None."""
    found = one(Facility.objects.filter(code=code))
    return _of(found) if found else None


def house_name() -> str:
    """What stands above pages of nobody in particular: the facility's name where there is just one, in the reader's
    language."""
    house = _house(int(time.monotonic() // KEPT_SECONDS))
    return named(house) if house else "OPD"


@lru_cache(maxsize=1)
def _house(minute: int) -> FacilityFacts | None:
    found = [_of(facility) for facility in Facility.objects.all()[:2]]
    return found[0] if len(found) == 1 else None


def _of(facility: Facility) -> FacilityFacts:
    return FacilityFacts(
        facility.id,
        facility.name,
        facility.code,
        facility.time_zone,
        facility.currency,
        facility.address,
        facility.phone,
        facility.region,
        facility.names,
    )
