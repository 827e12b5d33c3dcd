"""Who is told of what: every event's handlers, by event type.

A handler gets each event at least once and in the order of its stream, as a step of the relay's transaction: what
it writes to the database happens once; anything else it does must be safe to repeat for the same event id.
"""

from collections.abc import Callable, Sequence

from apps.billing import events as billing
from apps.billing.commands import bill_visit, charge_booking, charge_ordered, give_back_booking
from apps.core.models import OutboxEvent
from apps.display import consumers as display_views
from apps.encounters import events as encounters
from apps.encounters.commands.alerting import tell_of_result, tell_of_vitals
from apps.encounters.commands.prescribing import forget_draft
from apps.live.rules import View
from apps.queue import consumers as queue_views
from apps.queue import events as queue
from apps.queue.commands import say_sorry, tell_called, tell_in_line, tell_missed, tell_near, tell_stayed_away
from apps.queue.commands.expecting import foretell_anew
from apps.reporting.commands import count
from apps.scheduling import events as scheduling

EVERY = "*"
"""Stands for all event types."""

EVENT_HANDLERS: dict[str, list[Callable[[OutboxEvent], None]]] = {
    EVERY: [],
    queue.TRANSITIONED: [forget_draft, tell_near, foretell_anew, tell_in_line, tell_called, bill_visit],
    queue.QUEUE_UPDATED: [foretell_anew],
    scheduling.CONFIRMED: [foretell_anew, charge_booking],
    scheduling.MOVED: [foretell_anew],
    scheduling.ENDED: [foretell_anew, tell_stayed_away, give_back_booking],
    queue.TIMES_CHANGED: [],
    queue.TOKEN_CREATED: [count],
    queue.COMPLETED: [count],
    queue.NO_SHOW: [count, tell_missed],
    queue.ALERT_RAISED: [say_sorry],
    encounters.VITALS_ABNORMAL: [tell_of_vitals],
    encounters.TESTS_ORDERED: [charge_ordered],
    encounters.RESULT_REPORTED: [tell_of_result],
    billing.PAYMENT_CAPTURED: [],
}

LIVE_VIEWS: list[View] = [*queue_views.VIEWS, *display_views.VIEWS]
"""What screens can follow. `facility.{id}` is there without being named here."""


def handlers_for(event_type: str) -> Sequence[Callable[[OutboxEvent], None]]:
    """The handlers of one type of event: those of every event first."""
    return [*EVENT_HANDLERS[EVERY], *EVENT_HANDLERS.get(event_type, [])]
