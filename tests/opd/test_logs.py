"""What stands in the logs, and what never does."""

import io
import logging
from collections.abc import Callable, Iterator

import psycopg
import pytest
from celery.app.trace import build_tracer
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response
from structlog.stdlib import ProcessorFormatter

from opd.logs import LOGGING, WithoutClients

CANARY = "Asha Canary"


@pytest.fixture
def written() -> Iterator[Callable[[str], io.StringIO]]:
    """What a logger writes, as it stands in the log."""
    handlers = []

    def listen(name: str) -> io.StringIO:
        handler = logging.StreamHandler(io.StringIO())
        described = LOGGING["formatters"]["json"].items()
        handler.setFormatter(ProcessorFormatter(**{k: v for k, v in described if k != "()"}))
        logging.getLogger(name).addHandler(handler)
        handlers.append((name, handler))
        return handler.stream

    yield listen
    for name, handler in handlers:
        logging.getLogger(name).removeHandler(handler)


def test_a_failed_request_is_logged_without_its_address(written):
    told = written("django.request")
    request = RequestFactory().get("/t/bcdfghjkmn/?h=canary")
    log_response("%s: %s", "Service Unavailable", request.path, response=HttpResponse(status=503), request=request)
    assert '"event": "Service Unavailable"' in told.getvalue()
    assert "bcdfghjkmn" not in told.getvalue()
    assert "canary" not in told.getvalue()


TELLING_ROWS = {
    "23505 duplicate key": "INSERT INTO telling VALUES (1, %s), (1, %s)",
    "23514 new row for relation": "INSERT INTO telling VALUES (-1, %s), (2, %s)",
    "22P02 [hidden]": "SELECT (%s || %s)::integer",
    "42601 syntax error": "SELECT FROM WHERE %s %s",
}
"""Statements that PostgreSQL refuses with the values in DETAIL, in the message itself, or under LINE."""


@pytest.mark.django_db
@pytest.mark.parametrize(("shown", "statement"), TELLING_ROWS.items(), ids=TELLING_ROWS)
def test_what_the_database_refuses_is_logged_without_the_row(written, shown, statement):
    told = written("some.app")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE telling (id int PRIMARY KEY CHECK (id > 0), name text) ON COMMIT DROP")
        try:
            with transaction.atomic():
                cursor.execute(statement, [CANARY, f"several\n\nlines of {CANARY}"])
        except DatabaseError as error:
            logging.getLogger("some.app").exception("it failed", exc_info=error)
    assert "it failed" in told.getvalue()
    assert shown in told.getvalue()
    assert "test_logs.py" in told.getvalue()
    assert CANARY not in told.getvalue()
    assert "DETAIL" not in told.getvalue()


def test_other_exceptions_are_logged_with_what_led_to_them(written):
    told = written("some.app")
    try:
        try:
            raise KeyError("first")
        except KeyError as cause:
            raise ValueError("second") from cause
    except ValueError:
        logging.getLogger("some.app").exception("it failed")
    assert told.getvalue().index("KeyError: 'first'") < told.getvalue().index("ValueError: second")


def test_a_task_that_fails_is_logged_without_the_row(written):
    from opd.celery import app

    told = written("celery.app.trace")

    @app.task(name="telling", shared=False)
    def telling(name: str) -> None:
        raise psycopg.errors.UniqueViolation(f"duplicate key\nDETAIL:  Key (name)=({name}) already exists.")

    build_tracer("telling", telling, app=app)("id", (CANARY,), {}, {"argsrepr": CANARY})
    assert "Task telling failed" in told.getvalue()
    assert "UniqueViolation: 23505 duplicate key" in told.getvalue()
    assert CANARY not in told.getvalue()


def test_a_text_of_a_client_that_is_none_is_not_logged_and_one_of_ours_is():
    """The server's own decoding is the client's doing; what fails in our code is a bug to hear of."""

    def is_logged(code: str, module: str) -> bool:
        try:
            exec(compile(code, "code", "exec"), {"__name__": module})
        except UnicodeDecodeError as error:
            told = (UnicodeDecodeError, error, error.__traceback__)
        return WithoutClients().filter(logging.LogRecord("uvicorn.error", logging.ERROR, "", 1, "", (), told))

    assert not is_logged("bytes([255]).decode()", "uvicorn.protocols.websockets")
    assert is_logged("bytes([255]).decode()", "apps.live.frames")
