"""What the house tells Prometheus: tallies, and how things stand at this moment."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django_scopes import scope, scopes_disabled

from apps.accounts.queries import facilities
from apps.core.errors import sentence
from apps.core.languages import named
from apps.core.relay import parked_events, relay_lag_seconds
from apps.eta.queries import chosen_versions, compared, errors_so_far, judged, newest_turns
from apps.eta.rules.calibrating import Segment
from apps.eta.rules.judging import Figures, by_group, figures
from apps.eta.rules.versions import VERSIONS
from apps.patients.queries import emergencies_by_facility
from apps.queue.queries.lines import waiting_by_line
from apps.reporting.models import MetricTally
from apps.reporting.rules import Measure
from apps.scheduling.queries import departments, doctors

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


LATEST = 12
"""Turns that are shown one by one."""

SEGMENT_NAMES: dict[str, str] = {
    "": sentence("All"),
    Segment.BOOKING: sentence("booking"),
    Segment.AWAY: sentence("not here yet"),
    Segment.HERE: sentence("waiting here"),
}
"""Where somebody was when they were told."""


def expected_times(facility_id: UUID, since: datetime) -> list[dict[str, Any]]:
    """How good predictions were since a moment, in all, by doctor and by where people were: `{doctor, segment, figures,
    within5, within10, coverage, skill, of_all}`, shares in per cent. The facility is in scope."""
    names = {str(doctor.id): named(doctor) for doctor in doctors()} | {"": gettext("All")}
    found = by_group(judged(facility_id, since))
    rows = [
        _judged_row(names.get(doctor, ""), segment, told) | {"of_all": not doctor}
        for (doctor, segment), told in found.items()
    ]
    return sorted(rows, key=lambda row: (row["doctor"] != names[""], row["doctor"]))


def _judged_row(doctor: str, segment: str, told: Figures) -> dict[str, Any]:
    shares = {name: round(100 * getattr(told, name)) for name in ("within5", "within10", "coverage", "skill")}
    return {"doctor": doctor, "segment": gettext(SEGMENT_NAMES[segment]), "figures": told} | shares


def versions_compared(facility_id: UUID, since: datetime) -> list[dict[str, Any]]:
    """Every method with what it is, whether it is shown or predicts beside, and how good it was where several predicted
    the same turns (`figures` None without any). The facility is in scope."""
    choice, found = chosen_versions(facility_id), compared(facility_id, since)
    rows = []
    for version in VERSIONS.values():
        judged_rows = found.get(version.name)
        row = _judged_row("", "", figures(judged_rows)) if judged_rows else {"figures": None}
        rows.append(
            row
            | {
                "name": version.name,
                "about": gettext(version.about),
                "shown": version.name == choice.shown,
                "beside": version.name == choice.beside,
            }
        )
    return rows


def latest_turns(facility_id: UUID, since: datetime) -> list[dict[str, Any]]:
    """The last turns: `{first, likely, last, came, inside}` as told at check-in and as they came, the latest first."""
    return [
        {"first": p10, "likely": p50, "last": p90, "came": turn, "inside": p10 <= turn <= p90}
        for p10, p50, p90, turn in newest_turns(facility_id, since, LATEST)
    ]


def prediction_state(now: datetime) -> dict[str, Figures]:
    """How good predictions were in the last day, by the facility's code; nothing of where none came true."""
    found = {}
    for facility in facilities():
        with scope(facility=facility.id):
            groups = by_group(judged(facility.id, now - timedelta(days=1)))
        if groups:
            found[facility.code] = groups["", ""]
    return found


def prediction_errors() -> dict[str, tuple[int, float]]:
    """Predictions whose turn came and the sum of their errors in minutes, by the facility's code."""
    codes = {facility.id: facility.code for facility in facilities()}
    return {codes[facility_id]: told for facility_id, told in errors_so_far().items() if facility_id in codes}
