"""The kiosk of a hall: a paired screen at which people with a booking check in, by their slip or by phone."""

from typing import Any

from django_scopes import scope
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.errors import Invalid, Unauthenticated, sentence
from apps.core.policy import PUBLIC, Actor
from apps.core.shapes import Shape
from apps.display.queries import in_hall
from apps.display.views.visitors import screen_at
from apps.patients.rules.phones import clean_phone
from apps.queue import commands
from apps.queue.queries.kiosk import choice, found_by_code, found_by_phone


class NotAKiosk(Unauthenticated):
    code = "not_a_kiosk"
    detail = sentence("This screen is not paired. Please go to the desk.")


class KioskIn(serializers.Serializer[Any]):
    """Who stands there: the code or address on a slip or in a message, or a phone number; of several bookings under a
    phone the chosen one by its id."""

    code = TextField(max_length=300, required=False)
    phone = TextField(max_length=30, required=False)
    bookingId = serializers.UUIDField(source="booking_id", required=False)


class KioskChoiceOut(Shape):
    """One booking of today under a phone: a number, a time and initials."""

    bookingId = serializers.UUIDField(source="booking_id")
    tokenLabel = serializers.CharField(source="token")
    initials = serializers.CharField()
    time = serializers.CharField()


class KioskOut(Shape):
    """What came of it: the number that is now in the queue, and where to sit; or which booking is meant."""

    checkedIn = serializers.BooleanField()
    tokenLabel = serializers.CharField(allow_null=True)
    department = serializers.CharField(allow_null=True)
    room = serializers.CharField(allow_null=True)
    choices = KioskChoiceOut(many=True)


def _arrived_json(arrived: Any) -> dict[str, Any]:
    visit = arrived.visit
    room = visit.doctor.room if visit.doctor else None
    return {
        "checkedIn": True,
        "tokenLabel": visit.token.label,
        "department": visit.department.name,
        "room": room.number if room else None,
        "choices": [],
    }


class KioskCheckIn(Endpoint):
    """Checking in at a paired screen of the hall, recognised by its own cookie."""

    policy = PUBLIC

    @extend_schema(request=KioskIn, responses=KioskOut)
    def post(self, request: Request) -> Response:
        """Check in who has a booking today in a department of this screen's hall. Several under one phone are answered
        as choices; nobody's name is told, and a phone without a booking looks like an unknown one."""
        screen = screen_at(request._request, self.now)
        if screen.actor is None or not screen.is_kiosk:
            raise NotAKiosk
        asked = self.read(KioskIn)
        if ("code" in asked) == ("phone" in asked):
            raise Invalid({"code": [sentence("Scan the code of your slip, or type your phone number.")]})
        with scope(facility=screen.actor.facility_id):
            return self._check_in(in_hall(screen.actor), asked)

    def _check_in(self, kiosk: Actor, asked: dict[str, Any]) -> Response:
        if "code" in asked:
            found, _visits = found_by_code(asked["code"], kiosk, self.now)
        else:
            found, _visits = found_by_phone(clean_phone(asked["phone"]), kiosk, self.now)
            found = [row for row in found if row.id == asked.get("booking_id", row.id)]
        if len(found) == 1:
            run = commands.arrive.answer
            return Response(run(self.once(), _arrived_json, actor=kiosk, now=self.now, booking_id=found[0].id))
        empty = {"checkedIn": False, "tokenLabel": None, "department": None, "room": None}
        return Response(empty | {"choices": [KioskChoiceOut.of(choice(row, self.now)) for row in found]})
