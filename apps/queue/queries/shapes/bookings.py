"""What came of booking, waiting, giving up and being away."""

from typing import Any

from rest_framework import serializers

from apps.core.shapes import Count, MoneyOut, RefusalOut, Shape
from apps.queue.queries.links import tracking_url
from apps.queue.queries.shapes.visits import NamedOut, WhoOut
from apps.scheduling.queries import BookingOut, DecidedOut, StaffSlotOut, WaitingOut


class BookedOut(BookingOut):
    """A booking with its tracking link, which is told to whoever books and never again: then both are null."""

    trackingToken = serializers.SerializerMethodField(method_name="token_of")
    trackingUrl = serializers.SerializerMethodField(method_name="url_of")

    def token_of(self, row: Any) -> str | None:
        """The link's token, for the API and for sockets."""
        return row.link[0] if row.link else None

    def url_of(self, row: Any) -> str | None:
        """The link's address, as it stands in messages and on paper."""
        return tracking_url(row.link[1]) if row.link else None


class ToPayOut(Shape):
    """What has to be paid before a place is somebody's, by when, and on which page."""

    wishId = serializers.UUIDField(source="id")
    amount = MoneyOut(source="invoice.grand_total")
    currency = serializers.CharField(source="invoice.currency")
    payBy = serializers.DateTimeField(source="expires_at")
    page = serializers.CharField(source="page_url")


class OutcomeOut(Shape):
    """What came of a wish: a booking, a place on the waiting list, or what is to be paid first. Staff see who had to
    give way."""

    token = BookedOut(source="appointment", required=False)
    waiting = WaitingOut(required=False)
    moved = BookingOut(many=True, required=False)
    payment = ToPayOut(source="to_pay", required=False)


class MovedOut(Shape):
    """A booking that was given up, moved or made; staff see who came off the waiting list by it."""

    token = BookedOut()
    promoted = BookingOut(many=True, required=False)


class CancelledOut(MovedOut):
    """A booking that was given up, and whose place that was."""

    freedSlot = serializers.UUIDField(source="token.slot_id")


class ConfirmedOut(Shape):
    """A booking that was held before."""

    token = BookedOut()


class HeldOut(Shape):
    """A place that is held."""

    appointmentId = serializers.UUIDField(source="id")
    holdExpiresAt = serializers.DateTimeField(source="hold_expires_at")
    slotId = serializers.UUIDField(source="slot_id")
    appointmentTime = serializers.DateTimeField(source="at")
    status = serializers.CharField(source="state")
    version = serializers.IntegerField()


class OccurrenceOut(Shape):
    """One week of a series: its booking, or why there is none."""

    date = serializers.DateField()
    token = BookedOut(allow_null=True)
    problem = RefusalOut(allow_null=True)


class SeriesOut(Shape):
    """The same time every week."""

    seriesId = serializers.UUIDField()
    booked = serializers.IntegerField()
    weeks = OccurrenceOut(many=True)


class OwnBookingOut(BookingOut):
    """One booking of a family."""

    patient = WhoOut()
    department = NamedOut()
    doctor = serializers.CharField(source="doctor.name")
    day = serializers.DateField()


class CheckOut(Shape):
    """What giving a booking up would mean."""

    canCancel = serializers.BooleanField()
    hoursUntilAppointment = serializers.FloatField()
    lateFee = serializers.BooleanField()
    refundPercentage = serializers.IntegerField()
    refundAmount = MoneyOut(allow_null=True, help_text="What comes back of what was paid; null where nothing was.")
    message = serializers.CharField()


class StretchedOut(StaffSlotOut):
    """A slot that has other places than before, and who came off the waiting list by it."""

    promoted = BookingOut(many=True)


class SlotsNowOut(Shape):
    """The slot in which a doctor sees people now, and the next one there is."""

    currentSlot = StaffSlotOut(allow_null=True)
    nextSlot = StaffSlotOut(allow_null=True)


class UntoldOut(Shape):
    """How many the desk has to call, because no phone number is known."""

    untold = Count()


class LeaveOut(Shape):
    """A doctor's leave."""

    leaveId = serializers.UUIDField(source="id")
    doctorId = serializers.UUIDField(source="doctor_id")
    to = serializers.DateTimeField(source="ends_at")
    reason = serializers.CharField()
    takenAt = serializers.DateTimeField(source="taken_at")
    undoneAt = serializers.DateTimeField(source="undone_at", allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python."""
        return {"from": serializers.DateTimeField(source="starts_at"), **super().get_fields()}


class HandedOut(Shape):
    """Somebody who is here, and the doctor whom they wait for then; null for whoever is free."""

    visitId = serializers.UUIDField(source="visit.id")
    tokenNumber = serializers.CharField(source="visit.token.token_number")
    doctorId = serializers.UUIDField(source="doctor_id", allow_null=True)


class LeftOut(Shape):
    """Somebody who is here and waits for a doctor who is away."""

    visitId = serializers.UUIDField(source="id")
    tokenNumber = serializers.CharField(source="token.token_number")
    doctorId = serializers.UUIDField(source="doctor_id", allow_null=True)


class LeavePlanOut(Shape):
    """What a leave means for whom."""

    affected = serializers.IntegerField()
    reassigned = DecidedOut(many=True)
    rescheduled = DecidedOut(many=True)
    escalated = DecidedOut(many=True)
    visits = HandedOut(many=True, source="handed")
    visitsLeft = LeftOut(many=True, source="left")


class TakenOut(LeaveOut, LeavePlanOut, UntoldOut):
    """A leave that was taken, and what became of everybody."""


class BackOut(UntoldOut):
    """Who is where they were, and who came off the waiting list."""

    putBack = BookingOut(many=True, source="back")
    promoted = BookingOut(many=True)


class UndoneOut(LeaveOut, BackOut):
    """A leave that was withdrawn."""


class DelayedOut(UntoldOut):
    """A delay, and whose bookings it shifted by this change."""

    doctorId = serializers.UUIDField(source="doctor_id")
    minutes = serializers.IntegerField()
    shifted = BookingOut(many=True)
    waiting = Count()


class ClosingOut(Shape):
    """Slots that are cancelled, who gets another place, and who waits for one; once it is done, how many the desk has
    to call."""

    slots = serializers.ListField(child=serializers.UUIDField())
    affected = serializers.IntegerField()
    rebooked = DecidedOut(many=True)
    waitlisted = DecidedOut(many=True)
    arrived = Count()
    untold = Count(required=False)


class EscalationsOut(Shape):
    """Those for whom a person has to decide."""

    bookings = BookingOut(many=True)
    visits = LeftOut(many=True)
    waiting = WaitingOut(many=True)
