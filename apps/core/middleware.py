"""What surrounds every request: its trace id and access line, and refusals turned into answers."""

import logging
import time
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from psycopg_pool import PoolTimeout

from apps.core.commands import report_refusal
from apps.core.errors import DomainError, Forbidden, Unavailable
from apps.core.pages import bad_request, refusal
from apps.core.trace import start_trace

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("access")


class TraceMiddleware:
    """Outermost: gives the request its trace id (`X-Request-ID`, in and out) and one line in the access log.

    Refuses NUL characters, which no column can hold, and forbids every store on the way to keep what is
    somebody's: all of the API and every answer to a known actor.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        trace = start_trace(request.headers.get("X-Request-ID", ""))
        response = bad_request(request) if _has_nul(request) else self.get_response(request)
        response["X-Request-ID"] = trace
        actor = getattr(request, "actor", None)
        kept = response.get("Cache-Control", "")
        if (actor or request.path.startswith("/api/")) and "no-store" not in kept:
            response["Cache-Control"] = "no-store"
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


def _has_nul(request: HttpRequest) -> bool:
    return "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")
