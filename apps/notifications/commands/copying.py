"""A message once more under an id of its own: providers send one id once."""

from typing import Any
from uuid import uuid4

from apps.notifications.models import Message
from apps.notifications.rules import Status

SAME = (
    *("created_at", "facility_id", "kind", "channel", "recipient", "recipient_index", "text", "language", "urgent"),
    *("dedupe_key", "not_after", "next_try_at", "wording", "template", "parameters"),
)


def copy_of(message: Message, **otherwise: Any) -> Message:
    """The same message, not saved and not yet sent."""
    same = {name: getattr(message, name) for name in SAME}
    return Message(**(same | {"id": uuid4(), "status": Status.WAITING} | otherwise))
