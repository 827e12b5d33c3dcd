"""The audit trail: what was done and opened, the seals that prove it, and what still waits for its seal."""

from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

ENTRY_NUMBERS = "audit_entry_number"
"""The sequence that numbers entries as they are written; an undone command leaves a hole in it."""


def next_entry_number() -> Func:
    """The database's default for an entry's number."""
    return Func(Value(ENTRY_NUMBERS), function="nextval", output_field=models.BigIntegerField())


class AuditEntry(models.Model):
    """One thing that somebody did or opened, told in values: it outlives whatever it speaks of.

    `at` is the command's time, `written_at` the database's own clock. Never altered: held by a trigger, proved by
    the chain of seals. `objects` shows one facility's entries; `trail` is all of them, for the sealer and the check.
    """

    partitioned_by = "at"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    number = models.BigIntegerField(db_default=next_entry_number(), editable=False)
    at = models.DateTimeField(_("time"))
    written_at = models.DateTimeField(db_default=Now(), editable=False)
    facility_id = models.UUIDField(null=True)
    actor_type = models.CharField(_("kind of actor"), max_length=16)
    actor_id = models.UUIDField(_("actor"), null=True)
    actor_role = models.CharField(_("role"), max_length=16, blank=True)
    actor_via = models.CharField(_("by means of"), max_length=40, blank=True)
    action = models.CharField(_("action"), max_length=60)
    entity_type = models.CharField(_("kind of record"), max_length=60)
    entity_id = models.CharField(_("record"), max_length=80)
    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    trace_id = models.CharField(max_length=64)

    objects = ScopedManager(facility="facility_id")
    trail = models.Manager()  # noqa: DJ012  a manager like the one above

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["facility_id", "-at", "-number"], name="audit_newest"),
            models.Index(fields=["entity_id", "-at"], name="audit_of_record"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.entity_type} {self.entity_id}"


class Seal(models.Model):
    """One link of the chain: the keyed hash of the link before it and of every column of one entry."""

    partitioned_by = "sealed_at"

    position = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    entry_id = models.UUIDField()
    entry_at = models.DateTimeField()
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["entry_id"], name="audit_seal_entry")]

    def __str__(self) -> str:
        return f"{self.position} {self.hash[:12]}"


class Unsealed(models.Model):
    """An entry that waits for its seal; written by a trigger in the transaction of the entry.

    Entries commit in another order than they are numbered, so that "everything after the last number" would
    pass over those that commit late. A row here appears with its entry, whenever that is.
    """

    entry_id = models.UUIDField(primary_key=True)
    entry_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.entry_id)
