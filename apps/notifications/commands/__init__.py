"""Writes of notifications: saying something, as a step of other commands, and sending what was said."""

from apps.notifications.commands.choosing import (
    NobodyListens,
    PushNotSetUp,
    subscribe,
    test_push,
    unsubscribe,
    want_sms,
)
from apps.notifications.commands.delivering import deliver_due
from apps.notifications.commands.sending import MESSAGES_CHANNEL, recipient_fingerprint, send

__all__ = [
    "MESSAGES_CHANNEL",
    "NobodyListens",
    "PushNotSetUp",
    "deliver_due",
    "recipient_fingerprint",
    "send",
    "subscribe",
    "test_push",
    "unsubscribe",
    "want_sms",
]
