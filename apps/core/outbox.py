"""Events: written with the command that made them, numbered by their stream, relayed at least once in order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.core.commands import collect, unit
from apps.core.events import Event
from apps.core.models import OutboxEvent, Stream
from apps.core.policy import Actor
from apps.core.queries import one
from apps.core.statements import kept_cursor


def lock_streams(*names: str) -> None:
    """Lock the rows of these streams, in sorted order, until the command ends.

    Always the first lock of a command: two commands on one queue then run one after the other. Streams
    already locked are left alone. A later call that names one which sorts before an already locked one may end in a
    deadlock: then the command is begun again, so that is only for what nobody knew before the first lock.
    """
    gathered = unit()
    wanted = sorted(set(names) - set(gathered.streams))
    if not wanted:
        return
    found = _lock(wanted)
    if len(found) < len(wanted):
        Stream.objects.bulk_create([Stream(name=name) for name in wanted], ignore_conflicts=True)
        found = _lock(wanted)
    gathered.streams.update(found)


_LOCK = """
    SELECT s.name, s.sequence
    FROM (
        SELECT name, pg_advisory_xact_lock(hashtextextended(name, 1)) FROM unnest(%s::text[]) AS name OFFSET 0
    ) AS turn
    JOIN core_stream s ON s.name = turn.name ORDER BY s.name FOR UPDATE OF s
"""
"""The row is the lock; the advisory lock before it is the line in which one waits. PostgreSQL gives that to who came
first. A row that each holder changes it gives to who comes by when it is free, and some waited three turns."""


def _lock(names: list[str]) -> dict[str, int]:
    with kept_cursor() as cursor:
        cursor.execute(_LOCK, [names])
        return dict(cursor.fetchall())


def emit(event: Event) -> None:
    """Write an event under the next number of its stream, which the command must have locked before."""
    gathered = unit()
    if event.stream not in gathered.streams:
        raise RuntimeError(f"{event.stream} is not locked by this command.")
    gathered.streams[event.stream] += 1
    gathered.moved.add(event.stream)
    collect(
        OutboxEvent(
            occurred_at=gathered.now,
            facility_id=gathered.actor.facility_id,
            stream=event.stream,
            sequence=gathered.streams[event.stream],
            type=event.type,
            actor=actor_values(gathered.actor),
            trace_id=gathered.trace_id,
            entity_type=event.entity_type,
            entity_id=event.entity_id,
            entity_version=event.entity_version,
            payload=dict(event.payload),
        )
    )


def actor_values(actor: Actor) -> dict[str, str]:
    """An actor as values for an event: kind, id and role; never a name."""
    values = {"type": str(actor.type)}
    if actor.id:
        values["id"] = str(actor.id)
    if actor.role:
        values["role"] = str(actor.role)
    if actor.via:
        values["via"] = actor.via
    return values


@dataclass(frozen=True, slots=True)
class Replay:
    """What a stream's follower missed: events in order, or `too_old` when it must take a whole view."""

    events: list[OutboxEvent]
    too_old: bool


REPLAY_AT_MOST = 200
"""Events. Beyond this a fresh view is smaller than what was missed."""


def replay(stream: str, after: int) -> Replay:
    """The events of a stream after a number, or `too_old` if they are too many or no longer all kept."""
    events = _events_after(stream, after)
    if not events and stream_sequences([stream])[stream] != after:
        events = _events_after(stream, after)  # unless they came just now, they are not kept any more
        if not events:
            return Replay([], too_old=True)
    return _told(events, after)


def _told(events: list[OutboxEvent], after: int) -> Replay:
    gap = bool(events) and events[0].sequence != after + 1
    return Replay(events[:REPLAY_AT_MOST], too_old=gap or len(events) > REPLAY_AT_MOST)


def _events_after(stream: str, after: int) -> list[OutboxEvent]:
    later = OutboxEvent.objects.filter(stream=stream, sequence__gt=after)
    return list(later.order_by("sequence")[: REPLAY_AT_MOST + 1])


_TOLD = tuple(one.attname for one in OutboxEvent._meta.concrete_fields if one.attname not in OutboxEvent.changing)
NEWS = f"""
    SELECT follower.sequence, {", ".join(f"event.{name}" for name in _TOLD)}
    FROM unnest(%s::text[], %s::bigint[]) AS follower(stream, sequence)
    CROSS JOIN LATERAL (
        SELECT * FROM {OutboxEvent._meta.db_table} one
        WHERE one.stream = follower.stream AND one.sequence > follower.sequence
        ORDER BY one.sequence LIMIT {REPLAY_AT_MOST + 1}
    ) AS event
    ORDER BY event.stream, event.sequence
"""  # noqa: S608
"""What `replay` asks, for several streams at once: their names and the numbers after which. For whoever has a
connection of their own to ask it; `news` reads the answer."""


def news(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, int], Replay]:
    """An answer to `NEWS`, by stream and number; of what nothing was found is not there."""
    found: dict[tuple[str, int], list[OutboxEvent]] = {}
    for after, *values in rows:
        event = OutboxEvent(**dict(zip(_TOLD, values, strict=True)))
        found.setdefault((event.stream, after), []).append(event)
    return {asked: _told(events, asked[1]) for asked, events in found.items()}


def sequence_of(event_id: UUID) -> tuple[str, int] | None:
    """Where an event stands, by its id: (stream, sequence), or None when it is unknown or long gone."""
    found = one(OutboxEvent.objects.filter(id=event_id).values_list("stream", "sequence"))
    return (found[0], found[1]) if found else None


def stream_sequences(names: list[str]) -> dict[str, int]:
    """The last number of each stream; 0 for one that has not moved."""
    with kept_cursor() as cursor:
        cursor.execute("SELECT name, sequence FROM core_stream WHERE name = ANY(%s)", [names])
        known = dict(cursor.fetchall())
    return {name: known.get(name, 0) for name in names}
