"""Who looks at a board's page: somebody signed in, or the screen itself by the cookie it was paired with."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from apps.accounts.commands import screens_seen
from apps.accounts.queries import actor_of_credential, screen_of
from apps.accounts.rules.credentials import SCREEN_LIFETIME, ScreenUse, is_due
from apps.core.policy import Actor
from apps.core.views import actor_if_any
from apps.display.models import Board
from apps.display.queries import may_look


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen that a request is from: as an actor while it is paired, and whether it was once and is no longer."""

    actor: Actor | None = None
    was_paired: bool = False
    is_kiosk: bool = False

    @property
    def board_id(self) -> UUID | None:
        """The board that it is paired with."""
        return self.actor.subject_id if self.actor else None


def screen_at(request: HttpRequest, now: datetime) -> Screen:
    """The screen that a request is from, if it is from one; that it was there is noted."""
    credential = screen_of(request.COOKIES)
    if credential is None:
        return Screen()
    if not credential.is_live(now):
        return Screen(was_paired=True)
    if is_due(credential.last_seen_at, now):
        screens_seen([credential.id], now)
    return Screen(actor_of_credential(credential), is_kiosk=credential.scope.get("use") == ScreenUse.KIOSK)


def looks_at(request: HttpRequest, screen: Screen, board: Board) -> bool:
    """Whether whoever asks may look at a board."""
    return board.open_to_all or belongs_to(request, screen, board)


def belongs_to(request: HttpRequest, screen: Screen, board: Board) -> bool:
    """Whether whoever asks is the board's own screen or staff of its house, open to all or not."""
    return any(may_look(actor, board.id, board.facility_id) for actor in (actor_if_any(request), screen.actor))


def remember_screen(response: HttpResponseBase, secret: str) -> None:
    """Let a screen keep its secret for as long as browsers do, for our own pages only and out of scripts' reach."""
    response.set_cookie(
        settings.SCREEN_COOKIE_NAME,
        secret,
        max_age=int(SCREEN_LIFETIME.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
