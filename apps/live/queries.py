"""Which streams there are, who may see them, and what they show at this moment."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_scopes import scope

from apps.accounts.queries import actors_again, actors_of_tracking
from apps.core.errors import DomainError, Forbidden, NotFound, Unauthenticated
from apps.core.outbox import sequence_of, stream_sequences
from apps.core.policy import Actor
from apps.live.encoding import as_text
from apps.live.rules import NOTHING_USABLE, Held, View, serves_facility, split_name

FACILITY = View(
    prefix="facility",
    facility_of=lambda facility_id: facility_id,
    may=serves_facility,
    render=lambda facility_id: {"facilityId": str(facility_id)},
)
"""What concerns a whole facility. It has no view of its own: who missed too much reads its pages anew."""


def views() -> dict[str, View]:
    """All kinds of streams by prefix: ours, and those that `settings.LIVE_VIEWS` names."""
    return {view.prefix: view for view in (FACILITY, *import_string(settings.LIVE_VIEWS))}


@dataclass(frozen=True, slots=True)
class Place:
    """One stream that exists: which kind, of what, and whose."""

    view: View
    key: Any
    facility_id: UUID

    @property
    def name(self) -> str:
        """The stream's one spelling."""
        return f"{self.view.prefix}.{self.key}"

    def numbered_streams(self) -> list[str]:
        """The numbered streams that it is made of; itself, when it is one."""
        return list(self.view.streams_of(self.key)) if self.view.streams_of else [self.name]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a stream shows at one moment, and after which numbers that is."""

    stream: str
    numbers: dict[str, int]
    payload: dict[str, Any]

    @property
    def sequence(self) -> int:
        """One number that grows with each of them: their sum."""
        return sum(self.numbers.values())

    def as_json(self) -> dict[str, Any]:
        """The whole view, the same over a socket and over HTTP."""
        return {
            "stream": self.stream,
            "sequence": self.sequence,
            "sequences": self.numbers,
            "payload": self.payload,
        }


def find(name: object) -> Place:
    """The stream of this name. Raises `NotFound`."""
    prefix, key_text = split_name(name) or ("", "")
    view = views().get(prefix)
    if view is None:
        raise NotFound
    try:
        key = view.key(key_text)
    except ValueError:
        raise NotFound from None
    facility_id = view.facility_of(key)
    if facility_id is None:
        raise NotFound
    return Place(view, key, facility_id)


def admit(actor: Actor | None, name: object) -> Place:
    """The stream of this name, if somebody may see it; None is nobody in particular.

    Raises `NotFound`, also for what is another facility's, `Unauthenticated`, `Forbidden`.
    """
    place = find(name)
    if not (place.view.is_open and place.view.is_open(place.key)):
        _require_entry(place, actor)
    return place


def _require_entry(place: Place, actor: Actor | None) -> None:
    """Refuse whoever may not see what is not open to all."""
    if actor is not None and actor.facility_id != place.facility_id:
        raise NotFound
    with scope(facility=place.facility_id):
        if not place.view.may(actor, place.key):
            raise Forbidden if actor else Unauthenticated


def refused(asked: Iterable[tuple[Actor | None, str]]) -> set[tuple[Actor | None, str]]:
    """Those of these people and streams that `admit` would not let together; each stream is looked up once."""
    by_name: dict[str, list[Actor | None]] = {}
    for actor, name in asked:
        by_name.setdefault(name, []).append(actor)
    found: set[tuple[Actor | None, str]] = set()
    for name, actors in by_name.items():
        place = places([name]).get(name)
        found |= {(actor, name) for actor in actors if place is None or not _lets_in(place, actor)}
    return found


def _lets_in(place: Place, actor: Actor | None) -> bool:
    try:
        _require_entry(place, actor)
    except DomainError:
        return False
    return True


def not_open(names: Iterable[str]) -> set[str]:
    """Those of these streams that could be open to all and are not."""
    known, closed = views(), set()
    for name in names:
        prefix, key = split_name(name) or ("", "")
        view = known.get(prefix)
        if view and view.is_open and not view.is_open(view.key(key)):
            closed.add(name)
    return closed


@dataclass(frozen=True, slots=True)
class Guest:
    """Whoever holds a tracking link, and the name of the stream that is theirs; empty when there is none."""

    actor: Actor
    stream: str


def guests(tokens: Sequence[str]) -> dict[str, Guest]:
    """The holders of those of these tracking links that are good, as the database has it now."""
    found = actors_of_tracking(tokens, timezone.now())
    streams = _own_streams(list(found.values()))
    return {token: Guest(actor, streams.get(actor.credential_id, "")) for token, actor in found.items()}


def guests_again(credential_ids: Sequence[UUID]) -> dict[UUID, Guest]:
    """The holders of those of these links that are good, as they are now."""
    found = actors_now(credential_ids)
    streams = _own_streams(list(found.values()))
    return {credential_id: Guest(actor, streams.get(credential_id, "")) for credential_id, actor in found.items()}


def _own_streams(actors: Sequence[Actor]) -> dict[UUID | None, str]:
    streams: dict[UUID | None, str] = {}
    for facility_id in {actor.facility_id for actor in actors}:
        with scope(facility=facility_id):
            there = [actor for actor in actors if actor.facility_id == facility_id]
            for view in views().values():
                own = view.own(there) if view.own else {}
                streams |= {credential_id: f"{view.prefix}.{key}" for credential_id, key in own.items()}
    return streams


def places(names: Sequence[str]) -> dict[str, Place]:
    """Those of these streams that exist."""
    found = {}
    for name in names:
        with suppress(NotFound):
            found[name] = find(name)
    return found


def actors_now(credential_ids: Sequence[UUID]) -> dict[UUID, Actor]:
    """The holders of those of these credentials that still are good."""
    return actors_again(credential_ids, timezone.now())


def draw(place: Place) -> Picture:
    """What a stream shows now, under exactly the numbers it shows."""
    with scope(facility=place.facility_id), _one_moment():
        numbers = stream_sequences(place.numbered_streams())
        return Picture(place.name, numbers, place.view.render(place.key))


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """What the holder of a link is told of their own place."""

    page: str
    """Another word when their page has to be made anew."""
    rank: int
    """How soon their page matters: 0 for who is called, then by their place."""
    text: str
    """The facts as JSON."""
    sequence: int = field(compare=False)
    """The number of the stream at which it was so; alone it is no news."""


def own_places(place: Place, subject_ids: Sequence[UUID]) -> dict[UUID, OwnPlace]:
    """Where the holders of these links stand on a stream, by what their link was made for; nothing where a stream has
    no places of theirs."""
    if place.view.own_places is None:
        return {}
    with scope(facility=place.facility_id), _one_moment():
        sequence = stream_sequences([place.name])[place.name]
        found = place.view.own_places(place.key, subject_ids, timezone.now())
    return {
        subject_id: OwnPlace(facts["page"], facts["position"] or 0, as_text({"stream": place.name} | facts), sequence)
        for subject_id, facts in found.items()
    }


def numbers_of(place: Place) -> dict[str, int]:
    """The numbers under which a stream would be drawn now."""
    with scope(facility=place.facility_id):
        return stream_sequences(place.numbered_streams())


def held_of_event(event_id: UUID) -> Held:
    """What a client has who says the id of the last event it saw."""
    found = sequence_of(event_id)
    return Held(found[0], (found[1],)) if found else NOTHING_USABLE


@contextmanager
def _one_moment() -> Iterator[None]:
    """All reads inside see the database as of the first; inside somebody's transaction, as that one does."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
