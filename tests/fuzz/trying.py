"""Tries one hostile request after the other, and sees to it that what is refused has changed nothing."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponseBase

from tests.fuzz.answers import as_answer, faults
from tests.fuzz.census import Census, census, differences
from tests.fuzz.tally import Tally

SLOW = 5.0
"""Seconds; no answer may take longer."""


class Trier:
    """Sends requests and keeps count of the answers."""

    def __init__(self, operations: Iterable[Any] = ()) -> None:
        """`operations`: those of the API, whose answers must be as they are described."""
        self._operations = {operation.label: operation for operation in operations}
        self.tally = Tally()
        self.changed = ""
        """Tables that are not as they were before the last request."""
        self._before: Census | None = None

    def prepared(self) -> None:
        """The hospital was changed by the test itself."""
        self._before = None

    def attempt(self, label: str, what: str, send: Callable[[], HttpResponseBase]) -> Any:
        """The answer to one request; whatever is wrong with it is noted."""
        before = self._before or census()
        began = time.monotonic()
        response: Any = send()
        took = time.monotonic() - began
        after = self._before = census()
        self.changed = differences(before, after)
        self.tally.add(label, response.status_code)
        if response.status_code >= 500:
            self.fault(label, what, f"{response.status_code} {response.content[:300]!r}")
        elif response.status_code >= 400 and self.changed and not is_half_done(response):
            self.fault(label, what, f"refused with {response.status_code}, but changed {self.changed}")
        elif label in self._operations:
            for why in faults(self._operations[label], as_answer(response)):
                self.fault(label, what, why)
        if took > SLOW:
            self.fault(label, what, f"took {took:.1f} s")
        return response

    def fault(self, label: str, what: str, why: str) -> None:
        """Something that must not be."""
        self.tally.faults.append(f"{label}, {what}: {why}")

    def judge(self) -> None:
        """Fail with every fault that was found."""
        print(self.tally)  # noqa: T201
        assert not self.tally.faults, "\n".join(self.tally.faults)


def is_half_done(response: Any) -> bool:
    """Whether a button that does two things says that it did the first of them, and why not the second."""
    return response.status_code == 409 and b"The next person was not called" in response.content
