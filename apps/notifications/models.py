"""Messages to people, written with the command that had something to say, and sent after it."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from apps.core.crypto import EncryptedTextField
from apps.notifications.rules import OPEN, Channel, Status
from apps.notifications.rules.subjects import LONGEST as LONGEST_SUBJECT
from apps.notifications.rules.wordings import LONGEST

_OPEN = sorted(status.value for status in OPEN)


class Message(models.Model):
    """One message to one person. Whom it is for and what it says stand sealed.

    Partitioned by month. Only the columns of its sending ever change; the rest is held by a trigger. Nobody
    takes an open message up before `next_try_at`: a pause after a failure, and the lease of who is sending it.
    `objects` shows one facility's messages; `outgoing` is all of them, for who sends them.
    """

    partitioned_by = "created_at"
    changing = ("status", "attempts", "next_try_at", "sent_at", "reference", "error")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    created_at = models.DateTimeField()
    facility_id = models.UUIDField()
    kind = models.CharField(max_length=30)
    channel = models.CharField(max_length=10, choices=[(c.value, c.value) for c in Channel])
    recipient = EncryptedTextField()
    recipient_index = models.CharField(max_length=40)
    text = EncryptedTextField()
    language = models.CharField(max_length=8)
    urgent = models.BooleanField(default=False)
    dedupe_key = models.CharField(max_length=120)
    not_after = models.DateTimeField(null=True)
    status = models.CharField(max_length=8, choices=[(s.value, s.value) for s in Status], default=Status.WAITING.value)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=120, blank=True)
    error = models.CharField(max_length=60, blank=True)
    wording = models.CharField(max_length=40, blank=True, default="", db_default="")
    template = models.CharField(max_length=80, blank=True, default="", db_default="")
    parameters = EncryptedTextField(blank=True, default="", db_default="")

    objects = ScopedManager(facility="facility_id")
    outgoing = models.Manager()  # noqa: DJ012  a manager like the one above

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=[c.value for c in Channel]), name="message_channel_known"),
            models.CheckConstraint(condition=Q(status__in=[s.value for s in Status]), name="message_status_known"),
        ]
        indexes = [
            models.Index(fields=["-urgent", "next_try_at"], name="message_open", condition=Q(status__in=_OPEN)),
            models.Index(fields=["-created_at"], name="message_newest"),
            models.Index(fields=["facility_id", "recipient_index", "-created_at"], name="message_of_recipient"),
            models.Index(fields=["reference"], name="message_reference", condition=~Q(reference="")),
            models.Index(
                fields=["facility_id", "-created_at"], name="message_failed", condition=Q(status=Status.FAILED.value)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} {self.status}"


class MessageKey(models.Model):
    """Says that something was told already: a partitioned table cannot hold that by itself."""

    key = models.CharField(max_length=120, primary_key=True)
    facility_id = models.UUIDField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class Unwanted(models.Model):
    """Messages of one kind that nobody wants at a number; codes to sign in come all the same."""

    facility_id = models.UUIDField()
    recipient_index = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=[(c.value, c.value) for c in Channel])
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facility_id", "recipient_index", "channel"], name="unwanted_said_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.since}"


class PushSubscription(models.Model):
    """A browser that shows a number's messages, until its owner or its push service ends that.

    Whoever knows address and keys can write to that browser: they stand sealed.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility_id = models.UUIDField()
    recipient_index = models.CharField(max_length=40)
    endpoint = EncryptedTextField()
    endpoint_index = models.CharField(max_length=40, unique=True)
    p256dh = EncryptedTextField()
    auth = EncryptedTextField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["facility_id", "recipient_index"], condition=Q(ended_at__isnull=True), name="push_of_recipient"
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.created_at}"


class OwnWording(models.Model):
    """A hospital's own words for one message in one language, and the names that providers know it by."""

    facility_id = models.UUIDField()
    name = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    text = models.CharField(max_length=LONGEST, blank=True)
    sms_template = models.CharField(max_length=80, blank=True)
    whatsapp_template = models.CharField(max_length=80, blank=True)
    email_subject = models.CharField(max_length=LONGEST_SUBJECT, blank=True, default="", db_default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility_id", "name", "language"], name="own_wording_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.language}"


class LeftOut(models.Model):
    """A message that a hospital does not send at all."""

    facility_id = models.UUIDField()
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility_id", "name"], name="left_out_once")]

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """The channel that somebody wants messages by, where it is not text messages."""

    facility_id = models.UUIDField()
    recipient_index = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=[(c.value, c.value) for c in Channel])
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility_id", "recipient_index"], name="one_preferred_channel")]

    def __str__(self) -> str:
        return f"{self.channel} {self.since}"


class MailAddress(models.Model):
    """The e-mail address of a phone number, sealed. Nothing about anybody's visits goes there before a code that was
    sent to it has been typed in by whoever holds the phone."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility_id = models.UUIDField()
    recipient_index = models.CharField(max_length=40)
    address = EncryptedTextField()
    code_hash = models.CharField(max_length=40, blank=True)
    code_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    codes = models.PositiveSmallIntegerField(default=0)
    codes_since = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility_id", "recipient_index"], name="one_mail_address")]

    def __str__(self) -> str:
        return f"{self.id} {self.confirmed_at}"


class Breaker(models.Model):
    """How a provider does (a channel's, or the payment gateway): failures in a row, and until when it is left alone
    for them."""

    channel = models.CharField(max_length=10, primary_key=True)
    failures = models.IntegerField(default=0)
    rests_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.channel} {self.failures}"
