"""What people hear from the moment they are in the queue until they are called, or were not there (requirements NTF-4).

Handlers of events: they look at things as they are now, so that of an event that comes late nobody hears anything
wrong; what was said is not said again.
"""

from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.commands import at_the_end, step, unit
from apps.core.errors import sentence
from apps.core.models import OutboxEvent
from apps.eta.queries import said_of
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue.commands.telling import link_of, tell_people
from apps.queue.models import Visit
from apps.queue.queries.expected import expected_words
from apps.queue.queries.journeys import room_of
from apps.queue.queries.links import tracking_code_of, tracking_url
from apps.queue.rules.states import QUEUED, State
from apps.scheduling.queries import booking_or_none
from apps.scheduling.rules.appointments import AppointmentState

IN_LINE = wording(
    "in_line",
    Kind.CHECKED_IN,
    sentence("{hospital}: you are checked in. {token} for {doctor}. Likely {time}. Where it stands: {link}"),
)
IN_LINE_UNTIMED = wording(
    "in_line_untimed",
    Kind.CHECKED_IN,
    sentence("{hospital}: you are checked in. {token} for {doctor}. Where it stands: {link}"),
)
YOUR_TURN = wording("your_turn", Kind.CALLED, sentence("{hospital}: {token}, it is your turn. Please come to {room}."))
NOT_THERE = wording(
    "not_there",
    Kind.MISSED,
    sentence("{hospital}: we called {token} and did not find you. If you are still here, come to the desk: {link}"),
)
DID_NOT_COME = wording(
    "did_not_come",
    Kind.MISSED,
    sentence("{hospital}: you had booked {doctor} on {when} and did not come. Book again when it suits you: {link}"),
)


@step
def tell_in_line(event: OutboxEvent) -> None:
    """Tell whoever has just been checked in that they are, and when it will be their turn: after everything else that
    these events bring about, since only then that time is known. At further stations of the same number nobody is told
    again."""
    if event.payload.get("to") not in QUEUED or event.payload.get("from") not in (None, State.SCANNED):
        return
    at_the_end((tell_in_line, event.entity_id), lambda: lambda: _tell_in_line(event.entity_id))


def _tell_in_line(visit_id: UUID) -> None:
    visit = Visit.objects.filter(id=visit_id, state__in=sorted(QUEUED)).select_related("patient", "token").first()
    if visit is None or Visit.objects.filter(token_id=visit.token_id).exclude(id=visit_id).exists():
        return
    link = tracking_url(code) if (code := tracking_code_of(visit, unit().now)) else ""
    with translation.override(visit.patient.language):
        expected = expected_words(said_of([visit_id]).get(visit_id), facility_facts(visit.facility_id), unit().now)
    if expected is None:
        tell_people([visit], IN_LINE_UNTIMED, "in_line", link=link)
    else:
        tell_people([visit], IN_LINE, "in_line", link=link, time=str(expected["time"]))


@step
def tell_called(event: OutboxEvent) -> None:
    """Tell whoever is called where to go, in case they do not see the board."""
    if event.payload.get("to") != State.CALLED:
        return
    visit = Visit.objects.filter(id=event.entity_id, state=State.CALLED).select_related("patient", "token").first()
    if visit is None:
        return
    with translation.override(visit.patient.language):
        room = room_of(visit)
        where = gettext("room %(number)s") % {"number": room.number} if room else gettext("the counter")
    tell_people([visit], YOUR_TURN, f"called {event.entity_version}", room=where)


@step
def tell_missed(event: OutboxEvent) -> None:
    """Tell who was called and was not there; not in the night when a day is tidied up."""
    visit = Visit.objects.filter(id=event.entity_id, state=State.NO_SHOW).select_related("patient", "token").first()
    if visit is None or visit.day != facility_facts(visit.facility_id).day_of(event.occurred_at):
        return
    link = tracking_url(code) if (code := tracking_code_of(visit, unit().now)) else ""
    tell_people([visit], NOT_THERE, f"missed {visit.version}", link=link)


@step
def tell_stayed_away(event: OutboxEvent) -> None:
    """Tell who had booked and did not come that another time can be had."""
    if event.payload.get("state") != AppointmentState.NO_SHOW:
        return
    row = booking_or_none(event.entity_id)
    if row is not None and row.state == AppointmentState.NO_SHOW and row.token_id:
        tell_people([row], DID_NOT_COME, "stayed_away", whenever=True, link=link_of("me"))
