"""`/metrics`: for this machine, for an administrator, or for who knows the token. Not public."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from apps.core.errors import NotFound
from apps.core.policy import PUBLIC, Permission
from apps.core.views import actor_if_any, page
from apps.reporting.measures import exposition

FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded")
"""A proxy on the same machine speaks for somebody elsewhere."""


@page(policy=PUBLIC)
def metrics(request: HttpRequest) -> HttpResponse:
    """All measures. For anybody else the page does not exist."""
    if not (_is_from_here(request) or _is_administrator(request) or _has_token(request)):
        raise NotFound
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _is_from_here(request: HttpRequest) -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _is_administrator(request: HttpRequest) -> bool:
    actor = actor_if_any(request)
    return actor is not None and actor.may(Permission.AUDIT_READ)


def _has_token(request: HttpRequest) -> bool:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.METRICS_TOKEN
    return bool(known) and scheme.lower() == "bearer" and secrets.compare_digest(token.encode(), known.encode())
