"""Takes in what browsers report against the content security policy: each report is a bug of ours or an attack."""

import json
import logging
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import Counter

from apps.core.errors import Invalid
from apps.core.policy import PUBLIC
from apps.core.views import page

REPORTS = Counter("opd_csp_reports", "What browsers refused to load or run on our pages.")
LONGEST = 60
"""Characters of a value that are worth a place in the log."""

log = logging.getLogger("csp")


@csrf_exempt  # sent by the browser itself
@page(policy=PUBLIC, methods=("POST",))
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log which directive was broken on which of our pages, by what origin; no address, since some are keys."""
    report = _read(request.body)
    REPORTS.inc()
    log.warning(
        "content security policy broken",
        extra={
            "directive": _short(report.get("effective-directive") or report.get("violated-directive")),
            "blocked": _origin(_short(report.get("blocked-uri"))),
            "page": _route(report.get("document-uri")),
        },
    )
    return HttpResponse(status=204)


def _read(body: bytes) -> dict[str, Any]:
    try:
        report = json.loads(body)["csp-report"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Invalid from None
    if not isinstance(report, dict):
        raise Invalid
    return report


def _short(value: object) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def _origin(blocked: str) -> str:
    """Of an address its scheme and host; `inline`, `eval` and the like as they are."""
    try:
        url = urlsplit(blocked)
    except ValueError:
        return ""
    return f"{url.scheme}://{url.hostname}" if url.hostname else url.scheme or url.path


def _route(document: object) -> str:
    try:
        return str(resolve(urlsplit(document).path).route) if isinstance(document, str) else ""
    except (ValueError, Resolver404):
        return ""
