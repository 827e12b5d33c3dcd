"""Boards over sockets: the changed screen is drawn once per change and sent as it is to everybody on it."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.events import department_stream
from apps.display.queries import board_of, board_view, department_ids_of, facility_of_board
from apps.display.views import board_html
from apps.live.rules import View


def _picture(board_id: UUID) -> dict[str, Any]:
    """What a screen puts into its page, and the same as facts for who draws it differently."""
    view = board_view(board_of(board_id), timezone.now())
    facts = {name: view[name] for name in ("rooms", "calls", "as_of", "clock")}
    return {"view": facts, "html": board_html(view)}


def _streams(board_id: UUID) -> list[str]:
    return [department_stream(place) for place in department_ids_of(board_of(board_id))]


VIEWS = (
    View(
        prefix="board",
        facility_of=facility_of_board,
        may=lambda actor, board_id: True,
        render=_picture,
        streams_of=_streams,
    ),
)
"""The streams of boards, for `opd/subscriptions.py`. A board is public: it shows numbers and rooms, never a person."""
