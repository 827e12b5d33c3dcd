"""Visits and queues."""

from rest_framework import serializers

from apps.core.shapes import Shape
from apps.queue.rules.states import State


class TimestampsOut(Shape):
    """When a visit came to its states."""

    scannedAt = serializers.DateTimeField()
    queuedAt = serializers.DateTimeField(allow_null=True)
    calledAt = serializers.DateTimeField(allow_null=True)
    consultationStartedAt = serializers.DateTimeField(allow_null=True)
    completedAt = serializers.DateTimeField(allow_null=True)
    noShowAt = serializers.DateTimeField(allow_null=True)


class SnapshotOut(Shape):
    """A visit as every client gets it."""

    visitId = serializers.UUIDField()
    tokenId = serializers.UUIDField()
    tokenNumber = serializers.CharField()
    tokenLabel = serializers.CharField()
    departmentId = serializers.UUIDField()
    doctorId = serializers.UUIDField(allow_null=True)
    counterId = serializers.UUIDField(allow_null=True)
    journeyId = serializers.UUIDField(allow_null=True)
    roomId = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField([str(s) for s in State])
    priority = serializers.ChoiceField(["NORMAL", "URGENT"])
    position = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()
    timestamps = TimestampsOut()
    etaFrom = serializers.DateTimeField(allow_null=True)
    etaTo = serializers.DateTimeField(allow_null=True)
    etaLikely = serializers.DateTimeField(allow_null=True)
    allowed = serializers.ListField(child=serializers.CharField())


class NobodyOut(Shape):
    """Nobody was there to be called."""

    visit = serializers.CharField(allow_null=True, help_text="Always null.")


class ArrivedOut(SnapshotOut):
    """A new visit with its tracking link."""

    trackingToken = serializers.CharField()
    trackingUrl = serializers.CharField()


class RestoredOut(Shape):
    """What a patient's own device gets to come back by."""

    visitId = serializers.UUIDField()
    tokenNumber = serializers.CharField()
    tokenLabel = serializers.CharField()
    state = serializers.CharField()
    position = serializers.IntegerField(allow_null=True)
    restoreToken = serializers.CharField()
    expiresAt = serializers.DateTimeField()


class SelfCheckInOut(RestoredOut):
    """What the holder of a check-in link gets."""

    trackingToken = serializers.CharField()
    trackingUrl = serializers.CharField()


class OwnVisitOut(Shape):
    """A visit as its own holder sees it."""

    visitId = serializers.UUIDField()
    tokenNumber = serializers.CharField()
    tokenLabel = serializers.CharField()
    state = serializers.CharField()
    position = serializers.IntegerField(allow_null=True)
    nowServing = serializers.ListField(child=serializers.CharField())
    department = serializers.DictField()
    etaFrom = serializers.DateTimeField(allow_null=True)
    etaTo = serializers.DateTimeField(allow_null=True)
    etaReason = serializers.CharField(allow_null=True)
    prescription = serializers.DictField(allow_null=True)
    version = serializers.IntegerField()


class WhoOut(Shape):
    """A person in a list of their own family."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    uhid = serializers.CharField()


class NamedOut(Shape):
    """Something by its name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class OwnVisitRow(Shape):
    """One visit of a family."""

    visitId = serializers.UUIDField(source="id")
    patient = WhoOut()
    day = serializers.DateField()
    tokenNumber = serializers.CharField(source="token.token_number")
    tokenLabel = serializers.CharField(source="token.label")
    department = NamedOut()
    doctor = serializers.CharField(source="doctor.name", allow_null=True)
    state = serializers.CharField()
    version = serializers.IntegerField()


class QueueOut(Shape):
    """A department's queue for staff."""

    department = serializers.DictField()
    sequence = serializers.IntegerField()
    nowServing = serializers.ListField(child=serializers.DictField())
    waiting = serializers.ListField(child=serializers.DictField())
