"""Document 004's queue by slots: a doctor's day, one person's turn, suggestions, and moving people by hand."""

from datetime import date
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import facility_facts
from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission, Scope
from apps.queue import commands
from apps.queue.api.booking import MoveIn, seen
from apps.queue.api.staff import arrived_json
from apps.queue.queries.shapes.slots import (
    AnnouncedOut,
    DayStatisticsOut,
    EarlyOut,
    MovedByHandOut,
    OverlapsOut,
    SlotBasedOut,
    SlotPositionOut,
    SuggestionsOut,
)
from apps.queue.queries.slots import (
    doctor_day,
    overlaps,
    require_window,
    slot_based,
    slot_position,
    statistics,
    suggestions,
)
from apps.queue.queries.track import queue_standing
from apps.queue.queries.visits import snapshot
from apps.scheduling.queries import agreed_length, appointment_of, doctor_of

PRIORITIES = ["low", "normal", "medium", "high", "critical"]


class DayIn(serializers.Serializer[Any]):
    """`?date=`; without one, today."""

    date = serializers.DateField(required=False)


class SuggestIn(DayIn):
    """`?date=&preferredHour=&visitTypeId=`"""

    preferredHour = serializers.IntegerField(min_value=0, max_value=23, required=False)
    visitTypeId = serializers.UUIDField(required=False)


class WindowIn(serializers.Serializer[Any]):
    """A stretch of time."""

    slotStartTime = serializers.DateTimeField()
    slotEndTime = serializers.DateTimeField()


class AnnounceIn(serializers.Serializer[Any]):
    """What everybody who waits for a doctor is told."""

    message = TextField(max_length=300)
    priority = serializers.ChoiceField(PRIORITIES, default="normal")
    estimatedDelay = serializers.IntegerField(
        min_value=0, max_value=600, source="estimated_delay", required=False, allow_null=True
    )


class OfDoctor(Endpoint):
    """Base of what is asked about a doctor's day, by whoever may see the queues of one of their departments."""

    policy = Permission.QUEUE_READ

    def doctor(self, doctor_id: UUID) -> Any:
        """The doctor. Raises `NotFound`, `Forbidden`."""
        doctor = doctor_of(doctor_id)
        places = [Scope(doctor.facility_id, place) for place in doctor.department_ids]
        if not any(self.actor.may(Permission.QUEUE_READ, place) for place in places):
            self.actor.require(Permission.QUEUE_READ, next(iter(places), Scope(None)))
        return doctor

    def day(self, asked: dict[str, Any]) -> date:
        """The day that is asked about: today unless one is named."""
        today = facility_facts(self.actor.facility_id).day_of(self.now)  # type: ignore[arg-type]  # staff have one
        return asked.get("date") or today


class SlotBased(OfDoctor):
    """A doctor's queue by slots."""

    @extend_schema(parameters=[DayIn], responses=SlotBasedOut)
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """Who comes when, slot by slot, by number."""
        day, doctor = self.day(self.read_query(DayIn)), self.doctor(doctor_id)
        slots = slot_based(doctor_day(doctor.id, day, self.now))
        return Response(SlotBasedOut.of({"doctorId": doctor.id, "date": day, "slots": slots}))


class Overlaps(OfDoctor):
    """What is booked closer together than it takes."""

    @extend_schema(request=WindowIn, responses=OverlapsOut)
    def post(self, request: Request, doctor_id: UUID) -> Response:
        """Look at a stretch of time: whose appointment begins before the one ahead is likely over. Changes nothing."""
        asked, doctor = self.read(WindowIn), self.doctor(doctor_id)
        first, last = asked["slotStartTime"], asked["slotEndTime"]
        require_window(first, last, self.now)
        day = facility_facts(doctor.facility_id).day_of(first)
        found = doctor_day(doctor.id, day, self.now)
        told = overlaps(found, first, last, doctor.average_consultation_minutes)
        return Response(OverlapsOut.of({"doctorId": doctor.id} | told))


class Suggest(OfDoctor):
    """Times to suggest."""

    @extend_schema(parameters=[SuggestIn], responses=SuggestionsOut)
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """Free times of a day, the best first: short wait, near the preferred hour, little trouble for others.

        The contract reads `suggestions`, document 004 `data.suggestions`: the same list under both.
        """
        asked = self.read_query(SuggestIn)
        day, doctor = self.day(asked), self.doctor(doctor_id)
        kind = asked.get("visitTypeId")
        length = agreed_length(kind, doctor_id=doctor.id, department_ids=doctor.department_ids)
        found = suggestions(doctor, day, asked.get("preferredHour"), self.now, length.minutes)
        about = {"doctorId": doctor.id, "date": day, "suggestions": found, "data": {"suggestions": found}}
        return Response(SuggestionsOut.of(about))


class Statistics(OfDoctor):
    """How a doctor's day goes."""

    @extend_schema(parameters=[DayIn], responses=DayStatisticsOut)
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """Bookings, waits, the fullest hours, who came early and who did not come."""
        day, doctor = self.day(self.read_query(DayIn)), self.doctor(doctor_id)
        return Response(statistics(doctor, day))


class Announce(Endpoint):
    """Something holds a doctor's queue up."""

    policy = Permission.QUEUE_ANNOUNCE

    @extend_schema(request=AnnounceIn, responses=AnnouncedOut)
    def post(self, request: Request, doctor_id: UUID) -> Response:
        """Tell everybody who looks at the doctor's queues. It moves nobody and no time."""
        return self.run(
            commands.announce_emergency,
            lambda told: AnnouncedOut.of({"broadcast": True} | told),
            doctor_id=doctor_id,
            **self.read(AnnounceIn),
        )


class Position(Endpoint):
    """One person's place in their slot."""

    policy = Permission.QUEUE_READ

    @extend_schema(responses=SlotPositionOut)
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Where somebody stands among those of the same slot."""
        return Response(SlotPositionOut.of(slot_position(seen(appointment_of(booking_id), self.actor), self.now)))


class Move(Endpoint):
    """Another place by hand."""

    policy = Permission.QUEUE_MOVE

    @extend_schema(request=MoveIn, responses=MovedByHandOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Put somebody at another place, for a reason: in the queue if they are here, else within their slot."""
        return self.run(commands.move_in_queue, self._json, some_id=booking_id, **self.read(MoveIn))

    def _json(self, moved: Any) -> dict[str, Any]:
        row, visit = moved
        here = snapshot(visit) if visit else None
        place = here or slot_position(row, self.now)
        return MovedByHandOut.of({"token": row, "visit": here, "queuePosition": place["position"]})


class EarlyArrival(Endpoint):
    """Somebody comes before their time."""

    policy = Permission.VISIT_CHECK_IN

    @extend_schema(request=None, responses=EarlyOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Check somebody in who comes early: they count from their appointment, and fill idle time before it."""
        return self.run(commands.arrive, self._json, booking_id=booking_id)

    def _json(self, arrived: Any) -> dict[str, Any]:
        booked = appointment_of(arrived.visit.token_id)
        early = max(0, int((booked.at - self.now).total_seconds() // 60))
        here = {"minutesEarly": early, "queue": queue_standing(arrived.visit, self.now)}
        return EarlyOut.of(arrived_json(arrived) | here)
