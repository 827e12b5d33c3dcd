"""Visits for patients: check in by QR code, see and give up one's own."""

from typing import Any
from uuid import UUID

from django_scopes import scope
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint
from apps.core.policy import PUBLIC, Permission
from apps.queue import commands
from apps.queue.api import shapes
from apps.queue.models import Visit
from apps.queue.queries.links import comes_by, tracking_url
from apps.queue.queries.own import own_visit_of, own_visits
from apps.queue.queries.own_bookings import own_bookings, own_waiting
from apps.queue.queries.shapes.bookings import OwnBookingOut
from apps.queue.queries.shapes.visits import OwnVisitRow, RestoredOut, SelfCheckInOut, SnapshotOut
from apps.queue.queries.visits import position, snapshot
from apps.scheduling.queries import WaitingOut, waiting_json


def standing(visit: Visit) -> dict[str, Any]:
    """Where a visit stands, in short."""
    return {
        "visitId": str(visit.id),
        "tokenNumber": visit.token.token_number,
        "tokenLabel": visit.token.label,
        "state": visit.state,
        "position": position(visit),
    }


def self_check_in_json(arrived: Any) -> dict[str, Any]:
    """What the holder of a check-in link gets."""
    return standing(arrived.visit) | {
        "restoreToken": arrived.restore_token,
        "expiresAt": arrived.expires_at.isoformat(),
        "trackingToken": arrived.tracking_token,
        "trackingUrl": tracking_url(arrived.tracking_code),
    }


class CheckIn(Endpoint):
    """Check-in by the hall's QR code."""

    policy = PUBLIC

    @extend_schema(request=shapes.SelfCheckInIn, responses={201: SelfCheckInOut})
    def post(self, request: Request) -> Response:
        """Take a place in the queue with a signed check-in token; the token works once."""
        fields = self.read(shapes.SelfCheckInIn)
        fields.pop("idempotencyKey", None)
        actor, link = comes_by(fields.pop("signed_checkin_token"))
        with scope(facility=actor.facility_id):
            answer = commands.self_check_in.answer(
                self.once(), self_check_in_json, actor=actor, now=self.now, link=link, **fields
            )
        return Response(answer, status=201)


class Restore(Endpoint):
    """Coming back on the same phone."""

    policy = PUBLIC

    @extend_schema(request=shapes.RestoreIn, responses=RestoredOut)
    def post(self, request: Request) -> Response:
        """Exchange a restore token for a new one, with where the visit stands now. Each works once; one shown twice
        ends them all, since somebody has a copy."""
        asked = self.read(shapes.RestoreIn)
        secret, holder, expires_at = commands.restore(now=self.now, **asked)
        with scope(facility=holder.facility_id):
            visit = own_visit_of(holder, holder.subject_id)  # type: ignore[arg-type]  # made for a visit
            told = standing(visit) | {"restoreToken": secret, "expiresAt": expires_at.isoformat()}
        return Response(told)


class OwnVisits(Endpoint):
    """The visits of a family."""

    policy = Permission.PATIENT_OWN

    @extend_schema(responses=OwnVisitRow(many=True))
    def get(self, request: Request) -> Response:
        """Visits of everybody under one's phone, the newest first."""
        return self.page(own_visits(self.actor).order_by("-day", "-scanned_at", "id"), OwnVisitRow.of)


class OwnBookings(Endpoint):
    """The bookings of a family."""

    policy = Permission.PATIENT_OWN

    @extend_schema(responses=OwnBookingOut(many=True))
    def get(self, request: Request) -> Response:
        """Bookings of everybody under one's phone, the latest day first."""
        return self.page(own_bookings(self.actor), OwnBookingOut.of)


class OwnWaiting(Endpoint):
    """The places of a family on waiting lists."""

    policy = Permission.PATIENT_OWN

    @extend_schema(responses=WaitingOut(many=True))
    def get(self, request: Request) -> Response:
        """Where everybody under one's phone waits for a place, the next day first."""
        return self.page(own_waiting(self.actor, self.now), lambda entry: waiting_json(entry, self.now))


class CancelOwn(Endpoint):
    """Giving up one's own place."""

    policy = Permission.VISIT_CANCEL_OWN

    @extend_schema(request=shapes.Expecting, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Cancel one's own visit."""
        return self.run(commands.cancel_own, snapshot, visit_id=visit_id, **self.read(shapes.Expecting))


class SayLate(Endpoint):
    """Being late."""

    policy = Permission.VISIT_TELL_OWN

    @extend_schema(request=shapes.LateIn, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Say that one will be back in so many minutes: the place is kept, and nobody calls before."""
        return self.run(commands.say_late, snapshot, visit_id=visit_id, **self.read(shapes.LateIn))


class SayHere(Endpoint):
    """Being back."""

    policy = Permission.VISIT_TELL_OWN

    @extend_schema(request=shapes.Expecting, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Say that one is back: who was set aside is in line again, at the old place."""
        return self.run(commands.say_here, snapshot, visit_id=visit_id, **self.read(shapes.Expecting))
