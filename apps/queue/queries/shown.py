"""A visit as people see it on a page: words for its state, why it goes first, how long it waits."""

from datetime import datetime

from django.utils.translation import gettext

from apps.core.errors import sentence
from apps.core.policy import Actor, Fields
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
    return "counter" if _at_counter(visit) else STATE_KINDS[State(visit.state)]


def state_label(visit: Visit) -> str:
    """A visit's state in the reader's language."""
    return gettext("At the counter") if _at_counter(visit) else gettext(STATE_NAMES[State(visit.state)])


def _at_counter(visit: Visit) -> bool:
    """Whether somebody is being served, and not by a doctor."""
    return bool(visit.counter_id) and visit.state == State.IN_CONSULTATION


def urgency(visit: Visit) -> str:
    """Why a visit goes before all in turn, in a word; "" when it does not."""
    if visit.emergency:
        return gettext("Emergency")
    return gettext("Urgent") if visit.tier <= Tier.URGENT else ""


def flag(visit: Visit) -> str:
    """The one word that stands beside whoever may come before lower numbers; "" for everybody else."""
    return urgency(visit) or (gettext("Priority") if visit.needs or visit.tier < Tier.REST else "")


def complaint(visit: Visit, actor: Actor) -> str:
    """The hospital's phrase that made a visit urgent; "" for none, and for who may not know."""
    return visit.urgent_by if actor.sees(Fields.COMPLAINT) else ""


def need(visit: Visit, actor: Actor) -> str:
    """The special need that gives a visit a head start, in a word; "" for none, and for who may not know."""
    return gettext(NEEDS_NAMES[NeedsClass(visit.needs)]) if visit.needs and actor.sees(Fields.NEEDS) else ""


def reason_first(visit: Visit, actor: Actor) -> str:
    """What was said or is known that puts a visit forward: the hospital's phrase, or the special need."""
    return complaint(visit, actor) or need(visit, actor)


def tags(visit: Visit, actor: Actor) -> list[str]:
    """The labels beside a visit at the desk."""
    found = [urgency(visit), complaint(visit, actor).capitalize(), need(visit, actor)]
    if visit.patient.provisional:
        found.append(gettext("Name not known"))
    if not visit.triage_confirmed:
        found.append(gettext("To be looked at"))
    return [label for label in found if label]


def waited_minutes(visit: Visit, now: datetime) -> int:
    """Whole minutes from the queue's door until the last call, or until now for who still waits, or waits again."""
    until = now if visit.state in QUEUED else visit.called_at or visit.ended_at or now
    return max(0, int((until - (visit.queued_at or visit.scanned_at)).total_seconds()) // 60)
