"""Delivery reports: providers tell at these addresses what became of messages that they took.

Whoever knows the key signs the raw body (HMAC-SHA256): `X-Hub-Signature-256: sha256=<hex>`. Nothing is believed
without. Reports of text messages are `{reports: [{reference, status: delivered|failed}]}`; those of WhatsApp come as
Meta sends them, and Meta first asks for the word that it was given (`hub.verify_token`). What providers of e-mail tell
is read, and believed, by django-anymail's own views, without its signals.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sized
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from apps.core.errors import Forbidden, Invalid, NotFound, TooLarge
from apps.core.policy import PUBLIC
from apps.core.views import page
from apps.notifications.commands.reporting import Report, note_reports
from apps.notifications.rules import Channel

MOST = 1_000
"""Reports of one request; who has more sends them in several."""

ARRIVED = frozenset({"delivered", "read"})
FAILED = frozenset({"failed", "undelivered"})


@csrf_exempt
@page(policy=PUBLIC, methods=("GET", "POST"))
def reports(request: HttpRequest, channel: str) -> HttpResponse:
    """Take reports in, or answer Meta's question whether this is the right address."""
    if channel == Channel.EMAIL and request.method == "POST":
        mails = _of_mail(request)
        _require_few(mails)
        note_reports(Channel.EMAIL, mails)
        return HttpResponse(status=204)
    key = settings.REPORT_KEYS.get(channel, "")
    if not key:
        raise NotFound
    if request.method == "GET":
        return _answered(request, channel)
    given = request.headers.get("X-Hub-Signature-256", "")
    expected = "sha256=" + hmac.new(key.encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode()):
        raise Forbidden
    listed = list(_listed(channel, _read(request.body)))
    _require_few(listed)
    note_reports(Channel(channel), [report for one in listed if (report := _report(one))])
    return HttpResponse(status=204)


def _require_few(listed: Sized) -> None:
    if len(listed) > MOST:
        raise TooLarge


def _of_mail(request: HttpRequest) -> list[Report]:
    """What a provider of e-mail says. Its library is loaded only by who has one."""
    if not settings.EMAIL_REPORTS:
        raise NotFound
    read: Callable[[HttpRequest], list[Report]] = import_string("apps.notifications.channels.mail_reports.mail_reports")
    return read(request)


def _answered(request: HttpRequest, channel: str) -> HttpResponse:
    told, asked = request.GET.get("hub.verify_token", ""), request.GET.get("hub.challenge", "")
    word = settings.WHATSAPP_WORD
    if channel != Channel.WHATSAPP or not word or not hmac.compare_digest(told.encode(), word.encode()):
        raise Forbidden
    if not asked.isdecimal():
        raise Invalid
    return HttpResponse(asked[:40], content_type="text/plain")


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid from None
    if not isinstance(told, dict):
        raise Invalid
    return told


def _listed(channel: str, told: dict[str, Any]) -> Iterator[Any]:
    """The single reports in a body. Whatever else stands in it is passed over, since providers add to it."""
    if channel == Channel.SMS:
        yield from _list(told.get("reports"))
        return
    for entry in _list(told.get("entry")):
        for change in _list(_dict(entry).get("changes")):
            yield from _list(_dict(_dict(change).get("value")).get("statuses"))


def _report(one: Any) -> Report | None:
    """A report, by the provider's reference or by our id, which some give back; None for what says neither."""
    told = _dict(one)
    reference, status = told.get("reference", told.get("id")), told.get("status")
    if not isinstance(reference, str) or "\0" in reference or not isinstance(status, str):
        return None
    if status not in ARRIVED | FAILED:
        return None
    return Report(reference[:120], _id(told.get("biz_opaque_callback_data", reference)), status in ARRIVED)


def _id(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
