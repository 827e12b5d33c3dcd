"""Choosing a time with a doctor, at the desk and on a phone: days as links, the times of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts
from apps.queue.queries.day import WINDOW, days_to_choose, nearest_times, times_of_day, window_of
from apps.scheduling.rules.allocation import BookingSource


@dataclass(frozen=True, slots=True)
class Choice:
    """What has been chosen so far: with whom, in which departments, how it came about, which day if any."""

    facility: FacilityFacts
    doctor: Any
    department_ids: list[UUID]
    source: BookingSource
    day: date | None
    now: datetime

    @property
    def today(self) -> date:
        return self.facility.day_of(self.now)

    def near(self, around: datetime) -> list[dict[str, Any]]:
        """Free times near one that is gone."""
        return nearest_times(self.doctor.id, self.source, around, self.now, self.facility)


def soonest(doctors: list[Any], free: dict[UUID, Any]) -> list[Any]:
    """Doctors by when they have a place, where `free` has the first slot of each; those without one last."""
    return sorted(doctors, key=lambda d: (d.id not in free, free[d.id].starts_at if d.id in free else None, d.name))


def times_to_choose(choice: Choice, path: str, near: Sequence[dict[str, Any]] = (), **kept: Any) -> dict[str, Any]:
    """The days on which a doctor sees people, as links to `path` that keep what was chosen, and the times of one:
    the chosen one, else the first with a free place. `near` are times that stand before them."""
    doctor_id, ids, source, now = choice.doctor.id, choice.department_ids, choice.source, choice.now
    first = window_of(choice.day, choice.today)
    free = days_to_choose(doctor_id, ids, source, now, first)
    day = choice.day if choice.day in free else next((d for d in free if free[d]), next(iter(free), None))
    times = times_of_day(doctor_id, day, ids, source, now, choice.facility) if day else []
    _choose_first([*near, *times])

    def url(to: date) -> str:
        return f"{path}?{urlencode(kept | {'day': to.isoformat()})}"

    return {
        "doctor": choice.doctor,
        "days": [_day_link(d, places, url(d), selected=d == day) for d, places in free.items()],
        "earlier": url(first - WINDOW) if first > choice.today else "",
        "later": url(first + WINDOW),
        "iso_day": day.isoformat() if day else "",
        "day": date_format(day, "l j F") if day else "",
        "times": times,
        "near": near,
        "full": bool(times) and not any(time["free"] for time in times),
    }


def _choose_first(times: list[dict[str, Any]]) -> None:
    """Choose the first free time beforehand; where all are full the first, which stands for the day."""
    chosen = next((time for time in times if time["free"]), times[0] if times else None)
    for time in times:
        time["chosen"] = time is chosen


def _day_link(day: date, free: int, url: str, *, selected: bool) -> dict[str, Any]:
    places = ngettext("%(places)s free", "%(places)s free", free) % {"places": free} if free else gettext("full")
    return {"label": date_format(day, "D j M"), "places": places, "full": not free, "url": url, "selected": selected}
