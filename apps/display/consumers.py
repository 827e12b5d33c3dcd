"""Boards over sockets: the changed screen is drawn once per change and sent as it is to everybody on it."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.events import department_stream
from apps.core.policy import Actor
from apps.display.queries import (
    board_of,
    board_view,
    department_ids_of,
    facility_of_board,
    is_open_board,
    may_look,
)
from apps.display.views.board import board_html
from apps.live.rules import View


def _picture(board_id: UUID) -> dict[str, Any]:
    """What a screen puts into its page, and the same as facts for who draws it differently."""
    view = board_view(board_of(board_id), timezone.now())
    facts = {name: view[name] for name in ("rooms", "calls", "as_of", "clock")}
    return {"view": facts, "html": board_html(view)}


def _streams(board_id: UUID) -> list[str]:
    return [department_stream(place) for place in department_ids_of(board_of(board_id))]


def _may_follow(actor: Actor | None, board_id: UUID) -> bool:
    return actor is not None and actor.facility_id is not None and may_look(actor, board_id, actor.facility_id)


VIEWS = (
    View(
        prefix="board",
        facility_of=facility_of_board,
        may=_may_follow,
        is_open=is_open_board,
        render=_picture,
        streams_of=_streams,
    ),
)
"""The streams of boards, for `opd/subscriptions.py`. They show numbers and rooms, never a person."""
