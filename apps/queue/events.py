"""What the queue tells others: moves without persons, ids and states only."""

from typing import Any
from uuid import UUID

from apps.core.events import Event, department_stream, facility_stream
from apps.scheduling.events import QUEUE_UPDATED as QUEUE_UPDATED
from apps.scheduling.events import queue_updated as queue_updated

TRANSITIONED = "visit.transitioned"
TOKEN_CREATED = "TOKEN_CREATED"  # noqa: S105 - the event's name in document 000
COMPLETED = "CONSULTATION_COMPLETED"
NO_SHOW = "PATIENT_NO_SHOW"
TIMES_CHANGED = "times.changed"

ALERT_RAISED = "alert.raised"
ALERT_CLEARED = "alert.cleared"
HELP_ANSWERED = "help.answered"
HELP_LAPSED = "help.lapsed"

CATALOGUE: dict[str, str] = {
    TRANSITIONED: "A visit moved from one state to another; one per transition.",
    TOKEN_CREATED: "A number was given (document 000).",
    COMPLETED: "A consultation ended; carries its seconds (document 000).",
    TIMES_CHANGED: "Expected times of some who wait changed so that it matters: how many, and why.",
    ALERT_RAISED: "A queue is too long, people or one person wait far longer than predicted, or a doctor is idle while"
    " people wait.",
    HELP_ANSWERED: "Somebody of the staff goes to a kiosk where a person was asked for.",
    HELP_LAPSED: "A call for a person at a kiosk ended with its day, and nobody had gone there.",
    ALERT_CLEARED: "What an alert was about is over.",
    NO_SHOW: "Somebody did not come and was taken off the queue (document 000).",
}
"""Every event type of this app, for `docs/events.md`."""


def visit_event(type_: str, department_id: UUID, visit_id: UUID, version: int, **payload: Any) -> Event:
    """An event of one visit on its department's stream."""
    return Event(department_stream(department_id), type_, "visit", visit_id, version, payload)


def token_created(department_id: UUID, token_id: UUID, token_number: str) -> Event:
    """A number was given ahead, with a booking."""
    about = {"tokenId": str(token_id), "tokenNumber": token_number}
    return Event(department_stream(department_id), TOKEN_CREATED, "token", token_id, 1, about)


def help_answered(facility_id: UUID, help_id: UUID) -> Event:
    """Somebody goes to where a person was asked for."""
    return Event(facility_stream(facility_id), HELP_ANSWERED, "help", help_id, 1)


def help_lapsed(facility_id: UUID, help_id: UUID) -> Event:
    """A call for a person ended with its day, unanswered."""
    return Event(facility_stream(facility_id), HELP_LAPSED, "help", help_id, 1)


def times_changed(department_id: UUID, reason: str, people: int) -> Event:
    """Expected times changed; the reason is a word of `apps.eta.rules.telling.REASONS`, empty for none."""
    about = {"reason": reason, "people": people}
    return Event(department_stream(department_id), TIMES_CHANGED, "department", department_id, 0, about)


def alert(type_: str, department_id: UUID, alert_id: UUID, **about: Any) -> Event:
    """Something goes wrong in a queue, or not any more: which rule, how bad, since when; ids and figures only."""
    return Event(department_stream(department_id), type_, "alert", alert_id, 1, about)
