"""What screens can follow, where a screen says it stands, and the limits within which they are served."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from apps.core.errors import DomainError, sentence
from apps.core.policy import Actor, Permission, Scope

HEARTBEAT_EVERY = 8
"""Seconds between two signs of life of a stream. A screen calls itself stale after 15 s without a frame, and is
promised one every 10 s."""

SOURCE_CHECKED_EVERY = 2
"""Seconds between two looks at the outbox behind the notifications, which are only there to be quick."""

SOURCE_PATIENCE = 4
"""Seconds without proof that changes reach us after which every screen is told `stale`."""

AUTHORIZED_EVERY = 3
"""Seconds between two checks that those who listen still may. Revoked means gone within 5 s."""

FIRST_FRAME_WITHIN = 5
"""Seconds that somebody unknown has to say who they are or what they want to see."""

IDLE_AFTER = 90
"""Seconds without any frame from a client, its heartbeat included, after which it is taken to be gone."""

JOIN_WITHIN = 8
"""Seconds that a client may take to read what it missed; fewer than a server waits for a closed socket's end."""

EMPTY_KEPT = 60
"""Seconds that a stream is kept ready after the last screen left: most come back at once."""

OWN_PLACES_APART = 0.5
"""Seconds between two looks at where the holders of links stand. The first change after a quiet time is told at
once."""

OWN_PLACES_SHARE = 5
"""Times as long as such a look took there is none again: in the largest hall they take a sixth of a core."""

FETCHES_APART = 20
"""Milliseconds between two phones of a queue that are told to fetch their pages at the same change."""

LARGEST_FRAME = 64 * 1024
"""Bytes of one frame from a client."""

FRAMES_PER_MINUTE = 1000
"""Frames that a client may send in a minute (document 000, 5.3); times RATE_SCALE."""

STREAMS_PER_SOCKET = 50
"""Streams that one socket may follow."""

UNSENT_FRAMES = 100
UNSENT_SIZE = 64 * 1024
"""Frames, and characters in them, that may wait for a slow socket. Then they are dropped for one whole view."""


class BadFrame(DomainError):
    code = "bad_frame"
    detail = sentence("A frame is a JSON object with a type that is known here, and texts in its fields.")


class Close(IntEnum):
    """Why the server ends a connection; up to 1015 as the protocol defines it."""

    FLOODING = 1008
    TOO_LARGE = 1009
    TRY_LATER = 1013
    NO_ACCESS = 4401
    NOT_ALLOWED = 4403
    IDLE = 4408
    TOO_MANY = 4429


@dataclass(frozen=True, slots=True)
class View:
    """A kind of stream that screens can follow under the name `<prefix>.<key>`; see `opd/subscriptions.py`.

    With `streams_of` it is a picture of numbered streams, drawn anew when one of them moves and sent whole.
    Without, it is itself one of the numbered streams of the outbox, and each of its events is sent.
    All functions but `key` run in a thread with a database; `may`, `own`, `own_places`, `render` and `streams_of`
    inside the facility's scope.
    """

    prefix: str
    facility_of: Callable[[Any], UUID | None]
    """Whose it is; None when there is no such thing. Runs outside of any scope."""
    may: Callable[[Actor | None, Any], bool]
    """Whether somebody may see it; None is nobody in particular. Asked only of them and of the same facility."""
    render: Callable[[Any], dict[str, Any]]
    """What it shows, as JSON-able values; `html` in it is put into the page as it is. Only reads."""
    streams_of: Callable[[Any], Sequence[str]] | None = None
    own: Callable[[Sequence[Actor]], Mapping[UUID, Any]] | None = None
    """The keys that belong to holders of links, who cannot choose, by their credential; who is not named there has
    none."""
    own_places: Callable[[Any, Collection[UUID], datetime], Mapping[UUID, dict[str, Any]]] | None = None
    """What each of these holders of links is told of their own place while the stream moves, by what their link was
    made for: JSON-able facts, with `page`, a word that is another one when their page has to be made anew."""
    key: Callable[[str], Any] = UUID
    """Reads a key; raises `ValueError` for what cannot be one."""
    is_open: Callable[[Any], bool] | None = None
    """Whether anybody at all may see it, also who belongs to another facility; without it, never. Runs outside of
    any scope."""
    coalesce_ms: int = 50
    """Between two drawings of a picture. The first change after a quiet time is shown at once."""


def serves_department(actor: Actor | None, department_id: UUID) -> bool:
    """Whether somebody may see the queue of a department of their own facility."""
    return actor is not None and actor.may(Permission.QUEUE_READ, Scope(actor.facility_id, department_id))


def serves_facility(actor: Actor | None, facility_id: UUID) -> bool:
    """Whether somebody may see what concerns a whole facility."""
    return actor is not None and actor.may(Permission.QUEUE_READ, Scope(facility_id))


TEXT_FIELDS = ("stream", "token", "ticket", "lastReceivedEventId")
"""What a client's frame may carry beside its type."""


def read_frame(text: str) -> dict[str, str]:
    """A client's frame: its `type` and fields, all texts; one that is null is left out. Raises `BadFrame`."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame from None
    if not isinstance(frame, dict) or frame.get("type") is None:
        raise BadFrame
    said = {name: frame[name] for name in ("type", *TEXT_FIELDS) if frame.get(name) is not None}
    if not all(isinstance(value, str) for value in said.values()):
        raise BadFrame
    return said


@dataclass(frozen=True, slots=True)
class Held:
    """What a client says it has: the numbers of a stream, one for each numbered stream that it is made of."""

    stream: str
    numbers: tuple[int, ...]


NOTHING_USABLE = Held("", ())
"""A client that has something, but nothing we can go on from: it gets the whole view."""

_NAME = re.compile(r"([a-z]{1,20})\.([A-Za-z0-9_-]{1,64})")
_HELD = re.compile(r"([a-z]{1,20}\.[A-Za-z0-9_-]{1,64}):(\d{1,18}(?: \d{1,18}){0,49})", re.ASCII)


def split_name(name: object) -> tuple[str, str] | None:
    """A stream's name as (prefix, key), or None when it cannot be one."""
    found = _NAME.fullmatch(name) if isinstance(name, str) else None
    return (found[1], found[2]) if found else None


def read_held(given: object) -> Held | UUID | None:
    """`lastReceivedEventId`: `<stream>:<numbers>` or the id of an event; None when it is neither."""
    if not isinstance(given, str):
        return None
    if found := _HELD.fullmatch(given):
        return Held(found[1], tuple(int(number) for number in found[2].split()))
    try:
        return UUID(given)
    except ValueError:
        return None


def is_current(held: Held | None, stream: str, numbers: Mapping[str, int]) -> bool:
    """Whether a client already has a picture: by its numbers, by their sum, or by its only stream's number."""
    if held is None:
        return False
    of_picture = held.stream == stream and held.numbers in (tuple(numbers.values()), (sum(numbers.values()),))
    return of_picture or {held.stream: sum(held.numbers)} == dict(numbers)


def etag(numbers: Mapping[str, int]) -> str:
    """What names a picture over HTTP: its numbers."""
    return "-".join(str(number) for number in numbers.values())
