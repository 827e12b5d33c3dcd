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
from tests.races.threads import PROVE

pytestmark = pytest.mark.timeout(3600)

CASES = {"admin": 9, "receptionist": 9, "doctor": 9, "link holder": 4, "nobody": 3}
"""Of either kind, right and wrong, for every operation: 3,000 and more in all, and seven times that to prove it."""

ENOUGH = {"admin": 820, "receptionist": 820, "doctor": 820, "link holder": 340, "nobody": 270}
"""Requests that must have been made: some of them turn out to be the same, and are made once."""

DONE = {"admin": 0.4, "receptionist": 0.3, "doctor": 0.3, "link holder": 0.06, "nobody": 0.02}
"""The share of requests that must have been carried out, or the run was hollow."""

SLOWLY_HASHED = {"/api/v1/auth/token", "/api/v1/auth/password"}
"""A password is made slow to check on purpose; a few of these are enough."""


@pytest.mark.parametrize("name", CASES)
def test_no_request_breaks_the_api(hospital: Hospital, operations: list[Any], name: str):
    tally, who = Tally(), asker(name, hospital)
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            ask(operation, mode, CASES[name] * (7 if PROVE else 1), who, tally)
    print(f"As {name}: {tally}")  # noqa: T201
    assert not tally.faults, "\n\n".join(tally.faults)
    assert tally.requests >= ENOUGH[name] * (6 if PROVE else 1), str(tally)
    assert tally.done >= DONE[name], str(tally)


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
