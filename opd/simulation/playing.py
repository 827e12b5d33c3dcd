"""A whole simulated day from nothing: a hospital of its own, the plan played, everything delivered and sealed."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import FacilityFacts, facility_by_code, staff_by_email
from apps.audit.commands import seal
from apps.core.policy import system_actor
from apps.core.relay import Relay
from apps.scheduling.commands import make_slots
from opd.demo.loading import load
from opd.demo.shapes import Hospital
from opd.removal import remove_facility
from opd.simulation.cast import VIA, cast_of
from opd.simulation.hospital import simulated_hospital
from opd.simulation.plan import plan_day
from opd.simulation.player import Player
from opd.subscriptions import handlers_for

OPENING = clock_time(9)
"""When the doors open, by the hospital's own clock."""

SETTLED_WITHIN = 60.0
"""Seconds that the day's events have to be delivered afterwards."""


class CodeInUse(Exception):
    """The facility exists and was made by people."""


@dataclass(frozen=True, slots=True)
class Day:
    """What is to be played. `speed`: virtual seconds per second, None for as fast as it goes; no `day`: today."""

    code: str
    seed: int
    doctors: int
    visits: int
    speed: float | None = None
    day: date | None = None
    foretold: bool = False
    """Whether events are delivered as they come, so that times are predicted while people wait."""


@dataclass(frozen=True, slots=True)
class Played:
    """What was played: where, how many commands, in how many real seconds."""

    facility: FacilityFacts
    commands: int
    seconds: float


def play(day: Day, told: Callable[[int], None] = lambda _: None) -> Played:
    """Make the hospital and play the day in it; `told` gets the number of visits that have ended.

    A hospital left by an earlier playing is replaced. Raises `CodeInUse` for one that people made.
    """
    hospital = simulated_hospital(day.code, day.doctors)
    facility = _found(hospital)
    opens_at = datetime.combine(day.day or facility.day_of(timezone.now()), OPENING, ZoneInfo(facility.time_zone))
    began = time.monotonic()
    relay = Relay(handlers_for)
    aside = 0.0

    def reached(moment: datetime) -> None:
        nonlocal aside
        told(player.ended)
        if day.foretold:
            before = time.monotonic()
            relay.run_once()
            aside += time.monotonic() - before
        if day.speed:
            due = began + (moment - opens_at).total_seconds() / day.speed
            time.sleep(max(0.0, due - time.monotonic()))

    with scope(facility=facility.id):
        system = system_actor(VIA, facility.id)
        make_slots(actor=system, now=opens_at - timedelta(days=1), facility_id=facility.id, days=4)
    plan = plan_day(day.seed, hospital.practices(), day.visits)
    player = Player(plan, cast_of(hospital), opens_at, reached)
    player.play()
    return Played(facility, player.commands, time.monotonic() - began - aside)


def _found(hospital: Hospital) -> FacilityFacts:
    known = facility_by_code(hospital.code)
    if known:
        if not staff_by_email(hospital.address_of(hospital.staff[0].account)):
            raise CodeInUse
        remove_facility(known.id, timezone.now())
    return load(hospital, timezone.now(), secrets.token_urlsafe())


def settle(facility_id: UUID) -> None:
    """Have every event of a facility delivered and every audit entry sealed, here or by the house's own relay."""
    relay = Relay(handlers_for, chores=[seal])
    until = time.monotonic() + SETTLED_WITHIN
    relay.run_once()
    while _undelivered(facility_id) and time.monotonic() < until:
        time.sleep(0.2)
        relay.run_once()


def _undelivered(facility_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM core_outboxevent"
            " WHERE facility_id = %s AND delivered_at IS NULL AND parked_at IS NULL)",
            [facility_id],
        )
        return bool(cursor.fetchone()[0])
