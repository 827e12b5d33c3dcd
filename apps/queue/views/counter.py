"""A counter's console: one button for whoever serves there, like the doctor's and simpler."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.policy import Actor, Permission
from apps.core.views import actor_of, live_part, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.commands.serving import require_counter
from apps.queue.forms import ClassForm
from apps.queue.queries.counters import counter_sequence, counter_view, counters_of
from apps.scheduling.rules import Availability


@dataclass(frozen=True, slots=True)
class Button:
    """What one press does: the command, the sentence said afterwards, and what it needs beside visit and version."""

    command: Any
    done: str = ""
    at_counter: bool = False
    reason: str = ""


BUTTONS: dict[str, Button] = {
    "call": Button(commands.call_to_counter, at_counter=True),
    "call-again": Button(commands.call_again, sentence("%(token)s was called again.")),
    "start": Button(commands.start_at_counter),
    "done": Button(commands.finish_at_counter, sentence("%(token)s is done.")),
    "missed": Button(
        commands.missed_at_counter,
        sentence("%(token)s waits aside, for when they come."),
        reason=sentence("Did not come when called"),
    ),
    "resume": Button(commands.resume_at_counter, sentence("%(token)s is in the queue again.")),
}
"""Buttons that move a visit, by the last word of their address; `open`, `pause`, `close`, `class` stand beside them."""

STATUSES = {"open": Availability.AVAILABLE, "pause": Availability.PAUSED, "close": Availability.OFFLINE}


@page(policy=Permission.COUNTER_SERVE)
def choose(request: HttpRequest) -> HttpResponse:
    """The counters that somebody's role staffs; whoever has but one comes to it at once."""
    found = counters_of(actor_of(request))
    if len(found) == 1:
        return redirect("counter", counter_id=found[0][0].id)
    rows = [{"counter": counter, "waiting": waiting} for counter, waiting in found]
    return render(request, "counter/choose.html", {"rows": rows})


@page(policy=Permission.COUNTER_SERVE)
def counter(request: HttpRequest, counter_id: UUID) -> HttpResponseBase:
    """The whole page, or, asked for by the page itself, the part that changes."""
    actor, now = actor_of(request), timezone.now()
    found, sequence = counter_sequence(counter_id)
    require_counter(actor, found.department)

    def context() -> dict[str, Any]:
        return _shown(found, sequence, actor, now)

    if request.headers.get("HX-Request"):
        mark = f"{actor.id} {found.version} {sequence} {now:%H:%M}"
        return live_part(request, mark, "counter/_counter.html", context)
    return render(request, "counter/counter.html", context())


@page(policy=Permission.COUNTER_SERVE, methods=("POST",))
def act(request: HttpRequest, counter_id: UUID, action: str) -> HttpResponseBase:
    """A button was pressed. Whatever came of it, the answer shows how things stand now."""
    actor = actor_of(request)
    found, _sequence = counter_sequence(counter_id)
    require_counter(actor, found.department)
    told, status = {"message": "", "conflict": ""}, 200
    try:
        told["message"] = _press(request, counter_id, action)
    except (Conflict, Invalid) as refusal:
        told["conflict"], status = said(refusal), refusal.status
    htmx = bool(request.headers.get("HX-Request"))
    if status == 200 and not htmx:
        return redirect("counter", counter_id=counter_id)
    found, sequence = counter_sequence(counter_id)
    template = "counter/_counter.html" if htmx else "counter/counter.html"
    return render(request, template, _shown(found, sequence, actor, timezone.now()) | told, status=status)


def _press(request: HttpRequest, counter_id: UUID, action: str) -> str:
    """Do what the button says; the sentence to show, if any. Raises `NotFound` for no button."""
    if action in STATUSES:
        status, seen = STATUSES[action], version_of(request)
        run_form(
            request, commands.open_counter, lambda _: {}, counter_id=counter_id, status=status, expected_version=seen
        )
        return ""
    if action == "class":
        return _set_class(request)
    button = BUTTONS.get(action)
    if button is None:
        raise NotFound
    arguments: dict[str, Any] = {"visit_id": _visit(request), "expected_version": version_of(request)}
    if button.at_counter:
        arguments["counter_id"] = counter_id
    if button.reason:
        arguments["reason"] = gettext(button.reason)
    moved = run_form(request, button.command, lambda visit: {"token": visit.token.label}, **arguments)
    return gettext(button.done) % moved if button.done else ""


def _set_class(request: HttpRequest) -> str:
    """What triage says; then the person is done there and stands in the next queue."""
    form = ClassForm(request.POST)
    if not form.is_valid():
        raise Invalid({name: [str(error) for error in errors] for name, errors in form.errors.items()})
    seen = version_of(request)
    moved = run_form(
        request,
        commands.set_class,
        lambda visit: {"token": visit.token.label},
        visit_id=_visit(request),
        expected_version=seen,
        **form.cleaned_data,
    )
    return gettext("The class of %(token)s is set.") % moved


def _visit(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("visit", ""))
    except ValueError:
        raise Invalid from None


def _shown(found: Any, sequence: str, actor: Actor, now: datetime) -> dict[str, Any]:
    view = counter_view(found, sequence, actor, now)
    current = view["current"]
    if current and current["state"] == "IN_CONSULTATION" and view["counter"]["is_triage"]:
        urgency = "emergency" if current["emergency"] else "urgent" if current["tier"] <= 1 else ""
        view["form"] = ClassForm(initial={"urgency": urgency, "needs": current["needs"]})
    view["notes_health"] = bool(current) and actor.may(Permission.HEALTH_NOTE)
    return view
