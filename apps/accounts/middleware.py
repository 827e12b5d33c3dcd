"""Every request is from somebody or from nobody: found out here, once, before any view."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_scopes import scope
from rest_framework.authentication import CSRFCheck

from apps.accounts.commands import seen
from apps.accounts.queries import Recognised, facility_facts, recognise
from apps.core.errors import Forbidden, Unauthenticated, sentence
from apps.core.pages import refusal
from apps.core.policy import PUBLIC

API = "/api/v1/"
BACKGROUND_HEADER = "X-Background"
"""Sent by a page that asks again by itself; such a request does not keep a session awake."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class CsrfRefused(Forbidden):
    code = "csrf_refused"
    detail = sentence("This request did not come from one of our pages. Load the page again and repeat.")


class ActorMiddleware:
    """Sets `request.actor` (and `request.user`, for Django's admin); confines queries to their facility, and reads
    and shows times by its clock.

    Nobody gets 401 for every path under the API that does not declare itself public, known or not. A write to
    the API by a cookie must prove that one of our own pages sent it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        found = recognise(request, now)
        request.actor = found.actor if found else None  # type: ignore[attr-defined]
        request.user = (found and found.credential.staff) or AnonymousUser()
        response = self._refusal(request, found) or self._answer(request, found, now)
        if found or _is_api(request):
            patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    def _answer(self, request: HttpRequest, found: Recognised | None, now: datetime) -> HttpResponse:
        if not found:
            return self.get_response(request)
        if not _is_background(request):
            seen(found.credential, now)
        actor = found.actor
        confined = _in_facility(actor.facility_id) if actor.facility_id else nullcontext()
        who = {"actor_type": str(actor.type), "actor_id": str(actor.id or actor.credential_id)}
        with confined, structlog.contextvars.bound_contextvars(**who):
            return self.get_response(request)

    def _refusal(self, request: HttpRequest, found: Recognised | None) -> HttpResponse | None:
        if not _is_api(request):
            return None
        if found is None:
            return None if _is_public(request) else refusal(request, Unauthenticated())
        if found.by_cookie and request.method not in SAFE_METHODS and _csrf_fault(request):
            return refusal(request, CsrfRefused())
        return None


@contextmanager
def _in_facility(facility_id: UUID) -> Iterator[None]:
    with scope(facility=facility_id), timezone.override(facility_facts(facility_id).time_zone):
        yield


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path_info}/".startswith(API)


def _is_public(request: HttpRequest) -> bool:
    """Whether the address leads to an endpoint that declares this method public."""
    try:
        match = resolve(request.path_info, getattr(request, "urlconf", settings.ROOT_URLCONF))
    except Resolver404:
        return False
    endpoint = getattr(match.func, "cls", None)
    return endpoint is not None and endpoint.policy_for(request.method) == PUBLIC


def _is_background(request: HttpRequest) -> bool:
    """Whether a page asked by itself. What only live pages ask counts as that, whatever the request says."""
    by_itself = request.path_info.endswith("/view/") or request.path_info.startswith(f"{API}live/")
    return by_itself or request.headers.get(BACKGROUND_HEADER) == "1"


def _csrf_fault(request: HttpRequest) -> object:
    """Why a cookie's request does not seem to come from one of our pages; API views skip Django's own look."""
    check = CSRFCheck(_nothing)
    check.process_request(request)
    return check.process_view(request, _nothing, (), {})


def _nothing(request: HttpRequest) -> HttpResponse:
    """Stands where Django's check expects a view: only what the check says counts."""
    return HttpResponse()
