"""What the queue's endpoints take, as the contract writes it."""

from typing import Any

from rest_framework import serializers

from apps.core.api import TextField
from apps.queue.rules.order import NeedsClass, Source
from apps.scheduling.rules import Availability, DepartmentKind, DepartmentStatus


class VersionField(serializers.IntegerField):
    """The version of something that the caller has seen; may be left out."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs |= {"min_value": 1, "max_value": 2_147_483_647, "required": False}
        super().__init__(**kwargs)


class MinutesField(serializers.IntegerField):
    """A length of time in whole minutes, up to ten hours; may be left out."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs |= {"min_value": 0, "max_value": 600, "required": False}
        super().__init__(**kwargs)


class Expecting(serializers.Serializer[Any]):
    """The version that the caller has seen."""

    expectedVersion = VersionField(source="expected_version")


class RestoreIn(serializers.Serializer[Any]):
    """A restore token, and the device's own name if it gave one at check-in."""

    restoreToken = TextField(source="secret", max_length=256)
    deviceFingerprint = TextField(source="device_fingerprint", max_length=200, required=False, default="")


class AsDoctor(Expecting):
    """A move made for a doctor."""

    doctorId = serializers.UUIDField(source="doctor_id", required=False)


class CallIn(Expecting):
    """Call a given visit for a doctor."""

    doctorId = serializers.UUIDField(source="doctor_id")
    roomId = serializers.UUIDField(source="room_id", required=False, allow_null=True)
    reason = TextField(max_length=200, required=False, allow_blank=True)


class CallIfNextIn(Expecting):
    """Call a visit if it is still next."""

    doctorId = serializers.UUIDField(source="doctor_id")


class CallNextIn(serializers.Serializer[Any]):
    """Call whoever is next for a doctor."""

    doctorId = serializers.UUIDField(source="doctor_id")
    roomId = serializers.UUIDField(source="room_id", required=False, allow_null=True)


class VisitStartIn(AsDoctor):
    """Start the consultation of a called visit."""

    visitId = serializers.UUIDField(source="visit_id")


class ReasonIn(Expecting):
    """A move that needs a reason."""

    reason = TextField(max_length=200)


class TriageIn(ReasonIn):
    """Make a visit urgent, or an emergency."""

    emergency = serializers.BooleanField(required=False, default=False)


class ConfirmIn(AsDoctor):
    """Let a scanned visit into the queue."""


class SymptomsField(serializers.ListField):
    """Up to twenty symptoms in the person's own words."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=TextField(max_length=200), max_length=20, **kwargs)


class WalkInIn(serializers.Serializer[Any]):
    """A walk-in at the desk."""

    departmentId = serializers.UUIDField(source="department_id")
    patientId = serializers.UUIDField(source="patient_id")
    doctorId = serializers.UUIDField(source="doctor_id", required=False, allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the contract's name, also an attribute of DRF's
        [str(s) for s in Source], default=str(Source.WALK_IN)
    )
    symptoms = SymptomsField(required=False, default=list)
    needs = serializers.ChoiceField([str(n) for n in NeedsClass], required=False, allow_blank=True)
    journeyId = serializers.UUIDField(source="journey_id", required=False, allow_null=True)


class SelfCheckInIn(serializers.Serializer[Any]):
    """A check-in by the hall's QR code."""

    departmentId = serializers.UUIDField(source="department_id")
    name = TextField(max_length=120)
    age = serializers.IntegerField(min_value=0, max_value=130)
    symptoms = SymptomsField(required=False, default=list)
    signedCheckinToken = TextField(source="signed_checkin_token", max_length=500)
    idempotencyKey = TextField(max_length=200, required=False)
    deviceFingerprint = TextField(source="device_fingerprint", max_length=500, required=False, allow_blank=True)


class DepartmentPolicyIn(serializers.Serializer[Any]):
    """A department's queue policy; minutes, all optional."""

    graceMinutes = MinutesField(source="grace_minutes")
    latePenaltyMinutes = MinutesField(source="late_penalty_minutes")
    walkInPenaltyMinutes = MinutesField(source="walk_in_penalty_minutes")
    headStartElderly = MinutesField(source="head_start_elderly")
    headStartChild = MinutesField(source="head_start_child")
    headStartPregnant = MinutesField(source="head_start_pregnant")
    headStartDisabled = MinutesField(source="head_start_disabled")
    pinAfterOvertakes = serializers.IntegerField(
        source="pin_after_overtakes", min_value=1, max_value=100, required=False
    )
    queueLimit = serializers.IntegerField(source="queue_limit", min_value=1, max_value=100_000, required=False)
    recallAfter = serializers.IntegerField(source="recall_after", min_value=1, max_value=50, required=False)
    mostMissedCalls = serializers.IntegerField(source="most_missed_calls", min_value=1, max_value=10, required=False)
    noShowGraceMinutes = MinutesField(source="no_show_grace_minutes")
    carriesOver = serializers.BooleanField(source="carries_over", required=False)


class DepartmentIn(DepartmentPolicyIn):
    """A new department."""

    code = serializers.RegexField(r"^[A-Z][A-Z0-9]{1,5}\Z", max_length=6)
    letter = serializers.RegexField(r"^[A-HJ-NPR-Y]\Z", max_length=1, required=False)
    name = TextField(max_length=80)
    kind = serializers.ChoiceField([str(k) for k in DepartmentKind])


class DepartmentChangeIn(DepartmentPolicyIn):
    """Changes of a department; all optional."""

    name = TextField(max_length=80, required=False)
    letter = serializers.RegexField(r"^[A-HJ-NPR-Y]\Z", max_length=1, required=False)
    kind = serializers.ChoiceField([str(k) for k in DepartmentKind], required=False)
    status = serializers.ChoiceField([str(s) for s in DepartmentStatus], required=False)


class AvailabilityIn(Expecting):
    """A doctor begins, pauses or ends."""

    status = serializers.ChoiceField([str(a) for a in Availability])
    reason = TextField(max_length=120, required=False, allow_blank=True)
    backAt = serializers.DateTimeField(source="back_at", required=False, allow_null=True)


class LateIn(Expecting):
    """Somebody will be back in so many minutes."""

    minutes = serializers.IntegerField(min_value=1, max_value=240)


class ReassignIn(ReasonIn):
    """Somebody is given to another doctor, or to whoever is free."""

    doctorId = serializers.UUIDField(source="doctor_id", allow_null=True)


class NewcomersIn(serializers.Serializer[Any]):
    """Whether a queue takes people who were not expected."""

    takesNewcomers = serializers.BooleanField(source="takes_newcomers")
    reason = TextField(max_length=200, required=False, allow_blank=True)


class QrCodeIn(serializers.Serializer[Any]):
    """A check-in code for one person; `expiresIn` in seconds, at most a day."""

    departmentId = serializers.UUIDField(source="department_id")
    expiresIn = serializers.IntegerField(source="expires_in", min_value=1, max_value=86_400)
    printed = serializers.BooleanField(required=False, default=False)
