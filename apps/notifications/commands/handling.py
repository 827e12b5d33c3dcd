"""A person sees to a message that could not be sent (requirements NTF-2)."""

from datetime import datetime
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.commands.copying import copy_of
from apps.notifications.models import Message
from apps.notifications.rules import Status


class SeenTo(Conflict):
    code = "message_seen_to"
    detail = sentence("Somebody else has seen to this message already.")


class TooLateToSend(Conflict):
    code = "message_too_late"
    detail = sentence("It is too late for this message. Call the person.")


@command
def send_again(*, actor: Actor, now: datetime, message_id: UUID) -> None:
    """Have a message that was given up tried anew, under an id of its own: a provider that has taken it once would
    not send it again. Raises `NotFound`, `SeenTo`, `TooLateToSend`."""
    message = _failed(actor, message_id)
    if message.not_after and message.not_after <= now:
        raise TooLateToSend
    _settle(message, status=Status.HANDLED)
    copy_of(message, next_try_at=now).save(force_insert=True)
    record(action="message.sent_again", entity_type="message", entity_id=message.id)


@command
def told_by_hand(*, actor: Actor, now: datetime, message_id: UUID) -> None:
    """Note that somebody has told a person what the message would have. Raises `NotFound`, `SeenTo`."""
    message = _failed(actor, message_id)
    _settle(message, status=Status.HANDLED)
    record(action="message.told_by_hand", entity_type="message", entity_id=message.id)


def _failed(actor: Actor, message_id: UUID) -> Message:
    actor.require(Permission.MESSAGE_HANDLE, Scope(actor.facility_id))
    assert actor.facility_id is not None, "staff have one"
    message = Message.outgoing.filter(id=message_id, facility_id=actor.facility_id).first()
    if message is None:
        raise NotFound
    return message


def _settle(message: Message, **values: object) -> None:
    still = Message.outgoing.filter(id=message.id, created_at=message.created_at, status=Status.FAILED)
    if not still.update(**values):
        raise SeenTo
