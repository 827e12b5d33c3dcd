"""What halls tell others."""

from uuid import UUID

from apps.core.events import Event, facility_stream

HELP_ASKED = "screen.help_asked"

CATALOGUE: dict[str, str] = {HELP_ASKED: "Somebody at a kiosk asked for a person to help."}
"""Every event type of this app, for `docs/events.md`."""


def help_asked(facility_id: UUID, screen_id: UUID) -> Event:
    """Somebody stands before a kiosk and needs a person."""
    return Event(facility_stream(facility_id), HELP_ASKED, "screen", screen_id, 0)
