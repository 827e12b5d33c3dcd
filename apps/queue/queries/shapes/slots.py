"""Document 004: a doctor's day by its slots, and tracking."""

from rest_framework import serializers

from apps.core.shapes import Shape
from apps.queue.queries.shapes.visits import ArrivedOut, SnapshotOut
from apps.scheduling.queries import BookingOut


class StandingOut(Shape):
    """Somebody's place within a slot. `status` is the public's: the booking's, then the visit's."""

    appointmentId = serializers.UUIDField(source="row.id")
    tokenId = serializers.UUIDField(source="row.token_id", allow_null=True)
    tokenNumber = serializers.CharField(source="row.token.token_number", allow_null=True)
    position = serializers.IntegerField()
    appointmentTime = serializers.DateTimeField(source="row.at")
    source = serializers.CharField(source="row.source")  # type: ignore[assignment]  # a field of our own, not DRF's
    status = serializers.CharField()


class DaySlotOut(Shape):
    """A slot with everybody who has a place in it."""

    slotId = serializers.UUIDField(source="slot.id")
    startTime = serializers.DateTimeField(source="slot.starts_at")
    endTime = serializers.DateTimeField(source="slot.ends_at")
    maxCapacity = serializers.IntegerField(source="slot.capacity")
    currentOccupancy = serializers.IntegerField(source="taken")
    overflow = serializers.IntegerField(source="slot.overflow")
    closed = serializers.BooleanField()
    appointments = StandingOut(many=True)


class SlotBasedOut(Shape):
    """A doctor's queue by slots."""

    doctorId = serializers.UUIDField()
    date = serializers.DateField()
    slots = DaySlotOut(many=True)


class OverlapOut(Shape):
    """An appointment that begins so many minutes before the one ahead is likely over."""

    appointmentId = serializers.UUIDField()
    behind = serializers.UUIDField()
    minutes = serializers.IntegerField()


class OverlapsOut(Shape):
    """What is booked within a stretch of time, and what of it lies too close together."""

    doctorId = serializers.UUIDField()
    slotStartTime = serializers.DateTimeField()
    slotEndTime = serializers.DateTimeField()
    totalAppointments = serializers.IntegerField()
    hasOverlaps = serializers.BooleanField()
    overlaps = OverlapOut(many=True)
    minutesNeeded = serializers.IntegerField()
    minutesThereAre = serializers.IntegerField()
    queue = StandingOut(many=True)


class SlotPositionOut(StandingOut):
    """Somebody's place within their slot, and the slot."""

    slotId = serializers.UUIDField(source="row.slot_id")
    slotStartTime = serializers.DateTimeField(source="row.slot.starts_at")
    slotEndTime = serializers.DateTimeField(source="row.slot.ends_at")
    totalInSlot = serializers.IntegerField(source="total")
    maxCapacity = serializers.IntegerField(source="row.slot.capacity")


class CostOut(Shape):
    """What a time costs, in minutes: of what its rank is made."""

    wait = serializers.FloatField()
    others = serializers.FloatField()
    overtime = serializers.FloatField()
    offWish = serializers.FloatField()


class SuggestionOut(Shape):
    """A time to suggest; the highest priority is the best."""

    slotId = serializers.UUIDField(source="slot.id")
    timeSlot = serializers.CharField()
    startTime = serializers.DateTimeField(source="slot.starts_at")
    endTime = serializers.DateTimeField(source="slot.ends_at")
    appointmentTime = serializers.DateTimeField()
    currentAppointments = serializers.IntegerField()
    maxCapacity = serializers.IntegerField(source="slot.capacity")
    availableSpots = serializers.IntegerField()
    estimatedWaitTime = serializers.IntegerField()
    priority = serializers.IntegerField()
    cost = CostOut()


class SuggestedOut(Shape):
    """Times to suggest, as document 004 has them under `data`."""

    suggestions = SuggestionOut(many=True)


class SuggestionsOut(SuggestedOut):
    """Times to suggest of a doctor's day: the contract reads `suggestions`, document 004 `data.suggestions`."""

    doctorId = serializers.UUIDField()
    date = serializers.DateField()
    data = SuggestedOut()  # type: ignore[assignment]  # document 004's name, also a property of DRF's


class PeakOut(Shape):
    """One of the fullest hours."""

    hour = serializers.IntegerField()
    appointments = serializers.IntegerField()


class DayStatisticsOut(Shape):
    """How a doctor's day goes, or went."""

    doctorId = serializers.UUIDField()
    date = serializers.DateField()
    totalAppointments = serializers.IntegerField()
    booked = serializers.IntegerField()
    arrived = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    noShows = serializers.IntegerField()
    noShowRate = serializers.FloatField()
    displaced = serializers.IntegerField()
    walkIns = serializers.IntegerField()
    seen = serializers.IntegerField()
    waiting = serializers.IntegerField()
    earlyArrivals = serializers.IntegerField()
    averageWaitMinutes = serializers.FloatField(allow_null=True)
    averageConsultationMinutes = serializers.FloatField(allow_null=True)
    peakHours = PeakOut(many=True)


class AnnouncedOut(Shape):
    """What everybody who waits for a doctor was told, and where."""

    broadcast = serializers.BooleanField()
    doctorId = serializers.UUIDField()
    departments = serializers.ListField(child=serializers.UUIDField())
    message = serializers.CharField()
    priority = serializers.CharField()
    estimatedDelay = serializers.IntegerField(allow_null=True)


class MovedByHandOut(Shape):
    """Somebody who was put at another place: of the queue if they are here, else within their slot."""

    token = BookingOut(allow_null=True)
    visit = SnapshotOut(allow_null=True)
    queuePosition = serializers.IntegerField(allow_null=True)


class QueueStandingOut(Shape):
    """Where somebody stands; minutes until their turn, and a sentence for people."""

    position = serializers.IntegerField(allow_null=True)
    estimatedWaitTime = serializers.IntegerField(allow_null=True)
    queueStatus = serializers.CharField()


class EarlyOut(ArrivedOut):
    """Somebody who came before their time."""

    minutesEarly = serializers.IntegerField()
    queue = QueueStandingOut()


class TrackedAppointmentOut(Shape):
    """What a link shows of a booking or a visit: no person."""

    tokenNumber = serializers.CharField()
    tokenLabel = serializers.CharField()
    status = serializers.CharField()
    appointmentTime = serializers.DateTimeField(allow_null=True)
    department = serializers.CharField()
    doctor = serializers.CharField(allow_null=True)


class TrackedDataOut(Shape):
    """What a link shows."""

    appointment = TrackedAppointmentOut()
    queue = QueueStandingOut()
    sequence = serializers.CharField()


class TrackedOut(Shape):
    """Tracking, as document 004 has it."""

    success = serializers.BooleanField()
    data = TrackedDataOut()  # type: ignore[assignment]  # document 004's name, also a property of DRF's
