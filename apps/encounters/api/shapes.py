"""Shapes of what a consultation comes to."""

from rest_framework import serializers

from apps.core.shapes import Shape, TextOrNull


class DiagnosisOut(Shape):
    """A diagnosis; without a code in free words."""

    code = TextOrNull()
    text = serializers.CharField()


class DietOut(Shape):
    """A diet: a plan by its name, what the doctor wrote, or both."""

    name = serializers.CharField()
    text = serializers.CharField()


class ReferralOut(Shape):
    """To whom somebody is sent, and why; `departmentId` is null outside of the hospital."""

    departmentId = serializers.UUIDField(source="department_id", allow_null=True)
    to = serializers.CharField()
    reason = serializers.CharField()


class FollowUpOut(Shape):
    """The day to come again, and the place that was booked for it, if one was."""

    on = serializers.DateField()
    at = serializers.DateTimeField(allow_null=True)
    bookingId = serializers.UUIDField(source="booking_id", allow_null=True)


class AfterwardsOut(Shape):
    """What a consultation comes to; `followUp` is null where nobody has to come again."""

    diagnoses = DiagnosisOut(many=True)
    diets = DietOut(many=True)
    referrals = ReferralOut(many=True)
    followUp = FollowUpOut(source="follow_up", allow_null=True)
