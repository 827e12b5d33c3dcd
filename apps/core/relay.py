"""Hands every event to its handlers: at least once, in order per stream; its effects in the database once.

A stream's oldest undelivered event is *leased* by a conditional UPDATE, and that lease is the whole stream's: no
other relay goes past it. Handlers run as one command together with the delivered mark, so that either both are
there or neither; the mark is set only while the lease is still ours. A relay that dies leaves the lease, which
runs out, or is dropped by the next relay that finds itself alone. What a handler does outside of the database
may happen again: it must be safe to repeat by the event's id.

Several events of a stream share one transaction while all goes well; when anything went wrong as many go one by one,
so that only the event at fault is blamed, and then together again: who is behind after an outage must be able to catch
up. A database that went away is no event's fault. All events of a stream are of one facility.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Min, QuerySet
from django.utils import timezone
from django_scopes import scope

from apps.core.commands import NOTIFY_CHANNEL, command
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, system_actor

Handler = Callable[[OutboxEvent], None]
HandlersFor = Callable[[str], Sequence[Handler]]

LEASE = timedelta(seconds=30)
"""How long an event's handlers have, all together, before another relay may take it up."""

TRIES = 5
"""How often an event may fail before it is parked and its stream goes on."""

LOST_TRIES = 10
"""How often an event may be begun without failing or ending, because its relay died or the database went away, before
it is parked."""

BATCH = 25
"""Events of one stream that share a transaction."""

TURN = 100
"""Events of one stream delivered before the next stream has its turn."""

SWEEP = 1.0
"""Seconds between two looks for events when no notice came."""

_ALONE = "hashtext('core.relay')"
log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another relay took the event up meanwhile; what was done for it here is undone."""


class Relay:
    """One relay; any number may run at once. `clock` tells the time, `chores` are called about every second."""

    def __init__(
        self,
        handlers_for: HandlersFor,
        chores: Sequence[Callable[[datetime], object]] = (),
        clock: Callable[[], datetime] = timezone.now,
    ) -> None:
        self.handlers_for = handlers_for
        self.chores = chores
        self.clock = clock
        self._chores_due = 0.0

    def run(self, stop: Flag) -> None:
        """Deliver until told to stop, through every failure of the database."""
        ear = _Ear()
        while not stop.is_set():
            try:
                connection.close_if_unusable_or_obsolete()
                ear.open()
                busy = self.deliver_due()
                self._do_chores()
                if not busy:
                    ear.wait(SWEEP)
            except (DatabaseError, InterfaceError, psycopg.Error) as error:
                log.warning("relay without database", extra={"error": type(error).__name__})
                ear.close()
                stop.wait(SWEEP)
        ear.close()
        connection.close()

    def run_once(self) -> int:
        """Deliver what is due until nothing is, then do the chores; the number of events dealt with."""
        total = 0
        while dealt := self.deliver_due():
            total += dealt
        for chore in self.chores:
            chore(self.clock())
        return total

    def deliver_due(self) -> int:
        """One turn for every stream that waits; the number of events delivered or parked."""
        return sum(self._serve(stream) for stream in _streams_due(self.clock()))

    def _serve(self, stream: str) -> int:
        served = alone = 0  # the second: how many still go one by one
        batch: list[OutboxEvent] | None = _lease(stream, self.clock(), BATCH)
        while batch:
            head = batch[0]
            if head.attempts - head.failures > LOST_TRIES:
                _park(head, self.clock(), "RelayDied", head.failures)
                return served + 1
            if head.attempts > 1:  # who had it died of it, or of one that went together with it
                alone = max(alone, BATCH)
            together = batch[:1] if alone else batch
            served += len(together)
            following = self._deliver(together, lease_next=min(BATCH, TURN - served))
            if following is None and len(together) > 1:
                served, alone = served - len(together), len(together)
            else:
                batch, alone = following, max(0, alone - 1)
        return served

    def _deliver(self, batch: list[OutboxEvent], lease_next: int) -> list[OutboxEvent] | None:
        """Deliver a stream's oldest events; those that follow, leased in the same transaction. None on failure.

        Raises what the database said when it went away meanwhile."""
        head = batch[0]
        actor = system_actor("relay", head.facility_id)
        try:
            with scope(facility=head.facility_id) if head.facility_id else nullcontext():
                return _hand_over(
                    actor=actor, now=self.clock(), batch=batch, handlers_for=self.handlers_for, lease_next=lease_next
                )
        except LeaseLost:
            log.warning("lease lost", extra=_told(head))
            return []
        except Exception as error:
            if _has_lost_database(error):
                raise
            if len(batch) == 1:
                _failed(head, self.clock(), type(error).__name__)
        return None

    def _do_chores(self) -> None:
        if time.monotonic() < self._chores_due:
            return
        self._chores_due = time.monotonic() + SWEEP
        for chore in self.chores:
            try:
                chore(self.clock())
            except (DatabaseError, InterfaceError):
                raise
            except Exception as error:
                log.error("chore failed", extra={"chore": chore.__name__, "error": type(error).__name__})


@command
def _hand_over(
    *, actor: Actor, now: datetime, batch: list[OutboxEvent], handlers_for: HandlersFor, lease_next: int
) -> list[OutboxEvent]:
    for event in batch:
        for handler in handlers_for(event.type):
            handler(event)
    if not _mark_delivered(batch, now):
        raise LeaseLost
    return _lease(batch[0].stream, now, lease_next)


def _has_lost_database(error: Exception) -> bool:
    """Whether somebody failed because the connection is gone, and not by what they did."""
    kept = connection.connection
    return isinstance(error, DatabaseError | InterfaceError) and (kept is None or bool(kept.closed))


def relay_lag_seconds(now: datetime) -> float:
    """Seconds since the oldest event that still waits for delivery; 0 when none does."""
    oldest = _waiting().aggregate(oldest=Min("occurred_at"))["oldest"]
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def parked_events() -> QuerySet[OutboxEvent]:
    """Events that could not be delivered, for the people who look after the system; newest first."""
    return OutboxEvent.objects.filter(parked_at__isnull=False).order_by("-parked_at")


def _waiting(**which: Any) -> QuerySet[OutboxEvent]:
    return OutboxEvent.objects.filter(delivered_at__isnull=True, parked_at__isnull=True, **which)


def _streams_due(now: datetime) -> list[str]:
    """Streams whose oldest waiting event nobody holds and no pause keeps back."""
    heads = _waiting().order_by("stream", "sequence").distinct("stream").values_list("stream", "leased_until")
    return [stream for stream, until in heads if until is None or until <= now]


def _lease(stream: str, now: datetime, limit: int) -> list[OutboxEvent]:
    """The stream's oldest waiting events, ours for a while by the lease of the first; none when somebody has it."""
    batch = list(_waiting(stream=stream).order_by("sequence")[:limit])
    if not batch or (batch[0].leased_until and batch[0].leased_until > now):
        return []
    if not _held(batch[0]).update(leased_until=now + LEASE, attempts=batch[0].attempts + 1):
        return []
    batch[0].attempts += 1
    return batch


def _mark_delivered(batch: list[OutboxEvent], now: datetime) -> bool:
    """Mark the events if their lease is still ours: the first by its own row, the others follow it."""
    head, rest = batch[0], batch[1:]
    if not _held(head).update(delivered_at=now, leased_until=None):
        return False
    times = [event.occurred_at for event in batch]  # name the partitions
    following = _waiting(id__in=[event.id for event in rest], occurred_at__range=(min(times), max(times)))
    return not rest or following.update(delivered_at=now) == len(rest)


def _held(event: OutboxEvent) -> QuerySet[OutboxEvent]:
    """The event's row, if nobody has taken it up since: every lease counts one attempt more."""
    return _waiting(id=event.id, occurred_at=event.occurred_at, attempts=event.attempts)


def _failed(event: OutboxEvent, now: datetime, error: str) -> None:
    """Pause the event's stream for 1, 2, 4, 8 seconds, then park the event. Only the error's name is kept, and only
    what failed counts: begun in vain are also those whose relay died or whose database went away."""
    failures = event.failures + 1
    if failures >= TRIES:
        _park(event, now, error, failures)
        return
    pause = timedelta(seconds=2 ** (failures - 1))
    _held(event).update(leased_until=now + pause, failures=failures, error=error)
    log.warning("event failed", extra=_told(event) | {"error": error})


def _park(event: OutboxEvent, now: datetime, error: str, failures: int) -> None:
    _held(event).update(parked_at=now, leased_until=None, failures=failures, error=error)
    log.error("event parked", extra=_told(event) | {"error": error})


def _told(event: OutboxEvent) -> dict[str, Any]:
    return {
        "event_id": str(event.id),
        "event_type": event.type,
        "stream": event.stream,
        "sequence": event.sequence,
        "attempts": event.attempts,
    }


class _Ear:
    """A connection of its own that hears when commands commit events, and that shows others this relay lives."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None

    def open(self) -> None:
        """Begin to listen, unless already listening. Raises `psycopg.Error` when the database is away."""
        if self._connection is not None:
            return
        self._connection = psycopg.connect(**connection.get_connection_params(), autocommit=True)
        self._connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
        self._take_over()

    def _take_over(self) -> None:
        """Every relay holds one lock shared. Whoever gets it alone knows that leases still standing are of the
        dead, and drops them, so that nobody waits for them to run out."""
        assert self._connection is not None
        row = self._connection.execute(f"SELECT pg_try_advisory_lock({_ALONE})").fetchone()
        alone = bool(row and row[0])
        if alone:
            _waiting(leased_until__isnull=False).update(leased_until=None)
        self._connection.execute(f"SELECT pg_advisory_lock_shared({_ALONE})")
        if alone:
            self._connection.execute(f"SELECT pg_advisory_unlock({_ALONE})")

    def wait(self, seconds: float) -> None:
        """Return when events were committed, or after so many seconds."""
        assert self._connection is not None
        for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            pass
        for _ in self._connection.notifies(timeout=0):  # one look serves all notices that have come by now
            pass

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
