"""Somebody at a kiosk asks for a person, and somebody of the staff says that they go there."""

from datetime import datetime
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, Forbidden, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.queue import events
from apps.queue.models import HelpCall
from apps.queue.queries.overview import calls_left_over, open_calls


class AlreadyAnswered(Conflict):
    code = "already_answered"
    detail = sentence("Somebody goes there already.")


class DayOver(Conflict):
    code = "day_over"
    detail = sentence("This was asked on a day that is over. Nobody waits there any more.")


@step
def note_help(facility_id: UUID, screen_id: UUID, place: str) -> HelpCall:
    """Keep that somebody asks for a person at a kiosk, until one comes; who presses again is counted. A call of a day
    that is over ends: whoever presses now is not to wait for a notice that the night takes away.

    The facility's stream is locked.
    """
    known = one(open_calls().filter(screen_id=screen_id))
    day_of = facility_facts(facility_id).day_of
    if known and day_of(known.asked_at) < day_of(unit().now):
        _lapse(known)
        known = None
    if known:
        known.times += 1
        known.save(update_fields=["times"])
        return known
    return HelpCall.objects.create(facility_id=facility_id, screen_id=screen_id, place=place, asked_at=unit().now)


@command
def answer_help(*, actor: Actor, now: datetime, help_id: UUID) -> HelpCall:
    """Somebody goes to a kiosk where a person was asked for: the notice is gone everywhere.

    Raises `NotFound`, `AlreadyAnswered`, `DayOver`.
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
    if call.lapsed_at:
        raise DayOver
    call.answered_at, call.answered_by = now, actor.id
    call.save(update_fields=["answered_at", "answered_by"])
    about = {"screenId": str(call.screen_id), "place": call.place, "times": call.times}
    record(action="help.answered", entity_type="help", entity_id=call.id, after=about)
    emit(events.help_answered(actor.facility_id, call.id))
    return call


@command
def end_calls_for_help(*, actor: Actor, now: datetime) -> int:
    """Whoever asked for a person at a kiosk on a day that is over has gone: the notices end, on record; how many."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    assert actor.facility_id is not None, "a day is a facility's"
    lock_streams(facility_stream(actor.facility_id))
    left = list(calls_left_over(facility_facts(actor.facility_id), now))
    for call in left:
        _lapse(call)
    return len(left)


@step
def _lapse(call: HelpCall) -> None:
    """The day on which this was asked is over. The facility's stream is locked."""
    call.lapsed_at = unit().now
    call.save(update_fields=["lapsed_at"])
    about = {"screenId": str(call.screen_id), "place": call.place, "times": call.times}
    record(action="help.lapsed", entity_type="help", entity_id=call.id, after=about)
    emit(events.help_lapsed(call.facility_id, call.id))
