"""The hall's kiosk: somebody with a booking shows their slip or types their phone, and has their place in the queue.

A paired screen, as a board is, but for another use: it may check in who has a booking today in its hall's
departments, and nothing else. Nothing of a person stays on it: nobody's name is shown, and no address holds anything.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django_scopes import scope

from apps.accounts.queries import facility_facts, secret_of_screen
from apps.core.errors import DomainError, Invalid
from apps.core.languages import named
from apps.core.policy import PUBLIC, Actor
from apps.core.views import page, run_form, said
from apps.display.commands import call_helper
from apps.display.queries import in_hall
from apps.display.views.pairing import closed_to
from apps.display.views.visitors import remember_screen, screen_at
from apps.patients.rules.phones import clean_phone
from apps.queue.commands import arrive
from apps.queue.queries.kiosk import Found, choice, found_by_code, found_by_phone, visit_at_kiosk
from apps.queue.queries.slip import slip_view
from apps.queue.queries.visits import ahead_of
from apps.queue.rules.states import QUEUED

LONGEST_SCAN = 400
"""Characters of a scanned line that are looked at."""


@page(policy=PUBLIC, methods=("GET", "POST"))
def kiosk(request: HttpRequest) -> HttpResponse:
    """The first page; what was scanned or typed; the booking that was chosen.

    `?fresh` begins in the house's language.
    """
    now = timezone.now()
    screen = screen_at(request, now)
    if screen.actor is None or not screen.is_kiosk:
        return closed_to(request, screen)
    if request.method == "GET" and "fresh" in request.GET:
        response: HttpResponse = redirect("kiosk")
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response
    with scope(facility=screen.actor.facility_id):
        response = _page(request, screen.actor, _answer(request, in_hall(screen.actor), now))
    remember_screen(response, secret_of_screen(request.COOKIES))
    return response


@page(policy=PUBLIC, methods=("POST",))
def ask_help(request: HttpRequest) -> HttpResponse:
    """Somebody asks for a person."""
    screen = screen_at(request, timezone.now())
    if screen.actor is None or not screen.is_kiosk:
        return closed_to(request, screen)
    with scope(facility=screen.actor.facility_id):
        run_form(request, call_helper, lambda _none: {}, actor=screen.actor)
        return _page(request, screen.actor, {"step": "help"})


def _answer(request: HttpRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    """What the page shows: `step` is one of start, choose, done, none."""
    if request.method != "POST":
        return {"step": "start"}
    try:
        if request.POST.get("booking"):
            return _arrived(request, actor, request.POST["booking"], now)
        if request.POST.get("code"):
            found = found_by_code(request.POST["code"][:LONGEST_SCAN], actor, now)
            if found[0]:
                return _arrived(request, actor, str(found[0][0].id), now, by_code=True)
            return _found(found, actor, now, by_code=True)
        return _found(found_by_phone(_phone(request), actor, now), actor, now)
    except DomainError as refusal:
        return {"step": "start", "mistake": said(refusal)}


def _phone(request: HttpRequest) -> str:
    """The number that was typed. Raises `Invalid` for none, too."""
    return clean_phone(request.POST.get("phone", "")[:LONGEST_SCAN].strip() or "0")


def _found(found: Found, actor: Actor, now: datetime, *, by_code: bool = False) -> dict[str, Any]:
    """A phone may be anybody's: so who has typed it finds themselves by their initials before anything is done."""
    bookings, visits = found
    if bookings:
        return {"step": "choose", "choices": [choice(row, now) for row in bookings]}
    return _done(visits[0].id, actor, now, again=True, by_code=by_code) if visits else {"step": "none"}


def _arrived(
    request: HttpRequest, actor: Actor, booking: str, now: datetime, *, by_code: bool = False
) -> dict[str, Any]:
    try:
        booking_id = UUID(booking)
    except ValueError:
        raise Invalid from None
    answer = run_form(
        request, arrive, lambda arrived: {"visit": str(arrived.visit.id)}, actor=actor, booking_id=booking_id
    )
    return _done(UUID(answer["visit"]), actor, now, by_code=by_code)


def _done(visit_id: UUID, actor: Actor, now: datetime, *, again: bool = False, by_code: bool = False) -> dict[str, Any]:
    """The slip. Anybody may type anybody's phone: the link of the visit's page is printed only for who has shown it."""
    visit = visit_at_kiosk(visit_id, actor)
    ahead = ahead_of(visit) if visit.state in QUEUED else None
    slip = slip_view(visit, now, translation.get_language(), linked=by_code)
    return {"step": "done", "slip": slip, "ahead": ahead, "again": again}


def _page(request: HttpRequest, actor: Actor, shown: dict[str, Any]) -> HttpResponse:
    assert actor.facility_id is not None
    hospital = named(facility_facts(actor.facility_id))
    is_fresh = (
        shown["step"] == "start" and "mistake" not in shown and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES
    )
    context = shown | {
        "hospital": hospital,
        "is_fresh": is_fresh,
        "clip": f"voice/{translation.get_language()}/kiosk.ogg",
    }
    response = render(request, "display/kiosk.html", context)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
