"""The board's page: for its own screens, for staff, and for everybody where it is open to all."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django_scopes import scope

from apps.accounts.queries import secret_of_screen
from apps.core.policy import PUBLIC
from apps.core.views import live_part, page
from apps.display.queries import board_at, board_sequence, board_view, department_ids_of
from apps.display.views.pairing import closed_to
from apps.display.views.visitors import looks_at, remember_screen, screen_at

PART = "display/_board.html"
"""The part of the page that changes."""


@page(policy=PUBLIC)
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole screen, complete without scripts. Who may not look is told how to."""
    found, now = board_at(slug), timezone.now()
    screen = screen_at(request, now)
    if not looks_at(request, screen, found):
        return closed_to(request, screen)
    with translation.override(settings.LANGUAGE_CODE):
        view = board_view(found, now)
        response = render(request, "display/board.html", {"view": view, "hospital": view["facility"]})
    if screen.actor:
        remember_screen(response, secret_of_screen(request.COOKIES))
    response["Cache-Control"] = "no-store"
    return response


@page(policy=PUBLIC)
def board_part(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The part that changes, for screens without a socket."""
    found, now = board_at(slug), timezone.now()
    if not looks_at(request, screen_at(request, now), found):
        return not_shown()
    with scope(facility=found.facility_id):
        sequence = board_sequence(department_ids_of(found))
    mark = f"{found.id} {found.name} {sequence} {now:%H:%M}"
    with translation.override(settings.LANGUAGE_CODE):
        return live_part(request, mark, PART, lambda: {"view": board_view(found, now)})


def not_shown() -> HttpResponse:
    """In place of a part that whoever asks may not see; it makes their page load itself again, which says why."""
    return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})


def board_html(view: dict[str, Any]) -> str:
    """The changing part of a board. A hall has its own languages; what is left is in the house's."""
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string(PART, {"view": view})
