"""A doctor's day by its slots (document 004): who comes when, who is here, which time to suggest, how it went."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.core.errors import Invalid, NotFound, sentence
from apps.eta.queries import expected_added, expected_at, expected_end, learnt_minutes
from apps.eta.rules import Booked
from apps.queue.models import Visit
from apps.queue.queries.shapes.slots import DayStatisticsOut
from apps.queue.rules.states import OPEN, State, public_status
from apps.scheduling.queries import appointments as bookings
from apps.scheduling.queries import as_value, first_free_time, live_with_numbers, slots_of_day, still_held
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.slots import moment
from apps.scheduling.rules.suggesting import Suggestion, ranked

PEAKS = 3
"""How many of the fullest hours are told."""


@dataclass(slots=True)
class DoctorDay:
    """A doctor's slots of a day with whoever has a place, and the visits that have come of it by token."""

    slots: list[Any]
    live: dict[UUID, list[Any]]
    visits: dict[UUID, Visit] = field(default_factory=dict)

    @property
    def rows(self) -> list[Any]:
        """Everybody who has a place, in order of time."""
        return sorted((row for rows in self.live.values() for row in rows), key=lambda row: (row.at, row.place))


def doctor_day(doctor_id: UUID, day: date, now: datetime) -> DoctorDay:
    """A doctor's day. Two queries, and a third once somebody is here."""
    slots = list(slots_of_day(doctor_id, day))
    live = live_with_numbers(slot.id for slot in slots)
    found = DoctorDay(slots, {slot.id: still_held(live[slot.id], now) for slot in slots})
    found.visits = latest_visits(row.token_id for row in found.rows if row.state == AppointmentState.ARRIVED)
    return found


def latest_visits(token_ids: Iterable[UUID]) -> dict[UUID, Visit]:
    """The present visit of each number that has one: the last that began of those that are not over, since somebody
    may be back from a test; when all are over, the last."""
    visits = Visit.objects.filter(token_id__in=list(token_ids)).order_by("scanned_at")
    return {visit.token_id: visit for visit in sorted(visits, key=lambda visit: visit.state in OPEN)}


def status_of(row: Any, visit: Visit | None) -> str:
    """How a number stands for the public (D2): BOOKED until the person comes, then as the visit does."""
    return public_status(State(visit.state)) if visit else str(row.state)


def slot_based(day: DoctorDay) -> list[dict[str, Any]]:
    """The day's queue by slots, people by number."""
    return [_slot(slot, day.live[slot.id], day) for slot in day.slots]


def _slot(slot: Any, rows: list[Any], day: DoctorDay) -> dict[str, Any]:
    return {
        "slot": slot,
        "taken": sum(row.places for row in rows),
        "closed": slot.closed_at is not None,
        "appointments": _in_order(rows, day.visits),
    }


def _in_order(rows: list[Any], visits: dict[UUID, Visit]) -> list[dict[str, Any]]:
    return [_standing(row, place, visits) for place, row in enumerate(rows, 1)]


def _standing(row: Any, position: int, visits: dict[UUID, Visit]) -> dict[str, Any]:
    return {"row": row, "position": position, "status": status_of(row, visits.get(row.token_id))}


def overlaps(day: DoctorDay, first: datetime, last: datetime, average: int) -> dict[str, Any]:
    """What is booked between two moments: which appointments begin before the one ahead of them is likely over."""
    rows = [row for row in day.rows if first <= row.at < last]
    takes = {row.id: row.minutes or average for row in rows}
    over = {row.id: row.at + timedelta(minutes=takes[row.id]) for row in rows}
    pairs = [(one, two) for one, two in pairwise(rows) if two.at < over[one.id]]
    return {
        "slotStartTime": first,
        "slotEndTime": last,
        "totalAppointments": len(rows),
        "hasOverlaps": bool(pairs),
        "overlaps": [
            {
                "appointmentId": two.id,
                "behind": one.id,
                "minutes": int((over[one.id] - two.at).total_seconds() // 60),
            }
            for one, two in pairs
        ],
        "minutesNeeded": sum(takes.values()),
        "minutesThereAre": int((last - first).total_seconds() // 60),
        "queue": _in_order(rows, day.visits),
    }


def slot_position(row: Any, now: datetime) -> dict[str, Any]:
    """Where somebody stands within their slot. Raises `NotFound` for who has no place any more."""
    live = still_held(live_with_numbers([row.slot_id])[row.slot_id], now)
    place = next((place for place, other in enumerate(live, 1) if other.id == row.id), None)
    if place is None:
        raise NotFound
    visits = latest_visits([row.token_id] if row.token_id else [])
    return _standing(row, place, visits) | {"total": len(live)}


def suggestions(
    doctor: Any, day: date, hour: int | None, now: datetime, minutes: int | None = None
) -> list[dict[str, Any]]:
    """Free times of a doctor's day, for a visit of so many minutes, the best first: short wait, near the wished hour,
    little trouble for others."""
    facts = facility_facts(doctor.facility_id)
    found = doctor_day(doctor.id, day, now)
    booked = [Booked(row.at, row.minutes) for row in found.rows]
    average = learnt_minutes(doctor.id, doctor.average_consultation_minutes)
    wished = moment(day, hour * 60, facts.time_zone) if hour is not None else None
    best = ranked(
        [
            _suggestion(slot, Booked(at, minutes), booked, wished, average)
            for slot in found.slots
            if (at := _free_time(slot, found.live[slot.id], now, minutes))
        ]
    )
    slots = {slot.id: slot for slot in found.slots}
    return [_suggested(one, slots[one.slot_id], found.live[one.slot_id], facts, minutes) for one in best]


def _free_time(slot: Any, live: list[Any], now: datetime, minutes: int | None) -> datetime | None:
    """When somebody who books online would have to come; None when there is no place for them."""
    if slot.closed_at or slot.ends_at <= now or not as_value(slot, live).free_for(BookingSource.ONLINE, minutes):
        return None
    return first_free_time(slot, live, now, minutes)


def _suggestion(slot: Any, new: Booked, booked: list[Booked], wished: datetime | None, average: float) -> Suggestion:
    there = [one for one in booked if one.at < slot.ends_at]
    ends = expected_end(booked=[*there, new], average_minutes=average)
    return Suggestion(
        slot_id=slot.id,
        at=new.at,
        wait=expected_at(at=new.at, booked=booked, average_minutes=average).likely,
        others=expected_added(new=new, booked=booked, average_minutes=average),
        overtime=max(0.0, _minutes(ends - slot.ends_at)) if ends else 0.0,
        off_wish=abs(_minutes(new.at - wished)) if wished else 0.0,
    )


def _suggested(one: Suggestion, slot: Any, live: list[Any], facts: Any, minutes: int | None) -> dict[str, Any]:
    return {
        "slot": slot,
        "timeSlot": f"{facts.clock(slot.starts_at)}-{facts.clock(slot.ends_at)}",
        "appointmentTime": one.at,
        "currentAppointments": len(live),
        "availableSpots": as_value(slot, live).free_for(BookingSource.ONLINE, minutes),
        "estimatedWaitTime": round(one.wait),
        "priority": one.score,
        "cost": {
            "wait": round(one.wait, 1),
            "others": round(one.others, 1),
            "overtime": round(one.overtime, 1),
            "offWish": round(one.off_wish, 1),
        },
    }


def statistics(doctor: Any, day: date) -> dict[str, Any]:
    """How a doctor's day went, or goes: bookings, waits, peaks, who came early and who did not come. Two queries."""
    rows = list(bookings().filter(doctor_id=doctor.id, day=day))
    visits = list(Visit.objects.filter(doctor_id=doctor.id, day=day))
    by_token = {visit.token_id: visit for visit in visits}
    states = Counter(row.state for row in rows)
    came = [(row, by_token[row.token_id]) for row in rows if row.token_id in by_token]
    missed = states[AppointmentState.NO_SHOW]
    due = missed + states[AppointmentState.ARRIVED]
    facts = facility_facts(doctor.facility_id)
    hours = Counter(facts.clock(row.at)[:2] for row in rows if row.state in _STANDING)
    counts = {
        "doctorId": doctor.id,
        "date": day,
        "totalAppointments": sum(states[state] for state in _STANDING),
        "booked": states[AppointmentState.BOOKED],
        "arrived": states[AppointmentState.ARRIVED],
        "cancelled": states[AppointmentState.CANCELLED],
        "noShows": missed,
        "noShowRate": round(missed / due, 3) if due else 0.0,
        "displaced": sum(1 for row in rows if row.displaced),
        "walkIns": len(visits) - len(came),
        "seen": sum(1 for visit in visits if visit.state == State.COMPLETED),
        "waiting": sum(1 for visit in visits if visit.state in (State.WAITING, State.URGENT)),
        "earlyArrivals": sum(1 for row, visit in came if visit.scanned_at < row.at),
        "averageWaitMinutes": _mean(
            _minutes(v.called_at - (v.queued_at or v.scanned_at)) for v in visits if v.called_at
        ),
        "averageConsultationMinutes": _mean(
            _minutes(v.completed_at - v.consultation_started_at)
            for v in visits
            if v.completed_at and v.consultation_started_at
        ),
        "peakHours": [{"hour": int(hour), "appointments": many} for hour, many in hours.most_common(PEAKS)],
    }
    return DayStatisticsOut.of(counts)


_STANDING = (AppointmentState.BOOKED, AppointmentState.ARRIVED, AppointmentState.NO_SHOW)
"""Who had a place on the day in the end."""


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return round(sum(known) / len(known), 1) if known else None


FARTHEST = timedelta(days=3653)
"""From now to what somebody may ask about. Beyond it stands no slot, and no calendar has year 0."""


def require_near(name: str, at: datetime, now: datetime) -> None:
    """Refuse a moment, told in the field of this name, that is far from any slot. Raises `Invalid`."""
    if abs(at - now) > FARTHEST:
        raise Invalid({name: [sentence("Choose a time within ten years of today.")]})


def require_window(first: datetime, last: datetime, now: datetime) -> None:
    """Refuse a stretch of time that is none, or far from any slot. Raises `Invalid`."""
    for name, at in (("slotStartTime", first), ("slotEndTime", last)):
        require_near(name, at, now)
    if last <= first:
        raise Invalid({"slotEndTime": [sentence("The end must be after the beginning.")]})
