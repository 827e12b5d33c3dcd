"""A family's own page: the people under a phone, where they stand today, and what was before."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.accounts.commands import forget_device
from apps.accounts.queries import facility_facts
from apps.core.languages import named
from apps.core.policy import Actor, Permission
from apps.core.views import CLEAR_SITE_DATA, actor_of, page
from apps.patients.queries import facts, patients_of
from apps.queue.models import Visit
from apps.queue.queries.journeys import ahead_of_visits, room_of
from apps.queue.queries.links import tracking_code_of
from apps.queue.queries.own import open_today, past_visits
from apps.queue.queries.shown import state_kind, state_label
from apps.queue.rules.states import OPEN
from apps.queue.views.own_bookings import coming_of_family

PAST = 20
"""Earlier visits on the page; the API has all of them."""


@page(policy=Permission.PATIENT_OWN, door="login")
def me(request: HttpRequest) -> HttpResponse:
    """Everybody under the phone that somebody signed in by."""
    return render(request, "me/me.html", _family(actor_of(request), timezone.now()))


@page(policy=Permission.PATIENT_OWN, methods=("POST",), door="login")
def forget(request: HttpRequest) -> HttpResponse:
    """Leave nothing behind on a shared phone: not here, not on the server, not in the browser."""
    forget_device(actor=actor_of(request), now=timezone.now())
    request.session.flush()
    response = redirect("start")
    response["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


def _family(actor: Actor, now: datetime) -> dict[str, Any]:
    assert actor.facility_id is not None, "a code login is some facility's"
    day = facility_facts(actor.facility_id).day_of(now)
    today: dict[Any, list[dict[str, Any]]] = {}
    shown = list(open_today(actor, day))
    going_on = {visit.token_id for visit in shown if visit.state in OPEN}
    for visit in shown:
        if visit.state not in OPEN and visit.token_id in going_on:
            continue  # a station behind them: the page shows where they are now
        today.setdefault(visit.patient_id, []).append(_standing(visit, now))
    coming = coming_of_family(actor, now)
    people = [
        {**facts(patient, now), "today": today.get(patient.id, []), "coming": coming.get(patient.id, [])}
        for patient in patients_of(actor)
    ]
    return {"people": people, "past": [_earlier(visit) for visit in past_visits(actor, day)[:PAST]]}


def _standing(visit: Visit, now: datetime) -> dict[str, Any]:
    """Where a visit of today stands, and the code of its own page."""
    room = room_of(visit)
    return {
        "token": visit.token.label,
        "kind": state_kind(visit),
        "state_label": state_label(visit),
        "department": named(visit.department),
        "doctor": named(visit.doctor) if visit.doctor else "",
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "code": tracking_code_of(visit, now),
        "ahead": ahead_of_visits(visit),
    }


def _earlier(visit: Visit) -> dict[str, Any]:
    return {
        "day": visit.day,
        "name": visit.patient.name,
        "department": named(visit.department),
        "doctor": named(visit.doctor) if visit.doctor else "",
        "state_label": state_label(visit),
    }
