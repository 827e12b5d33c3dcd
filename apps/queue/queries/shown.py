"""A visit as people see it on a page: words for its state, why it goes first, how long it waits."""

from datetime import datetime

from django.utils.translation import gettext

from apps.core.errors import sentence
from apps.queue.models import Visit
from apps.queue.rules.order import NeedsClass, Tier
from apps.queue.rules.states import QUEUED, State

STATE_KINDS: dict[State, str] = {
    State.SCANNED: "booked",
    State.WAITING: "waiting",
    State.URGENT: "waiting",
    State.CALLED: "called",
    State.IN_CONSULTATION: "with",
    State.ON_HOLD: "held",
    State.COMPLETED: "done",
    State.TRANSFERRED: "done",
    State.NO_SHOW: "missed",
    State.CANCELLED: "missed",
}
"""What a state looks like: its colour and icon."""

STATE_NAMES: dict[State, str] = {
    State.SCANNED: sentence("Not confirmed yet"),
    State.WAITING: sentence("Waiting"),
    State.URGENT: sentence("Waiting"),
    State.CALLED: sentence("Called"),
    State.IN_CONSULTATION: sentence("With doctor"),
    State.ON_HOLD: sentence("On hold"),
    State.COMPLETED: sentence("Finished"),
    State.TRANSFERRED: sentence("Sent on"),
    State.NO_SHOW: sentence("Did not come"),
    State.CANCELLED: sentence("Cancelled"),
}

NEEDS_NAMES: dict[NeedsClass, str] = {
    NeedsClass.ELDERLY: sentence("Elderly"),
    NeedsClass.CHILD: sentence("Small child"),
    NeedsClass.PREGNANT: sentence("Pregnant"),
    NeedsClass.DISABLED: sentence("Disabled"),
}


def state_kind(visit: Visit) -> str:
    """The look of a visit's state."""
    return STATE_KINDS[State(visit.state)]


def state_label(visit: Visit) -> str:
    """A visit's state in the reader's language."""
    return gettext(STATE_NAMES[State(visit.state)])


def urgency(visit: Visit) -> str:
    """Why a visit goes before all in turn, in a word; "" when it does not."""
    if visit.emergency:
        return gettext("Emergency")
    return gettext("Urgent") if visit.tier <= Tier.URGENT else ""


def flag(visit: Visit) -> str:
    """The one word that stands beside whoever may come before lower numbers; "" for everybody else."""
    return urgency(visit) or (gettext("Priority") if visit.needs or visit.tier < Tier.REST else "")


def reason_first(visit: Visit) -> str:
    """What was said or is known that puts a visit forward: the hospital's phrase, or the special need."""
    if visit.urgent_by:
        return visit.urgent_by
    return gettext(NEEDS_NAMES[NeedsClass(visit.needs)]) if visit.needs else ""


def tags(visit: Visit) -> list[str]:
    """The labels beside a visit at the desk."""
    found = [urgency(visit), visit.urgent_by.capitalize()]
    if visit.needs:
        found.append(gettext(NEEDS_NAMES[NeedsClass(visit.needs)]))
    if not visit.triage_confirmed:
        found.append(gettext("To be looked at"))
    return [label for label in found if label]


def waited_minutes(visit: Visit, now: datetime) -> int:
    """Whole minutes from the queue's door until the last call, or until now for who still waits, or waits again."""
    until = now if visit.state in QUEUED else visit.called_at or visit.ended_at or now
    return max(0, int((until - (visit.queued_at or visit.scanned_at)).total_seconds()) // 60)
