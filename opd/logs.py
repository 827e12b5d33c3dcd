"""JSON logs in UTC with request and actor ids. Nothing about a patient's health, no body, no query string."""

import logging
import sys
import traceback
from typing import Any

import psycopg
import structlog
from django.db.utils import Error

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


def trace_of(error: BaseException) -> str:
    """An exception and what led to it, as Python shows them, but of the database's without the rows it quotes."""
    links: list[BaseException] = []
    following: BaseException | None = error
    while following and following not in links:
        links.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    shown = ["".join([*traceback.format_tb(link.__traceback__), _named(link)]) for link in reversed(links)]
    return "\nand then\n".join(shown)


def _named(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}: {without_rows(error)}"


def without_rows(error: BaseException) -> str:
    """What an exception says. PostgreSQL tells whole rows after the first line (DETAIL, CONTEXT, LINE), and in the
    first what could not be read as a number or a date (class 22)."""
    if not isinstance(error, Error | psycopg.Error):
        return str(error)
    source = error if isinstance(error, psycopg.Error) else error.__cause__
    state = getattr(source, "sqlstate", None) or ""
    first_line = str(error).partition("\n")[0]
    return f"{state} {'[hidden]' if state.startswith('22') else first_line}".strip()


def show_exception(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Put an exception into its line as text."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = trace_of(error)
    return event


class WithoutRows(logging.Filter):
    """Celery writes the exception of a task into its message, and task and exception beside it; the line's own
    `exception` says enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.args, dict):
            record.msg, record.args = f"Task {record.args.get('name')} failed", ()
        record.__dict__.pop("data", None)
        return True


class WithoutClients(logging.Filter):
    """What a client sends is no error of ours: a text that is none ends its connection, and is not logged. One that
    our own code stumbles over is."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, UnicodeDecodeError) or any(
            frame.f_globals.get("__name__", "").startswith(("apps.", "opd."))
            for frame, _line in traceback.walk_tb(error.__traceback__)
        )


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
                show_exception,
                hide,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "filters": {
        "without_address": {"()": WithoutAddress},
        "without_rows": {"()": WithoutRows},
        "without_clients": {"()": WithoutClients},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["without_address"]},  # refusals stand in the access log
        "celery.app.trace": {"filters": ["without_rows"]},
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "uvicorn": {"level": "WARNING"},
        "uvicorn.error": {"filters": ["without_clients"]},
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
