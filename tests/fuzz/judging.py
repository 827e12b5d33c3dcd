"""Sends made-up requests and says what is wrong with an answer."""

import time
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from tests.fuzz.answers import faults
from tests.fuzz.hospital import Asker
from tests.fuzz.tally import Tally
from tests.proving import PROVE

SLOW = 5.0
"""Seconds; no answer may take longer."""


def so_many(examples: int) -> settings:
    """Made-up requests only: what the hospital answers depends on what was asked before, so none is tried again."""
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=not PROVE,
        suppress_health_check=list(HealthCheck),
    )


def judge(case: Any, who: Asker, tally: Tally, headers: dict[str, str]) -> None:
    """Send one request; note its answer, and whatever is wrong with it."""
    label = f"{case.operation.method.upper()} {case.operation.path}"
    began = time.monotonic()
    response = case.call(headers=headers)
    took = time.monotonic() - began
    tally.add(label, response.status_code)
    if case.operation.path.endswith("/auth/logout") and response.status_code == 204:
        who.signed_out()
    told = [f"took {took:.1f} s"] if took > SLOW else []
    told += faults(case.operation, response)
    tally.faults += [f"{label} as {who.name}: {what}\n{case.as_curl_command(headers)[:2000]}" for what in told]
