"""Messages over the API: what they say, and what became of them."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Actor, Permission
from apps.core.shapes import Shape
from apps.notifications import commands
from apps.notifications.queries import left_out, messages_of, own_wordings
from apps.notifications.rules import Channel, Kind, Status
from apps.notifications.rules.subjects import LONGEST as LONGEST_SUBJECT
from apps.notifications.rules.wordings import LONGEST, WORDINGS, OwnWords, Wording

PAGES = [OpenApiParameter("page", int), OpenApiParameter("pageSize", int)]


class TemplateOut(Shape):
    """What one message says in one language; `own` where the hospital has put its own words."""

    name = serializers.CharField()
    kind = serializers.ChoiceField([str(kind) for kind in Kind])
    language = serializers.CharField()
    text = serializers.CharField()
    own = serializers.BooleanField()
    sent = serializers.BooleanField()
    smsTemplate = serializers.CharField(source="sms_template", allow_blank=True)
    whatsappTemplate = serializers.CharField(source="whatsapp_template", allow_blank=True)
    emailSubject = serializers.CharField(source="email_subject", allow_blank=True)
    version = serializers.IntegerField()


class TemplateIn(serializers.Serializer[Any]):
    """A hospital's own words; empty ones are the usual again. `version` is that which was looked at."""

    text = TextField(max_length=LONGEST, allow_blank=True)
    smsTemplate = TextField(source="sms_template", max_length=80, allow_blank=True, default="")
    whatsappTemplate = TextField(source="whatsapp_template", max_length=80, allow_blank=True, default="")
    emailSubject = TextField(source="email_subject", max_length=LONGEST_SUBJECT, allow_blank=True, default="")
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class TemplatesOut(Shape):
    """One page of them."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TemplateOut(many=True)


class MessagesQuery(serializers.Serializer[Any]):
    """Which messages are asked for."""

    status = serializers.ChoiceField([str(status) for status in Status], required=False)


class MessageOut(Shape):
    """What became of a message; neither its words nor the whole number it went to."""

    messageId = serializers.UUIDField(source="id")
    kind = serializers.ChoiceField([str(kind) for kind in Kind])
    channel = serializers.ChoiceField([str(channel) for channel in Channel])
    status = serializers.ChoiceField([str(status) for status in Status])
    createdAt = serializers.DateTimeField(source="created_at")
    sentAt = serializers.DateTimeField(source="sent_at", allow_null=True)
    attempts = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)


class MessagesOut(Shape):
    """One page of them, the latest first."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MessageOut(many=True)


class Templates(Endpoint):
    """`GET notifications/templates`: what every message says, in each language."""

    policy = Permission.MASTERS_CHANGE

    @extend_schema(parameters=PAGES, responses=TemplatesOut)
    def get(self, request: Request) -> Response:
        """A page of them, by name and language."""
        facility_id = _facility(self.actor)
        own = {(row.name, row.language): row for row in own_wordings(facility_id)}
        silent = left_out(facility_id)
        known = [(one, code) for _, one in sorted(WORDINGS.items()) for code, _ in settings.LANGUAGES]

        def told(pair: tuple[Wording, str]) -> dict[str, Any]:
            one, language = pair
            return TemplateOut.of(_template(one, language, own.get((one.name, language)), silent))

        return self.page(known, told)


class Template(Endpoint):
    """`PUT notifications/templates/{name}/{language}`: the hospital's own words."""

    policy = Permission.MASTERS_CHANGE

    @extend_schema(request=TemplateIn, responses=TemplateOut)
    def put(self, request: Request, name: str, language: str) -> Response:
        """Put them in place of the usual ones."""
        given = self.read(TemplateIn)
        version, facility_id = given.pop("version"), _facility(self.actor)

        def told(_none: None) -> dict[str, Any]:
            row = own_wordings(facility_id).get(name=name, language=language)
            return TemplateOut.of(_template(WORDINGS[name], language, row, left_out(facility_id)))

        about = {"name": name, "language": language, "own": OwnWords(**given), "expected_version": version}
        return self.run(commands.reword, told, **about)


class Messages(Endpoint):
    """`GET notifications?status=`: what became of messages."""

    policy = Permission.MESSAGE_HANDLE

    @extend_schema(parameters=[MessagesQuery, *PAGES], responses=MessagesOut)
    def get(self, request: Request) -> Response:
        """A page of them, the latest first."""
        asked = self.read_query(MessagesQuery)
        return self.page(messages_of(_facility(self.actor), **asked), MessageOut.of)


def _facility(actor: Actor) -> UUID:
    assert actor.facility_id is not None, "staff have one"
    return actor.facility_id


def _template(one: Wording, language: str, row: Any, silent: frozenset[str]) -> dict[str, Any]:
    with translation.override(language):
        usual = gettext(one.text)
    return {
        "name": one.name,
        "kind": str(one.kind),
        "language": language,
        "text": row.text if row and row.text else usual,
        "own": bool(row and row.text),
        "sent": one.name not in silent,
        "sms_template": row.sms_template if row else "",
        "whatsapp_template": row.whatsapp_template if row else "",
        "email_subject": row.email_subject if row else "",
        "version": row.version if row else 0,
    }
