"""What the queue answers, as the contract writes it: for the OpenAPI document of every app that answers so."""

from typing import Any

from rest_framework import serializers

from apps.queue.rules.states import State


class TimestampsOut(serializers.Serializer[Any]):
    """When a visit came to its states."""

    scannedAt = serializers.DateTimeField()
    queuedAt = serializers.DateTimeField(allow_null=True)
    calledAt = serializers.DateTimeField(allow_null=True)
    consultationStartedAt = serializers.DateTimeField(allow_null=True)
    completedAt = serializers.DateTimeField(allow_null=True)
    noShowAt = serializers.DateTimeField(allow_null=True)


class SnapshotOut(serializers.Serializer[Any]):
    """A visit as every client gets it."""

    visitId = serializers.UUIDField()
    tokenId = serializers.UUIDField()
    tokenNumber = serializers.CharField()
    tokenLabel = serializers.CharField()
    departmentId = serializers.UUIDField()
    doctorId = serializers.UUIDField(allow_null=True)
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


class NobodyOut(serializers.Serializer[Any]):
    """Nobody was there to be called."""

    visit = serializers.CharField(allow_null=True, help_text="Always null.")


class ArrivedOut(SnapshotOut):
    """A new visit with its tracking link."""

    trackingToken = serializers.CharField()
    trackingUrl = serializers.CharField()


class RestoredOut(serializers.Serializer[Any]):
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


class OwnVisitOut(serializers.Serializer[Any]):
    """A visit as its own holder sees it."""

    visitId = serializers.UUIDField()
    tokenNumber = serializers.CharField()
    state = serializers.CharField()
    position = serializers.IntegerField(allow_null=True)
    nowServing = serializers.ListField(child=serializers.CharField())
    department = serializers.DictField()
    etaFrom = serializers.DateTimeField(allow_null=True)
    etaTo = serializers.DateTimeField(allow_null=True)
    etaReason = serializers.CharField(allow_null=True)
    prescription = serializers.DictField(allow_null=True)
    version = serializers.IntegerField()


class OwnVisitRow(serializers.Serializer[Any]):
    """One visit of a family."""

    visitId = serializers.UUIDField()
    patient = serializers.DictField()
    day = serializers.DateField()
    tokenNumber = serializers.CharField()
    tokenLabel = serializers.CharField()
    department = serializers.DictField()
    doctor = serializers.CharField(allow_null=True)
    state = serializers.CharField()
    version = serializers.IntegerField()


class OwnVisitsOut(serializers.Serializer[Any]):
    """One page of a family's visits."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = OwnVisitRow(many=True)


class QueueOut(serializers.Serializer[Any]):
    """A department's queue for staff."""

    department = serializers.DictField()
    sequence = serializers.IntegerField()
    nowServing = serializers.ListField(child=serializers.DictField())
    waiting = serializers.ListField(child=serializers.DictField())
