"""Tables of the mechanism, and the bases that every app's tables stand on."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from apps.core.crypto import EncryptedTextField


class ScopedModel(models.Model):
    """A row of one facility. A query outside an active scope raises, so nobody can forget the filter."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager(facility="facility")

    class Meta:
        abstract = True


class Stream(models.Model):
    """The counter of one stream of events, and the lock that makes a queue's moves serial.

    A command locks the row first; its events take the next numbers; so numbers follow commit order, gap-free.
    """

    name = models.CharField(max_length=80, primary_key=True)
    sequence = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}:{self.sequence}"


class OutboxEvent(models.Model):
    """An event written in the transaction that made it, until the relay has handed it to every handler.

    Partitioned by month. Only the delivery columns ever change; the rest is held by a trigger.
    """

    partitioned_by = "occurred_at"
    changing = ("leased_until", "attempts", "delivered_at", "parked_at", "error", "failures")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    occurred_at = models.DateTimeField()
    facility_id = models.UUIDField(null=True)
    stream = models.CharField(max_length=80)
    sequence = models.BigIntegerField()
    type = models.CharField(max_length=60)
    actor = models.JSONField()
    trace_id = models.CharField(max_length=64)
    entity_type = models.CharField(max_length=40)
    entity_id = models.UUIDField()
    entity_version = models.IntegerField()
    payload = models.JSONField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    failures = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["stream", "sequence"], name="outbox_stream_sequence"),
            models.Index(
                fields=["stream", "sequence"],
                name="outbox_undelivered",
                condition=Q(delivered_at__isnull=True, parked_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream}:{self.sequence} {self.type}"


class IdempotencyKey(models.Model):
    """The answer to a request that carried a key, so that a repeat gets the same answer and does nothing.

    The answer stands sealed: it may hold a name or a link.
    """

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    answer = EncryptedTextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_created")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
