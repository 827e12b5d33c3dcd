"""Requests made up from our own OpenAPI document, right and wrong ones, as everybody who may ask."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.fuzz.feeding import Feeder
from tests.fuzz.hospital import Asker, Hospital, asker
from tests.fuzz.judging import judge, so_many
from tests.fuzz.tally import Tally
from tests.proving import PROVE

pytestmark = pytest.mark.timeout(3600)

CASES = {
    "admin": 3,
    "receptionist": 3,
    "doctor": 3,
    "family": 2,
    "patient": 2,
    "link holder": 2,
    "kiosk": 1,
    "nobody": 2,
}
"""Of either kind, right and wrong, for every operation: a sample."""

EVERY = 1 if PROVE else 5
"""Everybody asks for every so many of the operations, each beginning with another one."""

PROVING = 40
"""The same, to prove it: 3,000 and more as each of them."""

NEW = 0.8
"""The share of them that must have been made: some turn out to be the same as others, and are made once."""

DONE = {
    "admin": 0.4,
    "receptionist": 0.3,
    "doctor": 0.3,
    "family": 0.06,
    "patient": 0.06,
    "link holder": 0.02,
    "kiosk": 0.01,
    "nobody": 0.01,
}
"""The share of requests that must have been carried out, or the run was hollow."""

SLOWLY_HASHED = {"/api/v1/auth/token", "/api/v1/auth/password"}
"""A password is made slow to check on purpose; a few of these are enough."""


@pytest.mark.parametrize("name", CASES)
def test_no_request_breaks_the_api(hospital: Hospital, operations: list[Any], name: str):
    tally, who, count = Tally(), asker(name, hospital), PROVING if PROVE else CASES[name]
    operations = operations[list(CASES).index(name) % EVERY :: EVERY]
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            ask(operation, mode, count, who, tally)
    print(f"As {name}: {tally}")  # noqa: T201
    assert not tally.faults, "\n\n".join(tally.faults)
    quick = [operation for operation in operations if operation.path not in SLOWLY_HASHED]
    assert tally.requests >= (3_000 if PROVE else 2 * len(quick) * count * NEW), str(tally)
    assert tally.done >= DONE[name] / EVERY, str(tally)


def ask(operation: Any, mode: GenerationMode, count: int, who: Asker, tally: Tally) -> None:
    """Send so many made-up requests to one operation."""

    @given(st.tuples(operation.as_strategy(generation_mode=mode), st.integers(0, 2**32)))
    @so_many(2 if operation.path in SLOWLY_HASHED else count)
    def send(drawn: tuple[Any, int]) -> None:
        case, luck = drawn
        feeder = Feeder(who, Random(luck))
        feeder.feed(case)
        judge(case, who, tally, feeder.headers())

    send()
