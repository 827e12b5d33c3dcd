"""Somebody at a kiosk asks for a person, and somebody of the staff says that they go there."""

from datetime import datetime
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, Forbidden, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.queue import events
from apps.queue.models import HelpCall


class AlreadyAnswered(Conflict):
    code = "already_answered"
    detail = sentence("Somebody goes there already.")


@step
def note_help(facility_id: UUID, screen_id: UUID, place: str) -> HelpCall:
    """Keep that somebody asks for a person at a kiosk, until one comes; who presses again is counted.

    The facility's stream is locked.
    """
    known = one(HelpCall.objects.filter(screen_id=screen_id, answered_at__isnull=True))
    if known:
        known.times += 1
        known.save(update_fields=["times"])
        return known
    return HelpCall.objects.create(facility_id=facility_id, screen_id=screen_id, place=place, asked_at=unit().now)


@command
def answer_help(*, actor: Actor, now: datetime, help_id: UUID) -> HelpCall:
    """Somebody goes to a kiosk where a person was asked for: the notice is gone everywhere.

    Raises `NotFound`, `AlreadyAnswered`.
    """
    actor.require(Permission.DESK_USE, Scope(actor.facility_id))
    if actor.id is None or actor.facility_id is None:
        raise Forbidden(permission=str(Permission.DESK_USE))
    lock_streams(facility_stream(actor.facility_id))
    call = one(HelpCall.objects.filter(id=help_id))
    if call is None:
        raise NotFound
    if call.answered_at:
        raise AlreadyAnswered
    call.answered_at, call.answered_by = now, actor.id
    call.save(update_fields=["answered_at", "answered_by"])
    about = {"screenId": str(call.screen_id), "place": call.place, "times": call.times}
    record(action="help.answered", entity_type="help", entity_id=call.id, after=about)
    emit(events.help_answered(actor.facility_id, call.id))
    return call
