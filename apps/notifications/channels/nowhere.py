"""For demonstrations and development: messages go nowhere, they are only listed."""

from apps.notifications.rules import Outgoing


def deliver(message: Outgoing) -> str:
    """Say that it was sent."""
    return ""
