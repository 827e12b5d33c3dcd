"""What stands in the logs, and what never does."""

import io
import logging

from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response
from structlog.stdlib import ProcessorFormatter

from opd.logs import LOGGING


def test_a_failed_request_is_logged_without_its_address():
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(ProcessorFormatter(**{k: v for k, v in LOGGING["formatters"]["json"].items() if k != "()"}))
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        request = RequestFactory().get("/t/bcdfghjkmn/?h=canary")
        log_response("%s: %s", "Service Unavailable", request.path, response=HttpResponse(status=503), request=request)
    finally:
        logger.removeHandler(handler)
    assert '"event": "Service Unavailable"' in written.getvalue()
    assert "bcdfghjkmn" not in written.getvalue()
    assert "canary" not in written.getvalue()
