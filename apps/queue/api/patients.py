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
from apps.queue.queries.links import comes_by, tracking_url
from apps.queue.queries.shapes import SelfCheckInOut, SnapshotOut
from apps.queue.queries.visits import position, snapshot


def self_check_in_json(arrived: Any) -> dict[str, Any]:
    """What the holder of a check-in link gets."""
    visit = arrived.visit
    return {
        "visitId": str(visit.id),
        "tokenNumber": visit.token.token_number,
        "tokenLabel": visit.token.label,
        "state": visit.state,
        "position": position(visit),
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


class CancelOwn(Endpoint):
    """Giving up one's own place."""

    policy = Permission.VISIT_CANCEL_OWN

    @extend_schema(request=shapes.Expecting, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Cancel one's own visit."""
        return self.run(commands.cancel_own, snapshot, visit_id=visit_id, **self.read(shapes.Expecting))
