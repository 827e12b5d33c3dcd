"""Which slots might take more people than they have places, because some who are booked will probably not come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.eta.queries import absence_odds
from apps.eta.rules.noshow import extra_places, no_show_odds
from apps.scheduling.queries import live_appointments, slots_of_doctors, still_held
from apps.scheduling.queries.sessions import past_of
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.capacity import OVERBOOKED


@dataclass(frozen=True, slots=True)
class Advice:
    """How many places beyond the usual ones might be opened in a slot, and why."""

    slot: Any
    booked: int
    """Places that are taken."""
    absent: float
    """How many of those who are booked and not here will probably not come."""
    places: int
    opened: int
    """Places beyond the usual ones that are open already."""

    @property
    def wait(self) -> int:
        """Minutes that each person after those would wait longer on average if everybody came all the same."""
        length = (self.slot.ends_at - self.slot.starts_at).total_seconds() / 60
        return round(self.places * length / max(self.usual, 1))

    @property
    def usual(self) -> int:
        """The places that the slot usually has."""
        return int(self.slot.usual_capacity or self.slot.capacity)


def advice_for(slot: Any, now: datetime) -> Advice:
    """The advice for one slot."""
    return next(iter(_advice([slot], now)))


def advised(doctor_ids: Iterable[UUID], day: date, now: datetime) -> list[Advice]:
    """The slots of a day that are not over and either have more places already, or might have. Four statements."""
    slots = [slot for slot in slots_of_doctors(doctor_ids, day) if not slot.closed_at and slot.ends_at > now]
    return [one for one in _advice(slots, now) if one.places or one.opened]


def _advice(slots: list[Any], now: datetime) -> list[Advice]:
    booked = live_appointments(slot.id for slot in slots)
    live = {slot.id: still_held(booked[slot.id], now) for slot in slots}
    to_come = {slot.id: [row for row in live[slot.id] if row.state == AppointmentState.BOOKED] for slot in slots}
    people = {row.patient_id for rows in to_come.values() for row in rows}
    past = {day: past_of(people, day) for day in {slot.day for slot in slots}} if people else {}
    odds_of = absence_odds(slots[0].facility_id) if people else None
    found = []
    for slot in slots:
        odds = []
        for row in to_come[slot.id] if odds_of else ():
            given = no_show_odds(row.at - row.booked_at, *past[slot.day].get(row.patient_id, (0, 0)))
            odds.append(odds_of(given, (now - row.at).total_seconds() / 60))  # type: ignore[misc]
        taken, usual = sum(row.places for row in live[slot.id]), slot.usual_capacity or slot.capacity
        opened = slot.capacity - usual if slot.emergency_level == OVERBOOKED else 0
        stretched = bool(slot.emergency_level) and not opened
        places = extra_places(odds) if taken >= usual and not stretched else 0
        found.append(Advice(slot, taken, round(sum(odds), 1), places, opened))
    return found
