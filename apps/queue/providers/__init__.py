"""Who holds video consultations: one function that gives a booking a room to meet in.

`room(appointment_id: UUID) -> str` returns an address. It may be called twice for one booking and then returns the
same address, or one that is as good. It raises `NoRoom` when there is none.
"""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.errors import Conflict, sentence


class NoRoom(Conflict):
    code = "no_meeting_room"
    detail = sentence("There is no room for a video consultation now. Please try again, or call by phone.")


def room(appointment_id: UUID) -> str:
    """The address where a booking's people meet. Raises `NoRoom`."""
    if not settings.MEETING_PROVIDER:
        raise NoRoom
    provider: Callable[[UUID], str] = import_string(settings.MEETING_PROVIDER)
    return provider(appointment_id)
