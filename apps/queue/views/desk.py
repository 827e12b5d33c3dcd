"""The desk's list of today, the slip, and what the desk does to one visit. Mounted in the admin."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of, address, live_part, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.forms import ReasonForm, UrgentForm
from apps.queue.models import Visit
from apps.queue.queries.desk import (
    Wanted,
    desk_row,
    desk_verbs,
    likely_times,
    served_departments,
    today_of,
    visit_at_desk,
    with_people,
)
from apps.queue.queries.lines import desk_stream, sequences_of, stamp
from apps.queue.queries.shown import STATE_KINDS, STATE_NAMES
from apps.queue.queries.slip import slip_view
from apps.queue.queries.visits import ACTIONS
from apps.queue.rules.states import QUEUED, State, Verb
from apps.queue.views.notices import notices
from apps.scheduling.queries import doctors_of_departments

ROWS = 30
"""Visits on a page of the list."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What the desk does to a visit: the command, and the words of its page. `%(token)s` and `%(name)s` are filled."""

    command: Any
    label: str
    question: str
    done: str
    form: type[forms.Form] = forms.Form


DEEDS: dict[Verb, Deed] = {
    Verb.CONFIRM: Deed(
        commands.confirm,
        sentence("Check in"),
        sentence("Is %(name)s here? Then the number %(token)s takes its place in the queue."),
        sentence("%(token)s is in the queue."),
    ),
    Verb.RESUME: Deed(
        commands.resume,
        sentence("Back in line"),
        sentence("%(name)s is back and takes the old place in the queue."),
        sentence("%(token)s is in the queue again."),
    ),
    Verb.TRIAGE_UP: Deed(
        commands.triage_up,
        sentence("Urgent"),
        sentence("%(name)s goes before everybody who waits in turn. Others will see the number jump."),
        sentence("%(token)s is urgent now."),
        UrgentForm,
    ),
    Verb.TRIAGE_DOWN: Deed(
        commands.triage_down,
        sentence("Not urgent"),
        sentence("%(name)s waits in turn like others."),
        sentence("%(token)s waits in turn now."),
        ReasonForm,
    ),
    Verb.NO_SHOW: Deed(
        commands.no_show,
        sentence("Did not come"),
        sentence("%(name)s was called and is not there. Who comes after all keeps the number."),
        sentence("%(token)s was taken off the queue."),
    ),
    Verb.CANCEL: Deed(
        commands.cancel,
        sentence("Cancel"),
        sentence("Take %(name)s off the queue? The number %(token)s is not given to anybody else."),
        sentence("%(token)s was cancelled."),
        ReasonForm,
    ),
}
"""What can be done from the list, by the verb of the state machine."""

AT_ONCE = frozenset({Verb.CONFIRM})
"""Done by the button in the list itself; the others ask first."""


@page(policy=Permission.DESK_USE)
def today(request: HttpRequest) -> HttpResponseBase:
    """Everybody's number, doctor and state. Asked for again by the page itself, it answers with the list alone."""
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
    filters = _filters(request, places, ids, wanted)
    whole = admin.site.each_context(request) | context() | {"filters": filters, "title": gettext("Today")}
    return render(request, "desk/today.html", whole)


@page(policy=Permission.DESK_USE)
def slip(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """The slip on 80 mm paper; `?print=now` opens the printer's dialogue."""
    actor = actor_of(request)
    visit = visit_at_desk(visit_id, actor)
    may_renew = actor.may(Permission.VISIT_CHECK_IN, Scope(visit.facility_id, visit.department_id))
    context = {
        "slip": slip_view(visit, timezone.now()),
        "back_url": reverse("admin:desk_today"),
        "renew_url": reverse("admin:desk_slip_link", args=[visit_id]) if may_renew else "",
        "print_now": request.GET.get("print") == "now",
    }
    return render(request, "desk/slip.html", context)


@page(policy=Permission.DESK_USE, methods=("GET", "POST"))
def deed(request: HttpRequest, visit_id: UUID, action: str) -> HttpResponse:
    """Ask about one thing that the desk does to a visit, and do it."""
    actor, now = actor_of(request), timezone.now()
    visit = visit_at_desk(visit_id, actor)
    verb = next((verb for verb in DEEDS if ACTIONS[verb] == action), None)
    if verb is None:
        raise NotFound
    wanted = DEEDS[verb]
    form = wanted.form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        arguments: dict[str, Any] = {"visit_id": visit_id, "expected_version": version_of(request)}
        try:
            run_form(request, wanted.command, lambda _visit: {}, **arguments, **form.cleaned_data)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
            visit = visit_at_desk(visit_id, actor)
        else:
            messages.success(request, gettext(wanted.done) % {"token": visit.token.label})
            return redirect("admin:desk_today")
    return _ask(request, wanted, form, visit, now)


@page(policy=Permission.VISIT_CHECK_IN, methods=("GET", "POST"))
def renew_link(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """Ask whether a slip's link is taken back, and do it: the slip that is printed next carries a new one."""
    actor = actor_of(request)
    visit = visit_at_desk(visit_id, actor)
    form = forms.Form(request.POST if request.method == "POST" else None)
    back = reverse("admin:desk_slip", args=[visit_id])
    if request.method == "POST" and form.is_valid():
        try:
            run_form(request, commands.renew_link, lambda _visit: {}, visit_id=visit_id)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
        else:
            return redirect(back)
    context = admin.site.each_context(request) | {
        "title": gettext("New link: %(token)s") % {"token": visit.token.label},
        "question": gettext(
            "The address and the square code on the old slip stop working at once. Print the new slip."
        ),
        "button": gettext("Make a new link"),
        "form": form,
        "visit": desk_row(visit, actor, timezone.now()),
        "back_url": back,
    }
    return render(request, "desk/confirm.html", context, status=409 if form.errors else 200)


def _ask(request: HttpRequest, wanted: Deed, form: forms.Form, visit: Visit, now: datetime) -> HttpResponse:
    row = desk_row(visit, actor_of(request), now)
    button = gettext(wanted.label)
    context = admin.site.each_context(request) | {
        "title": f"{button}: {row['token']}",
        "question": gettext(wanted.question) % row,
        "button": button,
        "form": form,
        "visit": row,
        "back_url": reverse("admin:desk_today"),
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, "desk/confirm.html", context, status=status)


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
        + [link("doctor", doctor.id, wanted.doctor_id, doctor.name) for doctor in doctors],
        "departments": [link("department", "", wanted.department_id)]
        + [link("department", place.id, wanted.department_id, place.name) for place in places],
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
