"""Writes of notifications: saying something, as a step of other commands, and sending what was said."""

from apps.notifications.commands.choosing import (
    NobodyListens,
    NoMailbox,
    NotOffered,
    PushNotSetUp,
    prefer,
    subscribe,
    test_push,
    unsubscribe,
    want_sms,
)
from apps.notifications.commands.delivering import deliver_due
from apps.notifications.commands.handling import SeenTo, TooLateToSend, send_again, told_by_hand
from apps.notifications.commands.mailing import confirm_address, drop_address, forget_unconfirmed, give_address
from apps.notifications.commands.sending import MESSAGES_CHANNEL, recipient_fingerprint, send, tell
from apps.notifications.commands.wording import Reworded, leave_out, reword

__all__ = [
    "MESSAGES_CHANNEL",
    "NoMailbox",
    "NobodyListens",
    "NotOffered",
    "PushNotSetUp",
    "Reworded",
    "SeenTo",
    "TooLateToSend",
    "confirm_address",
    "deliver_due",
    "drop_address",
    "forget_unconfirmed",
    "give_address",
    "leave_out",
    "prefer",
    "recipient_fingerprint",
    "reword",
    "send",
    "send_again",
    "subscribe",
    "tell",
    "test_push",
    "told_by_hand",
    "unsubscribe",
    "want_sms",
]
