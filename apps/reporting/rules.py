"""What the measures are called, and into which steps a duration falls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CONSULTATION_STEPS = (60, 120, 180, 300, 480, 600, 900, 1200, 1800, 2700, 3600)
"""Seconds, upper bounds; around the usual five to fifteen minutes they stand close."""

LATENCY_STEPS = (5, 10, 25, 50, 100, 200, 300, 500, 1000, 2500, 5000, 10000)
"""Milliseconds, upper bounds; 200 is the promise of document 000."""

NO_BOUND = "+Inf"


class Measure(StrEnum):
    """What is counted from events."""

    TOKENS = "tokens_created"
    NO_SHOWS = "no_shows"
    CONSULTATIONS = "consultations"
    CONSULTATION_SECONDS = "consultation_seconds"


@dataclass(frozen=True, slots=True)
class Count:
    """Something to be added to a tally. `step` is the bound that a duration falls under, "" for a plain count."""

    measure: Measure
    amount: int
    step: str = ""


def counts_of(event_type: str, payload: Mapping[str, Any]) -> Iterator[Count]:
    """What an event adds to the tallies."""
    if event_type == "TOKEN_CREATED":
        yield Count(Measure.TOKENS, 1)
    elif event_type == "PATIENT_NO_SHOW":
        yield Count(Measure.NO_SHOWS, 1)
    elif event_type == "CONSULTATION_COMPLETED":
        seconds = int(payload.get("seconds", 0))
        yield Count(Measure.CONSULTATIONS, 1, step_of(seconds))
        yield Count(Measure.CONSULTATION_SECONDS, seconds)


def step_of(seconds: int) -> str:
    """The smallest bound that a duration does not pass, as Prometheus writes it."""
    return next((str(step) for step in CONSULTATION_STEPS if seconds <= step), NO_BOUND)


def cumulative(per_step: Mapping[str, int]) -> list[tuple[str, int]]:
    """Counts per step as a histogram tells them: how many were within each bound."""
    total, told = 0, []
    for step in (*map(str, CONSULTATION_STEPS), NO_BOUND):
        total += per_step.get(step, 0)
        told.append((step, total))
    return told
