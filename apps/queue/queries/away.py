"""Doctors' times as the desk sees them: who is away or late, and whom a person has to look after. Reads only."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from apps.accounts.queries import FacilityFacts
from apps.accounts.rules.regions import public_holidays
from apps.core.errors import NotFound
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.patients.queries import brief
from apps.queue.queries.leave import left_waiting
from apps.scheduling.queries import (
    delays_now,
    doctor_of,
    doctors,
    leaves,
    slots_of_day,
    stranded,
    to_be_called,
    waiting_in_vain,
)
from apps.scheduling.rules.slots import ROLLING_DAYS


def doctors_to_decide(actor: Actor) -> list[Any]:
    """Doctors about whose times somebody may decide: those all of whose departments are theirs."""
    return [doctor for doctor in doctors() if doctor.department_ids and may_decide(actor, doctor)]


def may_decide(actor: Actor, doctor: Any) -> bool:
    """Whether somebody may decide about a doctor's times."""
    return all(actor.may(Permission.SCHEDULE_CHANGE, Scope(actor.facility_id, d)) for d in doctor.department_ids)


def doctor_to_decide(actor: Actor, doctor_id: UUID) -> Any:
    """A doctor about whose times somebody may decide. Raises `NotFound` as for one that is not there."""
    doctor = doctor_of(doctor_id)
    if not doctor.department_ids or not may_decide(actor, doctor):
        raise NotFound
    return doctor


def doctor_rows(actor: Actor, facility: FacilityFacts, now: datetime) -> list[dict[str, Any]]:
    """`{id, name, late, away, next}`: minutes late today, the leave that is now, the one that comes."""
    late = delays_now(facility.day_of(now), now)
    held = list(leaves().filter(ends_at__gt=now))
    rows = []
    for doctor in doctors_to_decide(actor):
        own = [leave for leave in held if leave.doctor_id == doctor.id]
        away = next((leave for leave in own if leave.starts_at <= now), None)
        coming = next((leave for leave in own if leave.starts_at > now), None)
        rows.append(
            {
                "id": doctor.id,
                "name": named(doctor),
                "late": late.get(doctor.id, 0),
                "away": when(facility, away.starts_at, away.ends_at) if away else "",
                "coming": when(facility, coming.starts_at, coming.ends_at) if coming else "",
            }
        )
    return rows


def leave_rows(doctor_id: UUID, facility: FacilityFacts, now: datetime) -> list[dict[str, Any]]:
    """`{id, when, reason}` of a doctor's leaves that are not over."""
    found = leaves().filter(doctor_id=doctor_id, ends_at__gt=now)
    return [{"id": row.id, "when": when(facility, row.starts_at, row.ends_at), "reason": row.reason} for row in found]


def slot_rows(doctor_id: UUID, day: date, facility: FacilityFacts, now: datetime) -> list[dict[str, Any]]:
    """`{id, time, taken, capacity, late, closed, over}` of a doctor's day."""
    return [
        {
            "id": slot.id,
            "time": f"{facility.clock(slot.starts_at)}–{facility.clock(slot.ends_at)}",
            "taken": slot.taken,
            "capacity": slot.capacity,
            "late": slot.delay_minutes,
            "closed": slot.closed_reason if slot.closed_at else "",
            "is_closed": bool(slot.closed_at),
            "over": slot.ends_at <= now,
        }
        for slot in slots_of_day(doctor_id, day)
    ]


def cases(actor: Actor, facility: FacilityFacts, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Whom a person has to look after: `bookings` without a place, `visits` in the hall for somebody who is away,
    `waiting` for a day that was cancelled, and `calls` to those who have no phone of their own."""

    def mine(rows: Any) -> list[Any]:
        return [row for row in rows if actor.may(Permission.BOOKING_CHANGE, Scope(row.facility_id, row.department_id))]

    def row(one: Any, told: str) -> dict[str, Any]:
        token = getattr(one, "token", None)
        person = brief(one.patient, now, actor)
        about = {"id": one.id, "token": token.label if token else "", "doctor": named(one.doctor), "when": told}
        return person | about

    return {
        "bookings": [row(one, moment_of(facility, one.at)) for one in mine(stranded())],
        "visits": [row(one, "") for one in mine(left_waiting(now))],
        "waiting": [row(one, day_of(one.preferred_day)) for one in mine(waiting_in_vain(now))],
        "calls": [row(one, moment_of(facility, one.at)) for one in mine(to_be_called(now))],
    }


def holidays_ahead(facility: FacilityFacts, now: datetime) -> list[dict[str, str]]:
    """`{day, name}` of the public holidays for which slots are made or not."""
    today = facility.day_of(now)
    found = public_holidays(facility.region, today, today + timedelta(days=ROLLING_DAYS))
    return [{"day": day_of(day), "name": name} for day, name in sorted(found.items())]


def when(facility: FacilityFacts, starts: datetime, ends: datetime) -> str:
    """From where to where, by the hospital's clock: whole days as days."""
    zone = ZoneInfo(facility.time_zone)
    first, last = starts.astimezone(zone), ends.astimezone(zone)
    if (
        facility.end_of(first.date() - timedelta(days=1)) == starts
        and facility.end_of((last - timedelta(minutes=1)).date()) == ends
    ):
        days = (first.date(), (last - timedelta(minutes=1)).date())
        return day_of(days[0]) if days[0] == days[1] else f"{day_of(days[0])} – {day_of(days[1])}"
    end = facility.clock(ends) if first.date() == last.date() else moment_of(facility, ends)
    return f"{moment_of(facility, starts)} – {end}"


def moment_of(facility: FacilityFacts, at: datetime) -> str:
    """`23 November, 10:20`, by the hospital's clock."""
    return date_format(at.astimezone(ZoneInfo(facility.time_zone)), "j F, H:i")


def hours_of(facility: FacilityFacts, slot: Any) -> str:
    """`23 November, 10:00–11:00` of a slot, by the hospital's clock."""
    return f"{moment_of(facility, slot.starts_at)}–{facility.clock(slot.ends_at)}"


def day_of(day: date) -> str:
    """`Mon, 23 November`."""
    return date_format(day, "D, j F")
