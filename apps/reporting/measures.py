"""What a process measures of itself, and how all of it is told to Prometheus.

Several processes that serve the same requests share their counts through files when PROMETHEUS_MULTIPROC_DIR
names a folder; without it each tells its own.
"""

import os
from collections.abc import Iterator

from django.db import DatabaseError
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from apps.core.errors import Conflict
from apps.notifications.queries import sending_state
from apps.patients.queries import spent_limits
from apps.reporting.queries import (
    broken_glass,
    department_labels,
    prediction_errors,
    prediction_state,
    queue_lengths,
    relay_state,
    tallies,
)
from apps.reporting.rules import LATENCY_STEPS, Measure, cumulative

PLACE = ["facility", "department"]

LATENCY = Histogram(
    "opd_api_latency_ms",
    "Time to answer a request to the API, in milliseconds.",
    ["method", "route", "status"],
    buckets=LATENCY_STEPS,
)
REFUSED = Counter(
    "opd_transition_failures",
    "Moves that were refused: not allowed in the state, somebody was faster, nobody there.",
    ["code"],
)


def count_conflict(conflict: Conflict) -> None:
    """Count a command that the state of things refused; what somebody may not do at all is the audit trail's."""
    REFUSED.labels(conflict.code).inc()


class House(Collector):
    """The tallies and the present state, read from the database when Prometheus asks."""

    def collect(self) -> Iterator[Metric]:
        """Every measure of document 000 (7.1) and 003 (13) that comes from the database."""
        labels = department_labels()
        counted = tallies(labels)
        yield _counter("opd_tokens_created", "Numbers given to people.", counted[Measure.TOKENS])
        yield _no_show_rate(counted[Measure.NO_SHOWS])
        yield _durations(counted)
        waiting = GaugeMetricFamily("opd_queue_length_current", "People waiting now.", labels=PLACE)
        for place, people in queue_lengths(labels).items():
            waiting.add_metric(place, people)
        yield waiting
        glass = CounterMetricFamily("opd_break_glass", "Records opened in an emergency.", labels=["facility"])
        for facility, times in broken_glass().items():
            glass.add_metric([facility], times)
        yield glass
        relay = relay_state(timezone.now())
        yield GaugeMetricFamily("opd_relay_lag_seconds", "How long the oldest event has waited.", value=relay["lag"])
        yield GaugeMetricFamily("opd_relay_parked_events", "Events that were given up.", value=relay["parked"])
        yield from _messages_and_codes()
        yield from _expected_times()


def _messages_and_codes() -> Iterator[Metric]:
    """How sending does, and which limits on one-time codes are used up: somebody may be guessing or pumping."""
    now = timezone.now()
    messages = sending_state(now)
    yield GaugeMetricFamily("opd_messages_waiting", "Messages still to be sent.", value=messages["waiting"])
    yield GaugeMetricFamily("opd_messages_failed", "Messages given up within a day.", value=messages["failed"])
    spent = GaugeMetricFamily("opd_code_limits_reached", "Limits on one-time codes that are used up.", labels=["limit"])
    for name, count in spent_limits(now).items():
        spent.add_metric([name], count)
    yield spent


def _expected_times() -> Iterator[Metric]:
    """How far turns were from what was predicted, and whether windows of the last day held as often as they say."""
    apart = SummaryMetricFamily(
        "opd_wait_time_actual_vs_predicted", "Minutes between the predicted and the actual turn.", labels=["facility"]
    )
    for code, (count, total) in prediction_errors().items():
        apart.add_metric([code], count_value=count, sum_value=total)
    figure = GaugeMetricFamily(
        "opd_eta_figure",
        "Of the last day's predictions: error and bias in minutes, shares within 5 and 10, coverage, skill.",
        labels=["facility", "figure"],
    )
    alarm = GaugeMetricFamily(
        "opd_eta_alarm", "1 when windows hold in fewer than 73 or more than 87 % of cases.", labels=["facility"]
    )
    for code, figures in prediction_state(timezone.now()).items():
        for name in ("n", "error", "bias", "within5", "within10", "coverage", "skill"):
            figure.add_metric([code, name], getattr(figures, name))
        alarm.add_metric([code], float(figures.alarming))
    yield from (apart, figure, alarm)


def _counter(name: str, about: str, by_place: dict[tuple[str, str], dict[str, int]]) -> Metric:
    family = CounterMetricFamily(name, about, labels=PLACE)
    for place, steps in by_place.items():
        family.add_metric(place, sum(steps.values()))
    return family


def _no_show_rate(by_place: dict[tuple[str, str], dict[str, int]]) -> Metric:
    """Document 000 names this counter without the usual `_total`, so that it is told untyped."""
    family = Metric("opd_no_show_rate", "People taken off the queue because they did not come.", "unknown")
    for place, steps in by_place.items():
        family.add_sample("opd_no_show_rate", dict(zip(PLACE, place, strict=True)), sum(steps.values()))
    return family


def _durations(counted: dict[Measure, dict[tuple[str, str], dict[str, int]]]) -> Metric:
    family = HistogramMetricFamily(
        "opd_consultation_duration_seconds", "From start to end with the doctor.", labels=PLACE
    )
    for place, steps in counted[Measure.CONSULTATIONS].items():
        seconds = sum(counted[Measure.CONSULTATION_SECONDS][place].values())
        family.add_metric(place, cumulative(steps), sum_value=seconds)
    return family


def exposition() -> bytes:
    """Everything, in the format of Prometheus. With the database away a process still tells of itself."""
    own = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(own)
        processes: CollectorRegistry = own
    else:
        processes = REGISTRY
    told = generate_latest(processes)
    house = CollectorRegistry(auto_describe=False)
    try:
        house.register(House())
        return told + generate_latest(house) + b"opd_database_up 1\n"
    except DatabaseError:
        return told + b"opd_database_up 0\n"
