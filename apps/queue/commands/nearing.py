"""Whoever is soon called hears of it in time (requirements NTF-4): when three are before them, and when one is."""

from uuid import UUID

from apps.core.commands import step
from apps.core.errors import sentence
from apps.core.models import OutboxEvent
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue.commands.telling import tell_people
from apps.queue.queries.lines import first_of_lines
from apps.queue.rules.order import places
from apps.queue.rules.states import Verb

SOON, NEXT = 3, 1
"""People before somebody, at most, when they are told."""

COMES_SOON = wording(
    "soon",
    Kind.AHEAD,
    sentence("{hospital}: {token}, your turn comes soon: {ahead} before you. Please be in the hall."),
)
ALMOST = wording(
    "next",
    Kind.AHEAD,
    sentence("{hospital}: {token}, you are almost next: {ahead} before you. Please wait near the door."),
)

SHORTENING = frozenset({Verb.CALL, Verb.HOLD, Verb.NO_SHOW, Verb.CANCEL, Verb.TRANSFER})
"""Moves that bring those behind nearer."""


@step
def tell_near(event: OutboxEvent) -> None:
    """Tell those who came near by this move, each once for three and once for one before them.

    It looks at the queue as it is now: of an event that is delivered late or twice nobody hears anything wrong, or
    anything again.
    """
    if event.payload.get("verb") not in SHORTENING:
        return
    line = first_of_lines(UUID(event.stream.removeprefix("dept.")), SOON + 1)
    for visit, place in zip(line, places(visit.doctor_id for visit in line), strict=True):
        ahead = place - 1
        if ahead <= NEXT:
            tell_people([visit], ALMOST, str(NEXT), ahead=str(ahead))
        elif ahead <= SOON:
            tell_people([visit], COMES_SOON, str(SOON), ahead=str(ahead))
