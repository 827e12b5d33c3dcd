"""The desk's list of today. Mounted in the admin."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.events import facility_stream
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of, address, live_part, page
from apps.queue.models import Visit
from apps.queue.queries.desk import (
    Wanted,
    booking_scanned,
    desk_row,
    desk_verbs,
    likely_times,
    served_departments,
    today_of,
    with_people,
)
from apps.queue.queries.lines import desk_stream, sequences_of, stamp
from apps.queue.queries.shown import STATE_KINDS, STATE_NAMES
from apps.queue.queries.visits import ACTIONS
from apps.queue.rules.states import QUEUED, State, Verb
from apps.queue.views.desk_deeds import AT_ONCE, DEEDS
from apps.queue.views.notices import notices
from apps.scheduling.queries import doctors_of_departments

ROWS = 30
"""Visits on a page of the list."""


@page(policy=Permission.DESK_USE)
def today(request: HttpRequest) -> HttpResponseBase:
    """Everybody's number, doctor and state. Asked for again by the page itself, it answers with the list alone. A
    booking's slip that is scanned into the search leads to the booking, as long as nobody has come for it."""
    actor, now = actor_of(request), timezone.now()
    places = served_departments(actor)
    ids = sorted(place.id for place in places)
    sequence = sequences_of(ids, facility_stream(actor.facility_id))  # type: ignore[arg-type]  # staff have one
    wanted = _wanted(request, ids)

    def context() -> dict[str, Any]:
        return _today(request, actor, ids, wanted, now) | {"sequence": sequence} | notices(actor, places)

    if request.headers.get("HX-Request"):
        mark = f"{actor.id} {request.get_full_path()} {sequence} {now:%H:%M}"
        return live_part(request, mark, "desk/_today.html", context)
    if booking_id := booking_scanned(wanted.query, actor, now):
        return redirect("admin:desk_booking", booking_id)
    filters = _filters(request, places, ids, wanted)
    whole = admin.site.each_context(request) | context() | {"filters": filters, "title": gettext("Today")}
    return render(request, "desk/today.html", whole)


def _today(
    request: HttpRequest, actor: Actor, department_ids: list[UUID], wanted: Wanted, now: datetime
) -> dict[str, Any]:
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    found = today_of(facility, department_ids, now, wanted, actor).values_list("id", flat=True)
    shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
    visits = with_people(list(shown))
    likely = likely_times(visits, facility, now)
    return {
        "rows": [_row(visit, actor, now) | {"likely": likely.get(visit.id, "")} for visit in visits],
        "page": shown,
        "query": wanted.query,
        "stream": desk_stream(actor.facility_id),
        "as_of": stamp(now),
        "clock": facility.clock(now),
    }


def _row(visit: Visit, actor: Actor, now: datetime) -> dict[str, Any]:
    return desk_row(visit, actor, now) | {
        "slip_url": address("admin:desk_slip", visit.id),
        "stations_url": address("admin:desk_stations", visit.id),
        "turn_url": address("admin:desk_line", visit.id),
        "emergency_url": _emergency_url(visit, actor),
        "identity_url": _identity_url(visit, actor),
        "actions": [_action(visit, verb) for verb in desk_verbs(visit, actor)],
    }


def _emergency_url(visit: Visit, actor: Actor) -> str:
    """Two clicks from here somebody goes before everybody else: this one, and the reason."""
    scope = Scope(visit.facility_id, visit.department_id)
    if visit.emergency or visit.state not in QUEUED or not actor.may(Permission.VISIT_EMERGENCY, scope):
        return ""
    return address("admin:desk_turn", visit.id, "emergency")


def _identity_url(visit: Visit, actor: Actor) -> str:
    """Where somebody says who it is, of a person whom nobody knew."""
    if not visit.patient.provisional or not actor.may(Permission.PATIENT_REGISTER):
        return ""
    return address("admin:desk_identity", visit.patient_id)


def _action(visit: Visit, verb: Verb) -> dict[str, Any]:
    """`{label, url, version}`; with a version it is a button that acts at once."""
    return {
        "label": gettext(DEEDS[verb].label),
        "url": address("admin:desk_visit", visit.id, ACTIONS[verb]),
        "version": visit.version if verb in AT_ONCE else None,
    }


def _wanted(request: HttpRequest, department_ids: list[UUID]) -> Wanted:
    """What part of today the address asks for; what makes no sense there is left out."""
    state = request.GET.get("state", "")
    department_id = _uuid(request.GET.get("department"))
    return Wanted(
        state=state if state in STATE_KINDS.values() else "",
        doctor_id=_uuid(request.GET.get("doctor")),
        department_id=department_id if department_id in department_ids else None,
        query=request.GET.get("q", "").strip()[:100],
    )


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _filters(request: HttpRequest, places: list[Any], ids: list[UUID], wanted: Wanted) -> dict[str, Any]:
    """Links that narrow the list, `{label, url, selected}` each, and what the search keeps of them."""
    link = _linker(request)
    kinds = {kind: gettext(STATE_NAMES[State(state)]) for state, kind in STATE_KINDS.items()}
    kinds |= {"waiting": gettext("Waiting"), "done": gettext("Finished"), "missed": gettext("Did not come")}
    doctors = doctors_of_departments(ids)
    return {
        "states": [link("state", "", wanted.state)] + [link("state", k, wanted.state, n) for k, n in kinds.items()],
        "doctors": [link("doctor", "", wanted.doctor_id)]
        + [link("doctor", doctor.id, wanted.doctor_id, named(doctor)) for doctor in doctors],
        "departments": [link("department", "", wanted.department_id)]
        + [link("department", place.id, wanted.department_id, named(place)) for place in places],
        "kept": [
            {"name": name, "value": request.GET[name]}
            for name in ("state", "doctor", "department")
            if request.GET.get(name)
        ],
    }


def _linker(request: HttpRequest) -> Callable[..., dict[str, Any]]:
    def link(name: str, value: Any, present: Any, label: str = "") -> dict[str, Any]:
        asked = request.GET.copy()
        for gone in ("page", name):
            asked.pop(gone, None)
        if value:
            asked[name] = str(value)
        return {
            "label": label or gettext("All"),
            "url": f"{reverse('admin:desk_today')}?{asked.urlencode()}",
            "selected": str(value or "") == str(present or ""),
        }

    return link
