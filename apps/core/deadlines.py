"""A hard end for talks with servers outside the house.

A time for each answer is no end: a server that sends a byte every few seconds never exceeds it, and the worker that
listens to it does nothing else.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import httpx

Told = TypeVar("Told")


def within(seconds: float, talk: Callable[[], Told], hang_up: Callable[[], object]) -> Told:
    """What a talk comes to, held on a thread of its own and given up after so long. Raises `TimeoutError` then, and
    whatever the talk raises.

    What was given up is hung up on, and ends by itself when it next waits for the other side. Nothing of it is used, so
    that it must not write anything here."""
    outcome: Future[Told] = Future()

    def hold() -> None:
        try:
            outcome.set_result(talk())
        except BaseException as error:  # whoever waits for it gets it
            outcome.set_exception(error)

    threading.Thread(target=hold, name="talk with a server", daemon=True).start()
    try:
        return outcome.result(seconds)
    except TimeoutError:
        if not outcome.done():
            hang_up()
        raise


def request(method: str, url: str, *, seconds: float, timeout: httpx.Timeout, **more: Any) -> httpx.Response:
    """A request whose answer is here whole after so many seconds. Raises `httpx.ReadTimeout` if not, as for an answer
    that does not come at all, and every other `httpx.HTTPError`."""
    client = httpx.Client(timeout=timeout)
    try:
        answer = within(seconds, lambda: client.request(method, url, **more), client.close)
    except TimeoutError as error:
        raise httpx.ReadTimeout("the answer took too long") from error
    client.close()
    return answer
