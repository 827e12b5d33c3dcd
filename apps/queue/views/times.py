"""Choosing a time with a doctor, at the desk and on a phone: days as links, the times of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.core.errors import Conflict
from apps.core.languages import named
from apps.core.views import run_form, said, version_of
from apps.queue.commands import reschedule
from apps.queue.patient_forms import BookingForm
from apps.queue.queries.day import WINDOW, days_to_choose, nearest_times, times_of_day, window_of
from apps.queue.views.asked import asked_day
from apps.scheduling.commands import SlotGone
from apps.scheduling.queries import TypeOfVisit
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.lengths import USUAL, Length


@dataclass(frozen=True, slots=True)
class Choice:
    """What has been chosen so far: with whom, in which departments, how it came about, which day if any."""

    facility: FacilityFacts
    doctor: Any
    department_ids: list[UUID]
    source: BookingSource
    day: date | None
    now: datetime
    kinds: Sequence[TypeOfVisit] = ()
    length: Length = USUAL

    @property
    def today(self) -> date:
        return self.facility.day_of(self.now)

    @property
    def kind(self) -> str:
        """The id of the chosen type of visit, "" for none."""
        return str(self.length.visit_type_id or "")

    def near(self, around: datetime) -> list[dict[str, Any]]:
        """Free times near one that is gone."""
        return nearest_times(self.doctor.id, self.source, around, self.now, self.facility, self.length.minutes)


def choice_to_move(request: HttpRequest, row: Any) -> Choice:
    """Another time for a booking: the same doctor, source and length."""
    facility, length = facility_facts(row.facility_id), Length(row.visit_type_id, row.minutes)
    wanted: date | None = asked_day(request) or row.day
    source = BookingSource(row.source)
    return Choice(facility, row.doctor, [row.department_id], source, wanted, timezone.now(), length=length)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a wish to move a booking: what was answered, or free times near the one that is gone."""

    answer: dict[str, Any] | None = None
    near: Sequence[dict[str, Any]] = ()
    status: int = 400


def move_to(request: HttpRequest, row: Any, form: BookingForm) -> Tried:
    """Move a booking to the time that was chosen; a refusal stands in the form."""
    if not form.is_valid():
        return Tried()
    slot_id, version = form.cleaned_data["slot"][1], version_of(request)
    try:
        answer = run_form(request, reschedule, _moved, booking_id=row.id, slot_id=slot_id, expected_version=version)
    except Conflict as refusal:
        form.add_error(None, said(refusal))
        near = choice_to_move(request, row).near(row.at) if isinstance(refusal, SlotGone) else []
        return Tried(near=near, status=409)
    return Tried(answer)


def _moved(moved: Any) -> dict[str, Any]:
    fresh, promoted = moved
    return {"bookingId": str(fresh.id), "promoted": [other.token.label for other in promoted]}


def soonest(doctors: list[Any], free: dict[UUID, Any]) -> list[Any]:
    """Doctors by when they have a place, where `free` has the first slot of each; those without one last."""
    return sorted(doctors, key=lambda d: (d.id not in free, free[d.id].starts_at if d.id in free else None, d.name))


def times_to_choose(choice: Choice, path: str, near: Sequence[dict[str, Any]] = (), **kept: Any) -> dict[str, Any]:
    """The days on which a doctor sees people, as links to `path` that keep what was chosen, and the times of one:
    the chosen one, else the first with a free place. `near` are times that stand before them."""
    doctor_id, ids, source, now = choice.doctor.id, choice.department_ids, choice.source, choice.now
    first, minutes = window_of(choice.day, choice.today), choice.length.minutes
    free = days_to_choose(doctor_id, ids, source, now, first, minutes)
    day = choice.day if choice.day in free else next((d for d in free if free[d]), next(iter(free), None))
    times = times_of_day(doctor_id, day, ids, source, now, choice.facility, minutes) if day else []
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
        "kinds": [(str(kind.id), kind_label(kind), str(kind.id) == choice.kind) for kind in choice.kinds],
    }


def kind_label(kind: TypeOfVisit) -> str:
    """A type of visit with its length."""
    return gettext("%(name)s, %(minutes)s min") % {"name": named(kind), "minutes": kind.minutes}


def _choose_first(times: list[dict[str, Any]]) -> None:
    """Choose the first free time beforehand; where all are full the first, which stands for the day."""
    chosen = next((time for time in times if time["free"]), times[0] if times else None)
    for time in times:
        time["chosen"] = time is chosen


def _day_link(day: date, free: int, url: str, *, selected: bool) -> dict[str, Any]:
    places = ngettext("%(places)s free", "%(places)s free", free) % {"places": free} if free else gettext("full")
    return {"label": date_format(day, "D j M"), "places": places, "full": not free, "url": url, "selected": selected}
