"""The people of a planned day who have booked: they get a place, come by it, give it up or stay away."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.queue.commands import book, cancel_booking, miss_booking
from apps.queue.commands.giving_up import NO_SHOW_GRACE
from apps.queue.queries.bookings import coming_of
from opd.simulation.plan import Booking, Fate

if TYPE_CHECKING:
    from opd.simulation.player import Player

Act = Callable[[], object]

GIVES_UP_BEFORE = timedelta(hours=1)
TOO_EARLY = timedelta(hours=1)
"""How long before the appointment somebody would rather wait at home."""


class Booked:
    """The bookings of a day that a player plays."""

    def __init__(self, player: "Player") -> None:
        self._player = player
        self._people: dict[int, UUID] = {}

    def who(self, number: int) -> UUID | None:
        """The record of whoever made the booking of this number; None for nobody."""
        return self._people.get(number)

    def of_today(self, patient_id: UUID) -> Any:
        """The booking by which somebody may come today, if any: it may have been put on another day."""
        day = self._player.opens_at.date()
        return coming_of(patient_id, day).filter(day=day).first()

    def is_too_early(self, row: Any) -> bool:
        """Whether it is long until a booking."""
        return row.at - self._player.now > TOO_EARLY

    def book(self, booking: Booking) -> None:
        """A place for somebody, or one on the waiting list; then they come, or do not."""
        player = self._player
        patient_id = self._people[booking.number] = player.enrol(booking.person)
        outcome = player.do(
            book,
            actor=player.cast.desk,
            doctor_id=player.cast.practitioners[booking.doctor].id,
            patient_id=patient_id,
            source=booking.source,
            appointment_time=player.opens_at + timedelta(seconds=booking.at),
        )
        row = outcome.appointment
        if row and booking.fate is not Fate.COMES:
            self.at_clock(row.at - GIVES_UP_BEFORE, partial(self._lose, booking, patient_id))

    def _lose(self, booking: Booking, patient_id: UUID) -> None:
        """Somebody gives their place up, or it is noted in the end that they did not come."""
        player, row = self._player, self.of_today(patient_id)
        if row is None:
            return
        if booking.fate is Fate.GIVES_UP:
            player.do(cancel_booking, actor=player.cast.desk, booking_id=row.id, reason="Cannot come.")
        elif player.now < row.at + NO_SHOW_GRACE:
            self.at_clock(row.at + NO_SHOW_GRACE, partial(self._lose, booking, patient_id))
        else:
            player.do(miss_booking, actor=player.cast.desk, booking_id=row.id)

    def at_clock(self, moment: datetime, act: Act) -> None:
        """Put an act on the agenda for a moment, or for now if that is past."""
        self._player.later(max((moment - self._player.now).total_seconds(), 0), act)
