"""What bookings, waiting lists and slots are answered by, as the contract and document 001 write them."""

from typing import Any

from rest_framework import serializers

from apps.core.shapes import NotKnownYet, Shape, TextOrNull
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.capacity import NORMAL, OVERBOOKED, Stretch
from apps.scheduling.rules.waiting import WaitingState

SOURCES = [str(source) for source in BookingSource]
STATES = [str(state) for state in AppointmentState]


class BookingOut(Shape):
    """A booking: the contract's `token`. A place that is only held has no number yet."""

    tokenId = serializers.UUIDField(source="token_id", allow_null=True)
    appointmentId = serializers.UUIDField(source="id")
    tokenNumber = serializers.CharField(source="token.token_number", allow_null=True)
    tokenLabel = serializers.CharField(source="token.label", allow_null=True)
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]  # a field of our own, not DRF's
    priorityScore = serializers.IntegerField(source="priority_score")
    status = serializers.ChoiceField(STATES, source="state")
    slotId = serializers.UUIDField(source="slot_id")
    doctorId = serializers.UUIDField(source="doctor_id")
    departmentId = serializers.UUIDField(source="department_id")
    patientId = serializers.UUIDField(source="patient_id")
    appointmentTime = serializers.DateTimeField(source="at")
    visitTypeId = serializers.UUIDField(source="visit_type_id", allow_null=True)
    minutes = serializers.IntegerField(allow_null=True)
    isReallocation = serializers.BooleanField(source="is_reallocation")
    originalSlotId = serializers.UUIDField(source="first_slot_id", allow_null=True)
    overflow = serializers.BooleanField()
    seriesId = serializers.UUIDField(source="series_id", allow_null=True)
    meetingUrl = TextOrNull(source="meeting_url")
    holdExpiresAt = serializers.DateTimeField(source="hold_expires_at", allow_null=True)
    etaFrom = NotKnownYet()
    etaTo = NotKnownYet()
    version = serializers.IntegerField()


class WaitingOut(Shape):
    """An entry of a waiting list: the contract's `waiting`. `queuePosition` is null for who does not wait any more."""

    waitingId = serializers.UUIDField(source="entry.id")
    doctorId = serializers.UUIDField(source="entry.doctor_id")
    patientId = serializers.UUIDField(source="entry.patient_id")
    source = serializers.ChoiceField(SOURCES, source="entry.source")  # type: ignore[assignment]
    priorityScore = serializers.IntegerField(source="entry.priority_score")
    status = serializers.ChoiceField([str(state) for state in WaitingState], source="entry.state")
    preferredDate = serializers.DateField(source="entry.preferred_day")
    queuePosition = serializers.IntegerField(source="position", allow_null=True)
    expiresAt = serializers.DateTimeField(source="entry.expires_at")
    notes = serializers.CharField(source="entry.notes")
    allocatedTokenId = serializers.UUIDField(source="entry.appointment.token_id", allow_null=True)


class WaitingCountsOut(Shape):
    """How many wait for a doctor, and what became of those before."""

    doctorId = serializers.UUIDField()
    totalWaiting = serializers.IntegerField()
    bySource = serializers.DictField(child=serializers.IntegerField())
    byDate = serializers.DictField(child=serializers.IntegerField())
    longestWaitingSince = serializers.DateTimeField(allow_null=True)
    nextExpiry = serializers.DateTimeField(allow_null=True)
    became = serializers.DictField(child=serializers.IntegerField())


class GivenUpOut(Shape):
    """A cancelled booking, with what comes back by notice (D10): a figure only."""

    tokenId = serializers.UUIDField(source="row.token_id")
    tokenNumber = serializers.CharField(source="row.token.token_number")
    appointmentId = serializers.UUIDField(source="row.id")
    patientId = serializers.UUIDField(source="row.patient_id")
    doctorId = serializers.UUIDField(source="row.doctor_id")
    departmentId = serializers.UUIDField(source="row.department_id")
    slotId = serializers.UUIDField(source="row.slot_id")
    source = serializers.ChoiceField(SOURCES, source="row.source")  # type: ignore[assignment]
    appointmentTime = serializers.DateTimeField(source="row.at")
    cancelledAt = serializers.DateTimeField(source="ended")
    cancellationReason = serializers.CharField(source="row.end_reason")
    lateFee = serializers.BooleanField(source="found.late")
    refundPercentage = serializers.IntegerField(source="found.refund_percent")


class RefundOut(Shape):
    """What comes back for a booking that was given up: a figure only."""

    tokenId = serializers.UUIDField(source="row.token_id", allow_null=True)
    appointmentId = serializers.UUIDField(source="row.id")
    status = serializers.ChoiceField(STATES, source="row.state")
    hoursBeforeAppointment = serializers.FloatField(source="found.hours")
    lateFee = serializers.BooleanField(source="found.late")
    refundPercentage = serializers.IntegerField(source="found.refund_percent")


class GivingUpCountsOut(Shape):
    """How often bookings are given up."""

    to = serializers.DateField()
    totalBookings = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    cancellationRate = serializers.FloatField()
    lateCancellations = serializers.IntegerField()
    withoutRefund = serializers.IntegerField()
    noShows = serializers.IntegerField()
    rescheduled = serializers.IntegerField()
    promotedFromWaitingList = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python."""
        return {"from": serializers.DateField(), **super().get_fields()}


class EmergencyCountsOut(Shape):
    """How many emergencies there were on a day."""

    date = serializers.DateField()
    total = serializers.IntegerField()
    bySeverity = serializers.DictField(child=serializers.IntegerField())
    byStatus = serializers.DictField(child=serializers.IntegerField())
    overflow = serializers.IntegerField()
    displaced = serializers.IntegerField()
    stretchedSlots = serializers.IntegerField()


class StaffSlotOut(Shape):
    """A slot as staff see it, with how far it is stretched."""

    slotId = serializers.UUIDField(source="slot.id")
    doctorId = serializers.UUIDField(source="slot.doctor_id")
    startTime = serializers.DateTimeField(source="slot.starts_at")
    endTime = serializers.DateTimeField(source="slot.ends_at")
    maxCapacity = serializers.IntegerField(source="capacity")
    usualCapacity = serializers.IntegerField(source="usual")
    currentOccupancy = serializers.IntegerField(source="slot.taken")
    overflow = serializers.IntegerField(source="slot.overflow")
    availableSpots = serializers.IntegerField(source="free")
    emergencyLevel = serializers.ChoiceField([*(str(s) for s in Stretch), OVERBOOKED, NORMAL], source="level")
    version = serializers.IntegerField(source="slot.version")


class DecidedOut(Shape):
    """What becomes of one booking of a doctor who is away: where it was, and where it goes. Without a slot, the desk
    decides."""

    appointmentId = serializers.UUIDField(source="row.id")
    tokenId = serializers.UUIDField(source="row.token_id", allow_null=True)
    patientId = serializers.UUIDField(source="row.patient_id")
    source = serializers.ChoiceField(SOURCES, source="row.source")  # type: ignore[assignment]
    fromDoctorId = serializers.UUIDField(source="was_with")
    fromSlotId = serializers.UUIDField(source="was_in")
    fromTime = serializers.DateTimeField(source="was_at")
    doctorId = serializers.UUIDField(source="goes_to.doctor_id")
    slotId = serializers.UUIDField(source="slot.id", allow_null=True)
    date = serializers.DateField(source="goes_to.day")
    overflow = serializers.BooleanField(source="overflows")
