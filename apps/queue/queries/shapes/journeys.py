"""What is answered about journeys and counters."""

from rest_framework import serializers

from apps.core.shapes import Shape
from apps.queue.queries.shapes.visits import SnapshotOut
from apps.queue.rules.states import State


class TransferredOut(SnapshotOut):
    """A visit that ended by being sent on, and the one that goes on."""

    next = SnapshotOut()


class StationOut(Shape):
    """One station under a number; one that is still to come has no visit."""

    step = serializers.IntegerField()
    departmentId = serializers.UUIDField()
    department = serializers.CharField()
    visitId = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField([str(s) for s in State], allow_null=True)
    waitedSeconds = serializers.IntegerField(allow_null=True)
    servedSeconds = serializers.IntegerField(allow_null=True)


class JourneyOut(Shape):
    """Somebody's way through the hospital under one number."""

    tokenNumber = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    endedAt = serializers.DateTimeField(allow_null=True)
    stations = StationOut(many=True)


class TemplateStationOut(Shape):
    """A station of a journey; null is the consultation that somebody came for."""

    step = serializers.IntegerField()
    departmentId = serializers.UUIDField(allow_null=True)


class JourneyTemplateOut(Shape):
    """A journey."""

    journeyId = serializers.UUIDField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    stations = TemplateStationOut(many=True)


class JourneyTemplatesOut(Shape):
    """The journeys of a hospital."""

    journeys = JourneyTemplateOut(many=True)


class CounterOut(Shape):
    """A counter as those see it who staff it."""

    counterId = serializers.UUIDField()
    name = serializers.CharField()
    departmentId = serializers.UUIDField()
    room = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    version = serializers.IntegerField()
    waiting = serializers.IntegerField(required=False)
