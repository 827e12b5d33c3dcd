"""A screen without a board: it shows a code, and waits until an administrator has typed it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from apps.accounts.queries import link_keys, secret_of_screen
from apps.core.addresses import address_of
from apps.core.errors import NotFound
from apps.core.policy import PUBLIC, system_actor
from apps.core.views import page
from apps.display.commands import ask_to_pair
from apps.display.models import PairingRequest
from apps.display.queries import address, board_of, open_request
from apps.display.rules.pairing import pairing_code, shown_pairing_code
from apps.display.views.visitors import Screen, remember_screen, screen_at


@page(policy=PUBLIC, methods=("GET", "POST"))
def pair(request: HttpRequest) -> HttpResponse:
    """Ask for a code, show it, and go to the board once it was typed. Asking again by itself is all the page does."""
    now = timezone.now()
    screen = screen_at(request, now)
    own = _own_board(screen)
    if own:
        return redirect(own)
    secret = secret_of_screen(request.COOKIES)
    if request.method == "POST":
        asked = "asked&ended" if screen.was_paired else "asked"
        response: HttpResponse = redirect(f"{reverse('pair-screen')}?{asked}")
        fresh = ask_to_pair(actor=system_actor("pairing"), now=now, address=address_of(request), former=secret)
        remember_screen(response, fresh)
        return response
    blind = "asked" in request.GET and not secret
    shown = {
        "waiting": _shown(open_request(secret, now), secret, now),
        "asks": not blind,
        "blind": blind,
        "ended": screen.was_paired or "ended" in request.GET,
    }
    return _page(request, shown)


def closed_to(request: HttpRequest, screen: Screen) -> HttpResponse:
    """In place of a board: what has to be done before it is shown. A screen that was taken off asks by itself."""
    shown = {"asks": screen.was_paired, "ended": screen.was_paired, "own": _own_board(screen)}
    response = _page(request, shown, status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response


def _own_board(screen: Screen) -> str:
    """Where a paired screen belongs, its board or the kiosk's page; "" for any other."""
    if screen.is_kiosk:
        return reverse("kiosk")
    try:
        return address(board_of(screen.board_id)) if screen.board_id else ""
    except NotFound:
        return ""


def _shown(waiting: PairingRequest | None, secret: str, now: datetime) -> dict[str, Any] | None:
    """The code on the screen, and for how many seconds it counts."""
    if waiting is None:
        return None
    code = shown_pairing_code(pairing_code(secret, link_keys()[0]))
    return {"code": code, "seconds": int((waiting.expires_at - now).total_seconds())}


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "display/pairing.html", context, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
