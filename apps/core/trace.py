"""The trace id that ties a request, its command, its audit rows and its events together."""

from contextvars import ContextVar
from uuid import uuid4

current: ContextVar[str] = ContextVar("trace", default="")


def trace_id() -> str:
    """The id of what is being done now; made on first use where no request brought one."""
    known = current.get()
    return known or start_trace()


def start_trace(given: str = "") -> str:
    """Begin a new trace under the given id (at most 64 letters, digits and dashes), or under a fresh one."""
    usable = 0 < len(given) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_.:") for c in given)
    value = given if usable else uuid4().hex
    current.set(value)
    return value
