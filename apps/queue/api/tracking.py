"""Document 004's tracking: where somebody stands, for whoever holds their link."""

from django.utils import timezone
from django_scopes import scope
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import actor_of_tracking
from apps.core.api import Endpoint, Nothing
from apps.core.errors import NotFound
from apps.core.policy import PUBLIC
from apps.queue.queries.shapes.slots import TrackedOut
from apps.queue.queries.track import queue_standing, track_sequence, tracked_json


class Track(Endpoint):
    """Tracking by a link's token or code."""

    policy = PUBLIC

    @extend_schema(responses=TrackedOut)
    def get(self, request: Request, token: str) -> Response:
        """Where the holder's booking or visit stands, now. An unknown link and one that has ended look the same."""
        self.read_query(Nothing)
        now = timezone.now()
        holder = actor_of_tracking(token, now)
        if holder is None or holder.subject_id is None:
            raise NotFound
        with scope(facility=holder.facility_id):
            shown, sequence = track_sequence(holder.subject_id)
            data = {"appointment": tracked_json(shown), "queue": queue_standing(shown, now), "sequence": sequence}
            told = TrackedOut.of({"success": True, "data": data})
        return Response(told, headers={"Cache-Control": "no-store"})
