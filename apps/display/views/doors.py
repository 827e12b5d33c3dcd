"""The check-in codes of a hall, on its own screen: who is there scans one; a photo of it is soon worth nothing."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation

from apps.accounts.queries import secret_of_screen
from apps.accounts.rules.doors import step_at
from apps.core.policy import PUBLIC
from apps.core.views import live_part, page
from apps.display.queries import board_at, doors_view
from apps.display.views.board import not_shown
from apps.display.views.pairing import closed_to
from apps.display.views.visitors import belongs_to, remember_screen, screen_at

PART = "display/_doors.html"
"""The part of the page that changes."""


@page(policy=PUBLIC)
def doors(request: HttpRequest, slug: str) -> HttpResponse:
    """The codes of all departments that take people. Never open to all: they prove that somebody is in the hall."""
    found, now = board_at(slug), timezone.now()
    screen = screen_at(request, now)
    if not belongs_to(request, screen, found):
        return closed_to(request, screen)
    with translation.override(settings.LANGUAGE_CODE):
        view = doors_view(found, now)
        response = render(request, "display/doors.html", {"view": view, "hospital": view["facility"]})
    if screen.actor:
        remember_screen(response, secret_of_screen(request.COOKIES))
    response["Cache-Control"] = "no-store"
    return response


@page(policy=PUBLIC)
def doors_part(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The part that changes, asked for every few seconds."""
    found, now = board_at(slug), timezone.now()
    if not belongs_to(request, screen_at(request, now), found):
        return not_shown()
    mark = f"{found.id} {found.name} {step_at(now)}"
    with translation.override(settings.LANGUAGE_CODE):
        return live_part(request, mark, PART, lambda: {"view": doors_view(found, now)})
