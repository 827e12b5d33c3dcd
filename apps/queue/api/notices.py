"""What the desk is told of at once."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import facility_facts
from apps.core.api import Endpoint
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.queue import commands
from apps.queue.queries.desk import served_departments
from apps.queue.queries.overview import alert_rows, closed_door_rows, help_rows
from apps.queue.rules.alerts import AlertRule, Level


class HelpOut(Shape):
    """A kiosk at which somebody asks for a person; `times` is how often they pressed."""

    helpId = serializers.UUIDField(source="id")
    place = serializers.CharField()
    askedAt = serializers.DateTimeField(source="asked_at")
    times = serializers.IntegerField()


class AlertOut(Shape):
    """Something that goes wrong in a queue, in a sentence; of one person's wait also whose visit it is."""

    alertId = serializers.UUIDField(source="id")
    rule = serializers.ChoiceField([str(rule) for rule in AlertRule])
    level = serializers.ChoiceField([str(level) for level in Level])
    sentence = serializers.CharField()
    since = serializers.DateTimeField()
    visitId = serializers.UUIDField(source="visit_id", allow_null=True)


class ClosedDoorOut(Shape):
    """Somebody who stands before a station that has closed since their way was planned."""

    visitId = serializers.UUIDField(source="visit_id")
    tokenLabel = serializers.CharField(source="token")
    department = serializers.CharField()


class NoticesOut(Shape):
    """Everything that the desk is told of now."""

    helpCalls = HelpOut(many=True, source="help_calls")
    atClosedDoors = ClosedDoorOut(many=True, source="at_closed_doors")
    alerts = AlertOut(many=True)


class AnsweredOut(Shape):
    """A call for help to which somebody goes."""

    helpId = serializers.UUIDField(source="id")
    answeredAt = serializers.DateTimeField(source="answered_at")


class Notices(Endpoint):
    """What the desk is told of."""

    policy = Permission.DESK_USE

    @extend_schema(responses=NoticesOut)
    def get(self, request: Request) -> Response:
        """List kiosks at which somebody asks for a person, who stands before a station that has closed, and what goes
        wrong in the queues."""
        places = served_departments(self.actor)
        facility = facility_facts(self.actor.facility_id)  # type: ignore[arg-type]  # staff have one
        told: dict[str, Any] = {
            "help_calls": help_rows(facility),
            "at_closed_doors": closed_door_rows(places),
            "alerts": alert_rows(places, facility),
        }
        return Response(NoticesOut.of(told))


class AnswerHelp(Endpoint):
    """Somebody goes there."""

    policy = Permission.DESK_USE

    @extend_schema(request=None, responses=AnsweredOut)
    def post(self, request: Request, help_id: UUID) -> Response:
        """Say that one goes to the kiosk; of two who say so the second is told that somebody goes already."""
        return self.run(commands.answer_help, AnsweredOut.of, help_id=help_id)
