"""A smallest use case for tests of the mechanism: something moves in a stream, with its audit row and event."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event as Flag
from typing import Any
from uuid import UUID, uuid4

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.events import Event
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, system_actor

NOW = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
FACILITY = UUID(int=7)
ACTOR = system_actor("test", FACILITY)
PATIENCE = 20.0
"""Seconds after which a thread that waits for another gives up; never reached when all is well."""


@command
def move(
    *,
    actor: Actor,
    now: datetime,
    stream: str = "dept.one",
    times: int = 1,
    type: str = "moved",
    meanwhile: Callable[[], Any] = lambda: None,
) -> dict[str, Any]:
    """Move so many times; `meanwhile` happens inside the transaction, with the stream locked and all said."""
    lock_streams(stream)
    moved = []
    for number in range(times):
        thing = uuid4()
        record(action="moved", entity_type="thing", entity_id=thing, after={"step": number})
        emit(Event(stream, type, "thing", thing, 1, {"step": number}))
        moved.append(str(thing))
    meanwhile()
    return {"moved": moved}


def moved(stream: str = "dept.one", **how: Any) -> dict[str, Any]:
    """`move` by the test's actor, now."""
    return move(actor=ACTOR, now=NOW, stream=stream, **how)


def wait_for(flag: Flag) -> None:
    """Wait for another thread's sign."""
    assert flag.wait(PATIENCE), "the other thread never came"
