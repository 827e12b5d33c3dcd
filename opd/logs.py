"""JSON logs in UTC with request and actor ids. Nothing about a patient's health, no body, no query string."""

import logging
from typing import Any

import structlog

from apps.core.trace import current

HIDDEN = frozenset(
    {"password", "code", "token", "phone", "name", "symptoms", "prescription", "authorization", "address", "request"}
)
"""Keys whose values never reach a log line, whoever passes them. Django passes the request, shown by its address."""


def hide(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace the value of every hidden key."""
    return {key: "[hidden]" if key.lower() in HIDDEN else value for key, value in event.items()}


class WithoutAddress(logging.Filter):
    """Leaves the address out of what Django says of a failed request: a tracking page's is its holder's key.

    Route and trace id stand in the access log's line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().partition(":")[0], ()
        return True


def add_trace(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Name the trace a line belongs to."""
    if trace := current.get():
        event.setdefault("trace_id", trace)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_trace,
]

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [*_SHARED, structlog.stdlib.ExtraAdder()],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                hide,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "filters": {"without_address": {"()": WithoutAddress}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["without_address"]},  # refusals stand in the access log
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "daphne": {"level": "WARNING"},
        "asyncio": {"level": "WARNING"},
    },
}


def configure_structlog() -> None:
    """Let structlog's own loggers end in the same JSON lines as everybody else's."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
