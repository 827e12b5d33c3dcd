"""When a queue needs somebody to look at it (document 000 §7.2, requirements REP-1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class AlertRule(StrEnum):
    """What can be wrong with a queue."""

    LONG_QUEUE = "long_queue"
    LONG_WAITS = "long_waits"
    IDLE_DOCTOR = "idle_doctor"
    LONG_WAIT = "long_wait"


class Level(StrEnum):
    """How bad it is."""

    CRITICAL = "CRITICAL"
    WARNING = "WARNING"
    INFO = "INFO"


LEVELS = {
    AlertRule.LONG_QUEUE: Level.CRITICAL,
    AlertRule.LONG_WAITS: Level.WARNING,
    AlertRule.IDLE_DOCTOR: Level.INFO,
    AlertRule.LONG_WAIT: Level.WARNING,
}

MOST_WAITING = 50
"""People; more for `LASTS` are an alert."""

TIMES_PREDICTED = 2.0
"""A wait of so many times the predicted one is an alert, the mean of those called lately as well as one person's."""

LEAST_WAIT = timedelta(minutes=20)
"""Nobody's wait is an alert before it has lasted so long: who was told two minutes is not forgotten after five."""

LASTS = {
    AlertRule.LONG_QUEUE: timedelta(minutes=15),
    AlertRule.LONG_WAITS: timedelta(0),
    AlertRule.IDLE_DOCTOR: timedelta(minutes=10),
    AlertRule.LONG_WAIT: timedelta(0),
}
"""How long something must have been wrong before anybody is told."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits of those who were called lately in a department, in seconds: as they were and as predicted."""

    actual: float
    predicted: float


def is_long(waiting: int) -> bool:
    """Whether a queue is longer than it should be."""
    return waiting > MOST_WAITING


def are_longer_than_told(waits: Waits) -> bool:
    """Whether people wait much longer than they were told. Where nothing was predicted, nothing is wrong."""
    return waits.predicted > 0 and waits.actual > TIMES_PREDICTED * waits.predicted


def waits_too_long(waited: timedelta, predicted: timedelta) -> bool:
    """Whether one person waits much longer than they were told when they came."""
    return waited > max(LEAST_WAIT, TIMES_PREDICTED * predicted)


def is_due(rule: AlertRule, since: datetime, now: datetime) -> bool:
    """Whether something has been wrong for long enough to tell somebody."""
    return now - since >= LASTS[rule]
