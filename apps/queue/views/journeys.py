"""Journeys and who is on the way today; somebody is sent on from the desk. Mounted in the admin."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.languages import named
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.forms import JourneyForm, ReasonForm, SendOnForm, TransferForm
from apps.queue.queries.desk import desk_row, served_departments, visit_at_desk
from apps.queue.queries.journeys import (
    any_template,
    kinds_of_visit,
    people_on_the_way,
    station_rows,
    station_waits,
    templates,
)
from apps.queue.rules.states import OPEN, State
from apps.scheduling.queries import departments, doctors_of_departments, usual_journeys
from apps.scheduling.rules import DepartmentStatus

STEPS = 8
"""Steps that the page offers; the API takes more."""

OWN = "own"
"""Stands for the consultation that somebody came for, where departments have their ids."""


@page(policy=Permission.QUEUE_READ)
def journeys(request: HttpRequest) -> HttpResponse:
    """The journeys, how long people wait at each station today, and who is on the way."""
    actor, now = actor_of(request), timezone.now()
    assert actor.facility_id is not None, "staff belong to a hospital"
    day = facility_facts(actor.facility_id).day_of(now)
    served = {place.id for place in served_departments(actor)}
    context = admin.site.each_context(request) | {
        "kinds": kinds_of_visit(),
        "waits": [row for row in station_waits(actor.facility_id, day, now) if row["department_id"] in served],
        "people": people_on_the_way(day, now, served),
        "may_change": actor.may(Permission.JOURNEY_CHANGE),
        "title": gettext("Journeys"),
    }
    return render(request, "desk/journeys.html", context)


@page(policy=Permission.JOURNEY_CHANGE, methods=("GET", "POST"))
def kind(request: HttpRequest, template_id: UUID | None = None) -> HttpResponse:
    """Make a journey, or change one: each step's stations are ticked; two in one step are visited at once."""
    row = any_template(template_id) if template_id else None
    form = JourneyForm(
        request.POST if request.method == "POST" else None,
        initial={"name": row.name, "active": row.active} if row else None,
    )
    conflict = ""
    if request.method == "POST" and form.is_valid():
        try:
            run_form(
                request,
                commands.change_template,
                lambda _row: {},
                template_id=template_id,
                expected_version=version_of(request) if row else None,
                stations=_ticked(request),
                usual_for=_usual_for(request),
                **form.cleaned_data,
            )
        except (Conflict, Invalid) as refusal:
            conflict = said(refusal)
            form.add_error(None, conflict)
        else:
            messages.success(request, gettext("“%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("admin:journeys")
    context = admin.site.each_context(request) | {
        "form": form,
        "row": row,
        "grid": _grid(request, row),
        "usual": _usual(request, row),
        "title": row.name if row else gettext("New journey"),
    }
    return render(request, "desk/journey.html", context, status=409 if conflict else 400 if form.errors else 200)


def _ticked(request: HttpRequest) -> list[tuple[int, UUID | None]]:
    """The ticked stations; steps left empty in between do not count. Raises `Invalid`."""
    found = []
    try:
        for step in range(1, STEPS + 1):
            for place in dict.fromkeys(request.POST.getlist(f"step{step}")):
                found.append((step, None if place == OWN else UUID(place)))
    except ValueError:
        raise Invalid from None
    return found


def _usual_for(request: HttpRequest) -> commands.Usual:
    """For what the journey is ticked to be the usual one. Raises `Invalid`."""
    try:
        found = {kind: frozenset(UUID(id_) for id_ in request.POST.getlist(f"usual_{kind}")) for kind in ("d", "t")}
    except ValueError:
        raise Invalid from None
    return commands.Usual(found["d"], found["t"])


def _usual(request: HttpRequest, row: Any) -> list[dict[str, Any]]:
    """What the journey can be usual for, ticked as it was sent, else as it is; `other`: another one is usual there."""
    found = []
    for place in usual_journeys():
        name = f"usual_{place['kind']}"
        own = row is not None and place["journey_id"] == row.id
        ticked = str(place["id"]) in request.POST.getlist(name) if request.method == "POST" else own
        label = f"{place['department']}: {place['name']}" if place["name"] else place["department"]
        found.append(
            {
                "field": name,
                "value": place["id"],
                "label": label,
                "ticked": ticked,
                "other": place["journey_id"] is not None and not own,
            }
        )
    return found


def _grid(request: HttpRequest, row: Any) -> list[dict[str, Any]]:
    """The steps with a box for every department: as it was sent, else as it is."""
    if request.method == "POST":
        ticked = {(step, place) for step in range(1, STEPS + 1) for place in request.POST.getlist(f"step{step}")}
    else:
        stations = row.stations.values_list("step", "department_id") if row else [(1, None)]
        ticked = {(step, str(place) if place else OWN) for step, place in stations}
    names = [(OWN, gettext("The consultation they came for"))]
    names += [(str(place.id), named(place)) for place in departments()]
    return [
        {
            "step": step,
            "boxes": [{"value": value, "name": name, "ticked": (step, value) in ticked} for value, name in names],
        }
        for step in range(1, STEPS + 1)
    ]


SENT_ON = sentence("%(token)s goes on at %(place)s.")


@page(policy=Permission.DESK_USE, methods=("GET", "POST"))
def send_on(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """One person's stations with their waits, and what the desk can do about them: transfer, journey, skip."""
    actor, now = actor_of(request), timezone.now()
    visit_at_desk(visit_id, actor)
    places = [place for place in departments() if place.status == DepartmentStatus.ACTIVE]
    doctors = list(doctors_of_departments([place.id for place in places]))
    sent = request.POST if request.method == "POST" else None
    what = request.POST.get("what", "")
    form: dict[str, Any] = {
        "transfer": TransferForm(
            sent if what == "transfer" else None, auto_id="transfer_%s", departments=places, doctors=doctors
        ),
        "journey": SendOnForm(sent if what == "journey" else None, auto_id="journey_%s", kinds=templates()),
        "skip": ReasonForm(sent if what == "skip" else None, auto_id="skip_%s"),
    }
    asked = form.get(what)
    if asked is not None and asked.is_valid():
        try:
            said_then = _do(request, what, visit_id, asked)
        except (Conflict, Invalid) as refusal:
            asked.add_error(None, said(refusal))
        else:
            messages.success(request, said_then)
            return redirect("admin:desk_today")
    return _send_on_page(request, visit_id, form, now, 409 if asked is not None and asked.errors else 200)


def _do(request: HttpRequest, what: str, visit_id: UUID, form: Any) -> str:
    """Run what was asked for and say what came of it."""
    arguments: dict[str, Any] = {"visit_id": visit_id, "expected_version": version_of(request)}
    if what == "transfer":
        moved = run_form(
            request,
            commands.transfer,
            lambda done: {"token": done[1].token.label, "place": named(done[1].department)},
            **arguments,
            **form.arguments,
        )
        return gettext(SENT_ON) % moved
    command: Any = {"journey": commands.start_journey, "skip": commands.skip_station}.get(what)
    if command is None:
        raise NotFound
    moved = run_form(request, command, lambda visit: {"token": visit.token.label}, **arguments, **form.cleaned_data)
    if what == "journey":
        return gettext("%(token)s goes through the stations of this journey.") % moved
    return gettext("%(token)s goes on to the next station.") % moved


def _send_on_page(
    request: HttpRequest, visit_id: UUID, form: dict[str, forms.Form], now: datetime, status: int
) -> HttpResponse:
    actor = actor_of(request)
    visit = visit_at_desk(visit_id, actor)
    may = {
        "transfer": actor.may(Permission.VISIT_CALL) and visit.state in OPEN - {State.SCANNED},
        "journey": actor.may(Permission.VISIT_CHECK_IN) and not visit.journey_id and visit.state in OPEN,
        "skip": actor.may(Permission.VISIT_CANCEL) and visit.journey_id and visit.state in OPEN,
    }
    context = admin.site.each_context(request) | {
        "visit": desk_row(visit, actor, now),
        "stations": station_rows(visit, now),
        "forms": [
            {"what": what, "form": form[what], "title": title, "button": button}
            for what, title, button in (
                ("transfer", gettext("Send to another department or doctor"), gettext("Send on")),
                ("journey", gettext("Send along a journey"), gettext("Begin")),
                ("skip", gettext("This station is not needed"), gettext("Go on to the next")),
            )
            if may[what]
        ],
        "back_url": reverse("admin:desk_today"),
        "title": gettext("Stations: %(token)s") % {"token": visit.token.label},
    }
    return render(request, "desk/stations.html", context, status=status)
