"""Every write: one transaction, one actor, one `now`; audit rows, events and answer written with it.

A command is always called with keywords and always gets `actor` and `now`::

    @command
    def call_next(*, actor: Actor, now: datetime, doctor_id: UUID) -> Visit | None: ...

    call_next(actor=actor, now=now, doctor_id=doctor.id)                 # plain
    call_next.answer(once, snapshot, actor=actor, now=now, doctor_id=…)  # at an edge, idempotent
"""

import functools
import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, ParamSpec, TypeVar, cast

from django.db import IntegrityError, OperationalError, connection, models, transaction

from apps.core.errors import Conflict, DomainError, Forbidden, NotFound, Unavailable
from apps.core.models import Stream
from apps.core.once import Answer, KeyReused, Once, is_answered, kept_answer, to_keep
from apps.core.policy import Actor, Permission
from apps.core.statements import insert_sql, kept_cursor
from apps.core.trace import trace_id

P = ParamSpec("P")
R = TypeVar("R")
End = TypeVar("End", bound=Callable[[], object])
TRIES = 4
"""How often a command is begun again after a deadlock, a serialization failure or a lost race for its key."""

NOTIFY_CHANNEL = "opd_outbox"
log = logging.getLogger(__name__)


class BeginAgain(Exception):
    """Somebody else was faster with what only the database can tell: the command is begun anew, and finds what is so
    now. `refusal` is what the caller gets when that does not help."""

    def __init__(self, refusal: DomainError) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(slots=True)
class Unit:
    """What one running command has gathered: locked streams and the rows to write with its last statement."""

    actor: Actor
    now: datetime
    trace_id: str
    streams: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    rows: list[models.Model] = field(default_factory=list)
    ends: dict[Hashable, Callable[[], object]] = field(default_factory=dict)


_unit: ContextVar[Unit | None] = ContextVar("unit", default=None)
refusal_listeners: list[Callable[[Actor, Forbidden], None]] = []
"""Told of every refusal, after its transaction is gone. The audit app adds itself here."""


conflict_listeners: list[Callable[[Conflict], None]] = []
"""Told of every command that the state of things refused. Reporting counts them."""


def report_refusal(actor: Actor | None, refusal: Forbidden) -> None:
    """Tell the listeners, once, that somebody known was refused; edges report what no command has reported."""
    if actor is not None and not refusal.reported:
        refusal.reported = True
        for listener in refusal_listeners:
            listener(actor, refusal)


class Hidden(NotFound):
    """Somebody is refused as if there were nothing; `refusal` is what the audit trail is told."""

    def __init__(self, refusal: Forbidden) -> None:
        super().__init__()
        self.refusal = refusal


def hidden_from(actor: Actor, permission: Permission) -> Hidden:
    """What to raise where somebody is refused as if there were nothing; the audit trail knows better.

    A command that raises it is told of once its transaction is gone, like every refusal.
    """
    refusal = Forbidden(permission=str(permission))
    if _unit.get() is None:
        report_refusal(actor, refusal)
    return Hidden(refusal)


def unit() -> Unit:
    """The running command's unit. Raises outside of a command: a step never opens a transaction."""
    current = _unit.get()
    if current is None:
        raise RuntimeError("This belongs inside a @command.")
    return current


def collect(*rows: models.Model) -> None:
    """Leave rows to be written together in the command's last statement."""
    unit().rows.extend(rows)


def at_the_end(name: Hashable, make: Callable[[], End]) -> End:
    """What the command calls once, last, under a name: made when it is first asked for, and given back to whoever asks
    again, so that it can take in what else it has to do."""
    ends = unit().ends
    if name not in ends:
        ends[name] = make()
    return cast(End, ends[name])


class Command(Generic[P, R]):
    """A write that can be called, or called for an answer that is kept under an idempotency key."""

    def __init__(self, story: Callable[P, R]) -> None:
        self.story = story
        functools.update_wrapper(self, story)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._begin(lambda: self.story(*args, **kwargs), kwargs, None)

    def answer(self, once: Once | None, render: Callable[[R], Answer], /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        """Run for a JSON-able answer, rendered inside the transaction; a repeat under `once` gets the first one.

        Raises `KeyReused` (other body), `InFlight` (the first is still running) and what the command raises.
        """

        def body() -> Answer:
            actor: Actor = kwargs["actor"]  # type: ignore[assignment]
            kept = kept_answer(actor, once) if once else None
            if kept is not None:
                return kept
            answer = render(self.story(*args, **kwargs))
            if once:
                collect(to_keep(actor, once, answer, unit().now))
            return answer

        return self._begin(body, kwargs, once)

    def _begin(self, body: Callable[[], Any], kwargs: Any, once: Once | None) -> Any:
        if _unit.get() is not None:
            raise RuntimeError(f"{self.story.__name__} is a command; inside another one use a step.")
        actor: Actor = kwargs["actor"]
        try:
            return _retrying(lambda: _unless_answered(lambda: _in_transaction(body, actor, kwargs["now"]), actor, once))
        except Conflict as conflict:
            for listener in conflict_listeners:
                listener(conflict)
            raise
        except Forbidden as refusal:
            report_refusal(actor, refusal)
            raise
        except Hidden as hidden:
            report_refusal(actor, hidden.refusal)
            raise


def command(story: Callable[P, R]) -> Command[P, R]:
    """Make a function the one transaction of a use case."""
    return Command(story)


def step(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function a part of a command's transaction; it refuses to run outside of one."""

    @functools.wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        unit()
        return function(*args, **kwargs)

    return inside


@contextmanager
def _gathering(actor: Actor, now: datetime) -> Iterator[Unit]:
    gathered = Unit(actor, now, trace_id())
    token = _unit.set(gathered)
    try:
        yield gathered
    finally:
        _unit.reset(token)


def _in_transaction(body: Callable[[], Any], actor: Actor, now: datetime) -> Any:
    with ExitStack() as last, transaction.atomic(durable=True), _gathering(actor, now) as gathered:
        result = body()
        while gathered.ends:
            gathered.ends.pop(next(iter(gathered.ends)))()
        last.enter_context(connection.until_commit())  # type: ignore[attr-defined]  # of opd.postgresql
        _write_together(gathered)
        return result


def _unless_answered(attempt: Callable[[], Any], actor: Actor, once: Once | None) -> Any:
    """One attempt. A refusal by what its own twin did is none: the statement that looks for a kept answer sees what was
    so when it began, and may get the key's lock when the twin has just ended."""
    try:
        return attempt()
    except KeyReused:
        raise
    except DomainError as refusal:
        if once and is_answered(actor, once):
            raise BeginAgain(refusal) from refusal
        raise


def _retrying(attempt: Callable[[], Any]) -> Any:
    for left in range(TRIES - 1, -1, -1):
        try:
            return attempt()
        except BeginAgain as again:
            if not left:
                raise again.refusal from again
        except (OperationalError, IntegrityError) as error:
            if not _worth_repeating(error):
                raise
            if not left:
                raise Unavailable from error
            log.info("command repeated", extra={"sqlstate": getattr(error.__cause__, "sqlstate", "")})
    raise AssertionError("unreachable")


def _worth_repeating(error: Exception) -> bool:
    """Deadlock, serialization failure, lock timeout, or the same idempotency key finished a moment before us."""
    if isinstance(error, IntegrityError):
        return "idempotency_key_once" in str(error)
    return getattr(error.__cause__, "sqlstate", "") in {"40001", "40P01", "55P03"}


def _write_together(gathered: Unit) -> None:
    """Audit rows, transitions, events, the kept answer and the streams' new numbers, in one statement."""
    parts: list[str] = []
    params: list[Any] = []
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for row in gathered.rows:
        by_model.setdefault(type(row), []).append(row)
    for rows in by_model.values():
        sql, values = insert_sql(rows)
        parts.append(sql)
        params.extend(values)
    if gathered.moved:
        moved = sorted(gathered.moved)
        parts.append(
            f"UPDATE {Stream._meta.db_table} s SET sequence = n.sequence"  # noqa: S608
            " FROM unnest(%s::text[], %s::bigint[]) AS n(name, sequence) WHERE s.name = n.name"
        )
        params.extend([moved, [gathered.streams[name] for name in moved]])
    if not parts:
        return
    heard = [f"{name}:{gathered.streams[name]}" for name in sorted(gathered.moved)]
    statement = ", ".join(f"w{i} AS ({part})" for i, part in enumerate(parts))
    with kept_cursor() as cursor:
        cursor.execute(
            f"WITH {statement} SELECT pg_notify('{NOTIFY_CHANNEL}', heard) FROM unnest(%s::text[]) AS heard",  # noqa: S608
            [*params, heard],
        )
