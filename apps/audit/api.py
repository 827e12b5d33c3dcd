"""The audit trail over the API."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.commands import record_opened
from apps.audit.models import AuditEntry
from apps.audit.queries import entries
from apps.core.api import Endpoint
from apps.core.policy import Actor, Permission


@extend_schema_field({"type": "string", "example": "2026-11-23T09:00:00+05:30"})
class Moment(serializers.Field[datetime, str, str, Any]):
    """A time with offset, or a date, which stands for its first moment (`end=True`: its last) in the reader's zone."""

    def __init__(self, *, end: bool = False, **options: Any) -> None:
        self.end = end
        super().__init__(**options)

    def to_internal_value(self, data: str) -> datetime:
        try:
            day = parse_date(data)
            moment = self._of_day(day) if day else parse_datetime(data)
            if moment:
                aware = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
                return aware.astimezone(UTC)  # the first and last hours of the calendar have no UTC
        except (ValueError, OverflowError):
            pass
        raise serializers.ValidationError(gettext("Use a date or a time with offset, as in ISO 8601."))

    def _of_day(self, day: date) -> datetime:
        first = timezone.make_aware(datetime.combine(day, time.min))
        if not self.end:
            return first
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) - timedelta(microseconds=1)

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class TrailQuery(serializers.Serializer[Any]):
    """What part of the trail is asked for."""

    entityType = serializers.CharField(source="entity_type", required=False, max_length=60)
    entityId = serializers.CharField(source="entity_id", required=False, max_length=80)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's own and cannot be declared as an attribute."""
        fields = super().get_fields()
        fields["from"] = Moment(source="since", required=False)
        fields["to"] = Moment(source="until", required=False, end=True)
        return fields


class ActorOut(serializers.Serializer[Any]):
    """Who did it; values, since the person may be gone."""

    type = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    role = serializers.CharField(allow_null=True)
    via = serializers.CharField(allow_null=True)


class EntryOut(serializers.Serializer[Any]):
    """An entry of the trail."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    actor = ActorOut()
    action = serializers.CharField()
    entityType = serializers.CharField()
    entityId = serializers.CharField()
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    traceId = serializers.CharField()


class TrailOut(serializers.Serializer[Any]):
    """One page of the trail."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = EntryOut(many=True)


class AuditTrail(Endpoint):
    """`GET audit?entityType=&entityId=&from=&to=`: who did or opened what, newest first. Reading it is recorded too."""

    policy = Permission.AUDIT_READ

    @extend_schema(
        parameters=[TrailQuery, OpenApiParameter("page", int), OpenApiParameter("pageSize", int)], responses=TrailOut
    )
    def get(self, request: Request) -> Response:
        """Read a page of the trail."""
        asked = self.read_query(TrailQuery)
        trail = entries(self.actor.facility_id, **asked)
        found = self.page(trail, lambda entry: entry_values(entry, self.actor))
        record_opened(
            actor=self.actor,
            now=self.now,
            entity_type="audit",
            entity_id=f"{asked.get('entity_type', '')}:{asked.get('entity_id', '')}"[:80],
        )
        return found


def entry_values(entry: AuditEntry, reader: Actor) -> dict[str, Any]:
    """An entry as the API tells it. Of a patient's values its reader learns no more than from the record itself."""
    before, after = (None if values is None else reader.unhidden(values) for values in (entry.before, entry.after))
    return {
        "id": str(entry.id),
        "at": entry.at.isoformat(),
        "actor": {
            "type": entry.actor_type,
            "id": str(entry.actor_id) if entry.actor_id else None,
            "role": entry.actor_role or None,
            "via": entry.actor_via or None,
        },
        "action": entry.action,
        "entityType": entry.entity_type,
        "entityId": entry.entity_id,
        "before": before,
        "after": after,
        "reason": entry.reason,
        "traceId": entry.trace_id,
    }
