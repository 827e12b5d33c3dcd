"""What the house tells Prometheus: tallies, and how things stand at this moment."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django_scopes import scopes_disabled

from apps.accounts.queries import facilities
from apps.core.relay import parked_events, relay_lag_seconds
from apps.patients.queries import emergencies_by_facility
from apps.queue.queries.lines import waiting_by_line
from apps.reporting.models import MetricTally
from apps.reporting.rules import Measure
from apps.scheduling.queries import departments

Labels = tuple[str, str]
"""A facility's code and a department's."""


def department_labels() -> dict[UUID, Labels]:
    """Every department of the house by id, as measures name it."""
    codes = {facility.id: facility.code for facility in facilities()}
    with scopes_disabled():
        return {place.id: (codes[place.facility_id], place.code) for place in departments()}


def tallies(labels: Mapping[UUID, Labels]) -> dict[Measure, dict[Labels, dict[str, int]]]:
    """`{measure: {department: {step: total}}}` of everything counted so far."""
    found: dict[Measure, dict[Labels, dict[str, int]]] = {measure: defaultdict(dict) for measure in Measure}
    for tally in MetricTally.objects.all():
        if tally.department_id in labels:
            found[Measure(tally.measure)][labels[tally.department_id]][tally.step] = tally.total
    return found


def queue_lengths(labels: Mapping[UUID, Labels]) -> dict[Labels, int]:
    """How many wait in each department now."""
    lengths = dict.fromkeys(labels.values(), 0)
    with scopes_disabled():
        for (department_id, _doctor), people in waiting_by_line(labels).items():
            lengths[labels[department_id]] += people
    return lengths


def broken_glass() -> dict[str, int]:
    """How often a record was opened in an emergency, by the facility's code."""
    times = emergencies_by_facility()
    return {facility.code: times.get(facility.id, 0) for facility in facilities()}


def relay_state(now: datetime) -> dict[str, Any]:
    """`{lag, parked}`: seconds that the oldest event has waited, and how many were given up."""
    return {"lag": relay_lag_seconds(now), "parked": parked_events().count()}
