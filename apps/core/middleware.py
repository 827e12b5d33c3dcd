"""What surrounds every request: headers, its trace id and access line, and refusals turned into answers."""

import logging
import time
from collections.abc import Callable
from math import inf

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from psycopg_pool import PoolTimeout

from apps.core.commands import report_refusal
from apps.core.errors import DomainError, Forbidden, Invalid, TooLarge, Unavailable, sentence
from apps.core.languages import spoken_at
from apps.core.pages import refusal
from apps.core.trace import start_trace

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("access")

LONGEST_QUESTION = 8_190
"""Characters after an address's question mark; the servers before us take no longer line."""


class LengthNeeded(DomainError):
    code = "length_needed"
    status = 411
    detail = sentence("A request has to say how long it is.")


class HttpsNeeded(DomainError):
    code = "https_needed"
    status = 403
    detail = sentence("Use https: whatever was just sent could be read on its way.")


class HeadersMiddleware:
    """Outermost: no other site may embed what we answer, and nobody on the way may keep it unless it says so.

    What is somebody's (all of the API, every answer to a known actor) is kept nowhere, whatever it says.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        kept = response.get("Cache-Control", "")
        personal = getattr(request, "actor", None) or request.path.startswith("/api/")
        if not kept or (personal and "no-store" not in kept):
            response["Cache-Control"] = "no-store"
        return response


class TraceMiddleware:
    """Gives the request its trace id (`X-Request-ID`, in and out) and one line in the access log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        trace = start_trace(request.headers.get("X-Request-ID", ""))
        response = self.get_response(request)
        response["X-Request-ID"] = trace
        actor = getattr(request, "actor", None)
        log.info(
            "request",
            extra={
                "route": request.resolver_match.view_name if request.resolver_match else "",
                "method": request.method,
                "status": response.status_code,
                "ms": round((time.perf_counter() - began) * 1000, 1),
                "actor_id": str(actor.id) if actor and actor.id else None,
            },
        )
        return response


class ShapeMiddleware:
    """Refuses what no view could make good of: NUL characters, which no column can hold; a question or a body too long
    for its address, a body of unknown length; a program that talks to a hospital in the clear.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        fault = _fault(request)
        if fault is None:
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            return refusal(request, fault)


class LanguageMiddleware(LocaleMiddleware):
    """The reader's language, if the page speaks it: staff pages do not speak every language of the patients."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of this request."""
        super().process_request(request)
        if request.LANGUAGE_CODE not in dict(spoken_at(request.path)):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE


class AllowListMiddleware(CorsMiddleware):
    """Other sites' pages may ask the API only if they are on the list; a stranger's preflight is an ordinary request
    from nobody, which is refused."""

    def is_enabled(self, request: HttpRequest) -> bool:
        return request.headers.get("Origin") in settings.CORS_ALLOWED_ORIGINS and super().is_enabled(request)


class RefusalMiddleware:
    """Innermost: what a page's view raises becomes a page that says it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to a refusal or to a database that is away; None leaves it a real error (500)."""
        if isinstance(exception, Forbidden):
            report_refusal(getattr(request, "actor", None), exception)
        if isinstance(exception, DomainError):
            return refusal(request, exception)
        if isinstance(exception, OperationalError | PoolTimeout):
            log.warning("database away", extra={"error": type(exception).__name__})
            return refusal(request, Unavailable())
        return None


def _fault(request: HttpRequest) -> DomainError | None:
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        return Invalid()
    if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
        return LengthNeeded()
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUESTION:
        return TooLarge()
    if int(request.META.get("CONTENT_LENGTH") or 0) > _largest_body(request):
        return TooLarge()
    if settings.SECURE_SSL_REDIRECT and request.path.startswith("/api/") and not request.is_secure():
        return HttpsNeeded()
    return None


def _largest_body(request: HttpRequest) -> float:
    """In bytes. What is uploaded as a file is measured where it is taken in, except where a body has its own limit."""
    uploads = request.content_type == "multipart/form-data"
    usual = inf if uploads else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return settings.LARGEST_BODIES.get(request.path_info, usual)
