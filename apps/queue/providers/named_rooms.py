"""Rooms that exist as soon as somebody enters them by a name nobody can guess (Jitsi and its like)."""

import hashlib
import hmac
from uuid import UUID

from django.conf import settings

from apps.queue.providers import NoRoom


def room(appointment_id: UUID) -> str:
    """An address under `MEETING_URL` with a name that only the house can make out of the booking's id."""
    if not settings.MEETING_URL:
        raise NoRoom
    key = bytes.fromhex(settings.PEPPER)
    name = hmac.new(key, b"meeting\0" + appointment_id.bytes, hashlib.sha256).hexdigest()[:32]
    return f"{settings.MEETING_URL.rstrip('/')}/opd-{name}"
