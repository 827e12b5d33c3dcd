"""What is not everyday in the coming weeks: a place that is held, one that is offered, a series, somebody who gives
way, a slot that takes more people, one that might. Each is there once at a time; what a person had a hand in is left
alone."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from apps.queue import commands
from apps.queue.queries.overbooking import advised
from apps.scheduling.queries import appointments, open_offers, slots, waiting_entries
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import LIVE, AppointmentState
from apps.scheduling.rules.capacity import Stretch
from opd.simulation.cast import Cast, Practitioner

Somebody = Callable[[Cast, Practitioner, datetime], UUID]
"""A person who could go to a doctor, enrolled if need be."""

THINKS_FOR = timedelta(seconds=40)
"""How long somebody holds a place before they book it, or is asked before they answer."""

CHANGES_THEIR_MIND, DECLINES = 0.3, 0.3
SERIES_WEEKS, SERIES_IN = 4, timedelta(days=5)
GIVES_WAY_IN = timedelta(days=1)
BOOKED_OUT_IN = timedelta(days=8)
"""So long before, and longer, about a third of those who book do not come."""


class Unusual:
    """Does what is missing of all this. `somebody` says for whom; `touched` which bookings are a person's."""

    def __init__(self, somebody: Somebody, touched: Callable[[Cast, list[UUID]], set[UUID]]) -> None:
        self.somebody = somebody
        self.touched = touched

    def deeds(self, cast: Cast, today: date, now: datetime) -> Iterator[Callable[[], object]]:
        """What is due now."""
        coming = appointments().filter(day__gt=today, state__in=sorted(LIVE)).order_by("booked_at")
        doctors = list(cast.practitioners.values())
        yield from self._holds(cast, coming.filter(state=AppointmentState.HELD), doctors[0], today, now)
        yield from self._offers(cast, today, now)
        if not coming.filter(series_id__isnull=False).exists():
            yield partial(self._book_series, cast, doctors[-2], today + SERIES_IN, now)
        if not coming.filter(displaced__gt=0).exists():
            yield partial(self._push_in, cast, doctors[1], today + GIVES_WAY_IN, now)
        long_before = (
            slots().filter(day__gte=today + BOOKED_OUT_IN).order_by("day").values_list("day", flat=True).first()
        )
        if long_before and not advised([doctor.id for doctor in doctors], long_before, now):
            yield partial(self._book_out, cast, long_before, now)
        if not slots().filter(day__gt=today).exclude(emergency_level="").exists():
            yield partial(self._stretch, cast, doctors[-1], today + GIVES_WAY_IN, now)

    def _holds(
        self, cast: Cast, held: Any, doctor: Practitioner, today: date, now: datetime
    ) -> Iterator[Callable[[], object]]:
        """Somebody holds a place, and books it after a while or lets it go."""
        rows = list(held.filter(offers__isnull=True))
        own = {row.id for row in rows} - self.touched(cast, [row.id for row in rows])
        for row in rows:
            if row.id in own and row.booked_at + THINKS_FOR <= now and _draw(row.id) > CHANGES_THEIR_MIND:
                yield partial(commands.confirm_booking, actor=cast.desk, now=now, booking_id=row.id)
        if not rows:
            slot = _busiest(doctor.id, today + timedelta(days=2), full=False)
            if slot:
                yield partial(self._for_somebody, commands.request_hold, cast, doctor, now, slot_id=slot.id)

    def _offers(self, cast: Cast, today: date, now: datetime) -> Iterator[Callable[[], object]]:
        """Whoever is asked about a place answers after a while; when nobody is asked, somebody gives a place up."""
        waiting = {entry.id: entry for entry in waiting_entries(now).filter(preferred_day__gt=today)}
        asked = open_offers(waiting, now)
        for entry_id, offer in asked.items():
            if offer.made_at + THINKS_FOR <= now:
                answer = commands.decline_place if _draw(offer.id) < DECLINES else commands.accept_place
                yield partial(answer, actor=cast.desk, now=now, waiting_id=entry_id)
        first = next(iter(waiting.values()), None)
        if first and not asked:
            yield partial(self._give_up, cast, first, now)

    def _give_up(self, cast: Cast, entry: Any, now: datetime) -> None:
        rows = appointments().filter(
            doctor_id=entry.doctor_id, day=entry.preferred_day, state=AppointmentState.BOOKED, displaced=0
        )
        people = self.touched(cast, [row.id for row in rows])
        row = next((row for row in rows if row.id not in people), None)
        if row:
            commands.cancel_booking(actor=cast.desk, now=now, booking_id=row.id, reason="Cannot come.")

    def _book_series(self, cast: Cast, doctor: Practitioner, day: date, now: datetime) -> None:
        slot = _busiest(doctor.id, day, full=False)
        if slot:
            how = {"slot_id": slot.id, "weeks": SERIES_WEEKS}
            self._for_somebody(commands.book_series, cast, doctor, now, **how)

    def _push_in(self, cast: Cast, doctor: Practitioner, day: date, now: datetime) -> None:
        """Book the busiest slot of a day out, until somebody who paid for it takes the place of somebody else."""
        slot = _busiest(doctor.id, day, full=True)
        if slot is None:
            return
        for source in [BookingSource.ONLINE] * (slot.capacity - slot.taken) + [BookingSource.PAID_PRIORITY]:
            self._for_somebody(commands.book, cast, doctor, now, source, preferred_slot_id=slot.id)

    def _book_out(self, cast: Cast, day: date, now: datetime) -> None:
        """Book all places of a slot so long before that some will probably not come: more might be opened."""
        seen = ((doctor, _busiest(doctor.id, day, full=False)) for doctor in cast.practitioners.values())
        doctor, slot = max(((d, s) for d, s in seen if s), key=lambda found: found[1].capacity, default=(None, None))
        if doctor is None or slot is None:
            return
        free = slot.capacity - slot.taken
        sources = [BookingSource.ONLINE] * (free - slot.walk_in_reserve) + [BookingSource.WALK_IN] * free
        for source in sources[:free]:
            self._for_somebody(commands.book, cast, doctor, now, source, preferred_slot_id=slot.id)

    def _stretch(self, cast: Cast, doctor: Practitioner, day: date, now: datetime) -> None:
        slot = _busiest(doctor.id, day, full=True)
        if slot:
            how = {"slot_id": slot.id, "emergency_level": Stretch.HIGH, "reason": "Accident on the ring road"}
            commands.override_slot(actor=cast.nurse, now=now, **how)

    def _for_somebody(
        self,
        command: Any,
        cast: Cast,
        doctor: Practitioner,
        now: datetime,
        source: BookingSource = BookingSource.ONLINE,
        **how: Any,
    ) -> None:
        patient_id = self.somebody(cast, doctor, now)
        command(actor=cast.desk, now=now, doctor_id=doctor.id, patient_id=patient_id, source=source, **how)


def _busiest(doctor_id: UUID, day: date, *, full: bool) -> Any:
    """The slot of a day in which most places are taken, the full ones only if they count."""
    found = list(slots().filter(doctor_id=doctor_id, day=day, closed_at__isnull=True))
    open_ones = [slot for slot in found if full or slot.taken < slot.capacity - slot.walk_in_reserve]
    return max(open_ones, key=lambda slot: (slot.taken, slot.starts_at), default=None)


def _draw(of: UUID) -> float:
    """The same number for the same thing, whenever it is asked."""
    return Random(f"{of}:unusual").random()
