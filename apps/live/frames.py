"""What is said over a socket, made into text once however many hear it."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

from apps.core.api import explain
from apps.core.errors import DomainError
from apps.core.models import OutboxEvent
from apps.live.encoding import as_text
from apps.live.events import ANNOUNCEMENTS
from apps.live.queries import OwnPlace, Picture


class Frame(str):
    """The text of one frame; as bytes it is made once, however many sockets it is written to."""

    @cached_property
    def wire(self) -> bytes:
        """The frame as it goes over a websocket without extensions."""
        return WireFrame(Opcode.TEXT, self.encode()).serialize(mask=False)


def encode(type_: str, **content: Any) -> Frame:
    """One frame."""
    return Frame(as_text({"type": type_} | content))


STALE = encode("stale")


def envelope(event: OutboxEvent) -> dict[str, Any]:
    """An event as every client gets it (document 003, 6.2)."""
    return {
        "eventId": event.id,
        "eventType": event.type,
        "occurredAt": event.occurred_at,
        "traceId": event.trace_id,
        "actor": event.actor,
        "entityId": event.entity_id,
        "entityVersion": event.entity_version,
        "stream": event.stream,
        "sequence": event.sequence,
        "payload": event.payload,
    }


class Told:
    """An event in both forms in which it is told on its stream; who made it is told to staff only."""

    def __init__(self, event: OutboxEvent) -> None:
        self.event = event

    @cached_property
    def to_staff(self) -> Frame:
        """The event with who made it."""
        return self._as(envelope(self.event))

    @cached_property
    def to_public(self) -> Frame:
        """The event for everybody else."""
        return self._as(_public(envelope(self.event)))

    def _as(self, form: dict[str, Any]) -> Frame:
        event = self.event
        return encode("queue-update", **form, data=_facts(event.stream, event.sequence, event.payload))


def announced(event: OutboxEvent) -> Frame:
    """An announcement, to those who look at a view of its stream; what it says stands in the frame itself."""
    return encode(ANNOUNCEMENTS[event.type], **event.payload | _public(envelope(event)))


def drawn(picture: Picture, event: OutboxEvent) -> Frame:
    """A view after a change, to all who look at it, with the event that it follows."""
    of_view = {
        "stream": picture.stream,
        "sequence": picture.sequence,
        "sequences": picture.numbers,
        "payload": picture.payload,
        "data": _facts(picture.stream, picture.sequence, picture.payload),
    }
    return encode("queue-update", **_public(envelope(event)) | of_view)


def whole(picture: Picture) -> Frame:
    """The whole view, to somebody who has nothing to go on from."""
    return encode("resync", data=picture.as_json())


def status(picture: Picture) -> Frame:
    """The whole view, to somebody who asked."""
    return encode("queue-status", data=_facts(picture.stream, picture.sequence, picture.payload))


def own_place(place: OwnPlace, fetch_in: int) -> Frame:
    """Where the holder of a link stands, and in how many milliseconds their page may be fetched anew, if it has to."""
    return Frame(f'{{"type":"queue-status","sequence":{place.sequence},"fetchIn":{fetch_in},"data":{place.text}}}')


def heartbeat(stream: str, sequence: int | None) -> Frame:
    """A sign of life of a stream, with the number of its last change."""
    return encode("heartbeat-ack", stream=stream, sequence=sequence, at=datetime.now(UTC))


def refused(error: DomainError) -> Frame:
    """Why something was not done."""
    said = explain(error)
    return encode("error", code=said["code"], message=said["detail"])


def _public(told: dict[str, Any]) -> dict[str, Any]:
    """For everybody: of who made a change, only what kind of somebody it was."""
    return told | {"actor": {"type": told["actor"].get("type")}}


def _facts(stream: str, sequence: int, payload: dict[str, Any]) -> dict[str, Any]:
    """What clients of document 004 read under `data`: the facts with their number, without our pages' HTML."""
    facts = {name: value for name, value in payload.items() if name != "html"}
    return facts | {"stream": stream, "sequence": sequence}
