"""What a provider says later of a message that it took: it has arrived, or it never will.

No command: nothing is decided here, and the message itself tells what became of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.notifications.commands.delivering import goes_on
from apps.notifications.models import Message
from apps.notifications.rules import UNDELIVERED, Channel, Status


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's word on one message, by the reference that it gave out when it took it, or by our own id."""

    reference: str
    message_id: UUID | None
    arrived: bool


def note_reports(channel: Channel, reports: Iterable[Report]) -> None:
    """Keep what a provider says of messages. What has arrived stays so, whatever comes after it: reports may come twice
    and in any order, also before the answer to the sending. What one channel does not bring goes by the next."""
    for report in reports:
        told = _named(channel, report)
        if report.arrived:
            on_the_way = [Status.SENDING, Status.SENT, Status.FAILED]
            told.filter(status__in=on_the_way).update(status=Status.ARRIVED, error="")
        else:
            _never_came(told.filter(status__in=[Status.SENDING, Status.SENT]))


def _named(channel: Channel, report: Report) -> QuerySet[Message]:
    named = Q(reference=report.reference) & ~Q(reference="")
    if report.message_id:
        named |= Q(id=report.message_id)
    return Message.outgoing.filter(named, channel=channel)


def _never_came(told: QuerySet[Message]) -> None:
    for message in told:
        if not goes_on(message):
            told.filter(id=message.id).update(status=Status.FAILED, error=UNDELIVERED)
