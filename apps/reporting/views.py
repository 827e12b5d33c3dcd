"""`/metrics`: for this machine, for an administrator, or for who knows the token. Not public."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from apps.core.addresses import address_of
from apps.core.errors import NotFound
from apps.core.policy import PUBLIC, Permission
from apps.core.views import actor_if_any, page
from apps.reporting.measures import exposition

OTHER_PROXIES = ("X-Real-IP", "Forwarded")
"""What our own proxies do not write: another one on the same machine speaks for somebody elsewhere."""


@page(policy=PUBLIC)
def metrics(request: HttpRequest) -> HttpResponse:
    """All measures. For anybody else the page does not exist."""
    if not (_is_from_here(request) or _is_administrator(request) or _has_token(request)):
        raise NotFound
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _is_from_here(request: HttpRequest) -> bool:
    """Whether somebody on this machine asks, through our own proxies (`OPD_PROXIES`) and no other."""
    told = request.headers.get("X-Forwarded-For", "")
    heard_by = len(told.split(",")) if told else 0
    if heard_by != settings.PROXIES or any(name in request.headers for name in OTHER_PROXIES):
        return False
    try:
        return ipaddress.ip_address(address_of(request)).is_loopback
    except ValueError:
        return False


def _is_administrator(request: HttpRequest) -> bool:
    actor = actor_if_any(request)
    return actor is not None and actor.may(Permission.AUDIT_READ)


def _has_token(request: HttpRequest) -> bool:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = settings.METRICS_TOKEN
    return bool(known) and scheme.lower() == "bearer" and secrets.compare_digest(token.encode(), known.encode())
