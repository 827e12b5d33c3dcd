"""What a provider of e-mail tells of messages: django-anymail knows how each signs and what each says.

Its views would tell their listeners by Django's signals, of which this house has none: they are asked for what they
have read instead.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string

from apps.core.errors import Forbidden, Invalid, NotFound
from apps.notifications.commands.reporting import Report

ARRIVED = frozenset({"delivered", "opened", "clicked"})
NONSENSE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What its views raise of a body that is none of the provider's."""

FAILED = frozenset({"rejected", "failed", "bounced", "complained"})


def mail_reports(request: HttpRequest) -> list[Report]:
    """What a request of the provider says of messages. Raises `NotFound` where none can be believed, `Forbidden` for
    one that is not signed, `Invalid` for one that makes no sense."""
    reader = import_string(settings.EMAIL_REPORTS)
    if reader.warn_if_no_basic_auth and not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise NotFound  # this provider does not sign, and no word is agreed on with it
    try:
        view = reader()
    except ImproperlyConfigured:
        raise NotFound from None  # the secret by which it would know its own is not set
    try:
        view.run_validators(request)
    except (AnymailWebhookValidationFailure, *NONSENSE):
        raise Forbidden from None
    try:
        return list(_reports(view.parse_events(request)))
    except (AnymailError, ImproperlyConfigured, *NONSENSE):  # a wrong kind of report is a wrong setting to anymail
        raise Invalid from None


def _reports(events: Any) -> Iterator[Report]:
    for event in events:
        if event.event_type in ARRIVED | FAILED:
            named = event.metadata.get("message_id") if isinstance(event.metadata, dict) else None
            yield Report(str(event.message_id or "")[:120], _id(named), event.event_type in ARRIVED)


def _id(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None
