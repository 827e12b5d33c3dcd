"""Announcements: events that go to everybody who looks at a queue, as they are, besides moving its numbers."""

from uuid import UUID

from apps.core.events import Event

BROADCAST = "queue.broadcast"
EMERGENCY = "queue.emergency"

ANNOUNCEMENTS: dict[str, str] = {BROADCAST: "queue-broadcast", EMERGENCY: "emergency-notification"}
"""Event types that every screen of the stream and of the views over it is sent, and in which frame."""

CATALOGUE: dict[str, str] = {
    BROADCAST: "Something general is to be known in a queue; `reason` says what.",
    EMERGENCY: "A queue is held up by an emergency; carries message, priority and the delay in minutes.",
}
"""Every event type of this app, for `docs/events.md`."""


def broadcast(stream: str, entity_type: str, entity_id: UUID, reason: str) -> Event:
    """Tell all who look at a queue that something general changed."""
    return Event(stream, BROADCAST, entity_type, entity_id, 0, {"reason": reason})


def emergency(
    stream: str, doctor_id: UUID, *, message: str, priority: str, estimated_delay: int | None = None
) -> Event:
    """Tell all who look at a queue that it is held up; `estimated_delay` in minutes."""
    told = {"message": message, "priority": priority, "estimatedDelay": estimated_delay}
    return Event(stream, EMERGENCY, "doctor", doctor_id, 0, told)
