"""Refusals and errors as pages, and as JSON beneath `/api/`: the counterpart of `apps.core.api` for people.

The pages are rendered without the request: they need no session, no user and no database, and so can be shown
when exactly those are away.
"""

import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string

from apps.core.api import explain
from apps.core.errors import DomainError, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable, sentence
from apps.core.trace import trace_id

RETRY_AFTER = 2
"""Seconds after which somebody who was told "busy" may ask again."""

PAGES = frozenset({400, 403, 404, 500, 503})
"""Statuses with a page of their own in `templates/errors/`; any other refusal is shown by `refused.html`."""


class FormExpired(Forbidden):
    """The form's protection against forged requests does not match."""

    code = "form_expired"
    detail = sentence("This form is no longer valid. Please go back, reload the page and try again.")


class Failure(DomainError):
    """Something broke. The person gets the trace id to tell; the log has the rest."""

    code = "failure"
    status = 500
    detail = sentence("Something went wrong on our side. Nothing is known to be lost; please try again.")


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as JSON beneath `/api/`, as a page elsewhere; somebody not signed in is sent to the sign-in page."""
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(explain(error), status=error.status)
    elif error.status == 401:
        return _to_sign_in(request, error.params.get("door", settings.LOGIN_URL))
    else:
        response = HttpResponse(render_to_string(_template(error), _told(error)), status=error.status)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if error.status in (429, 503):
        response["Retry-After"] = str(error.params.get("retry_after", RETRY_AFTER))
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF check refused a form."""
    return refusal(request, FormExpired())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django could make nothing of the request (400)."""
    return refusal(request, Invalid())


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django itself refused (403)."""
    return refusal(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page (404). Of the API's paths only somebody signed in learns which exist; others get 401."""
    anonymous = getattr(request, "actor", None) is None
    if anonymous and request.path.startswith("/api/v1/"):
        return refusal(request, Unauthenticated())
    return refusal(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke (500), or the database is away (503)."""
    away = isinstance(sys.exc_info()[1], OperationalError)
    return refusal(request, Unavailable() if away else Failure())


def _to_sign_in(request: HttpRequest, door: str) -> HttpResponse:
    """To the sign-in page, and back to a page that was only read; a fragment makes the whole page go there."""
    if request.headers.get("HX-Request") != "true":
        if request.method != "GET":
            return redirect(door)
        return redirect_to_login(request.get_full_path(), resolve_url(door))
    response = HttpResponse(status=401)
    response["HX-Redirect"] = resolve_url(door)
    return response


def _template(error: DomainError) -> str:
    if isinstance(error, FormExpired):
        return "403_csrf.html"
    return f"errors/{error.status if error.status in PAGES else 'refused'}.html"


def _told(error: DomainError) -> dict[str, Any]:
    """The sentence of a particular refusal, and the trace id; of the general ones the page itself says enough."""
    general = type(error) in (Invalid, Forbidden, NotFound, Unavailable, Failure, FormExpired)
    return {"detail": "" if general else explain(error)["detail"], "trace_id": trace_id()}
