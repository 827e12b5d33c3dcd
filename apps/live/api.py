"""The views of live screens over HTTP, for whoever has no socket, and how the sockets do."""

from typing import Any

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint
from apps.core.policy import SIGNED_IN, Permission
from apps.live.hub import statistics
from apps.live.queries import admit, draw, numbers_of
from apps.live.rules import etag


class WholeViewOut(serializers.Serializer[Any]):
    """A stream's view, as a `resync` frame has it under `data`."""

    stream = serializers.CharField()
    sequence = serializers.IntegerField(help_text="Grows with every change.")
    sequences = serializers.DictField(child=serializers.IntegerField(), help_text="One number per numbered stream.")
    payload = serializers.DictField()


class LiveView(Endpoint):
    """What a stream shows now."""

    policy = SIGNED_IN

    @extend_schema(responses={200: WholeViewOut, 304: None})
    def get(self, request: Request, stream: str) -> HttpResponseBase:
        """Read a view; with `If-None-Match`, only if it changed."""
        place = admit(self.actor, stream)
        known = quote_etag(etag(numbers_of(place)))
        if unchanged := get_conditional_response(request._request, known):
            unchanged.headers["ETag"] = known
            return unchanged
        picture = draw(place)
        return Response(picture.as_json(), headers={"ETag": quote_etag(etag(picture.numbers))})


class RoomOut(serializers.Serializer[Any]):
    """One stream of the facility that somebody follows."""

    roomId = serializers.CharField()
    connections = serializers.IntegerField()
    sequence = serializers.IntegerField(allow_null=True)


class StatisticsOut(serializers.Serializer[Any]):
    """How the sockets of the process that answers do."""

    connections = serializers.IntegerField()
    streams = serializers.IntegerField()
    dropped = serializers.IntegerField(help_text="Frames not sent to clients that read too slowly.")
    uptimeSeconds = serializers.IntegerField()
    live = serializers.BooleanField(help_text="Whether changes reach the sockets.")
    rooms = RoomOut(many=True)


class WebsocketStatistics(Endpoint):
    """How the sockets do."""

    policy = Permission.QUEUE_READ

    @extend_schema(responses=StatisticsOut)
    def get(self, request: Request) -> Response:
        """Read how many sockets are open, and on which streams of the facility."""
        return Response(statistics(self.actor.facility_id))
