"""What the desk does to one visit: the deeds of the list, each asked about on its page; and the slip. Mounted in the
admin."""

from dataclasses import dataclass
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

from apps.core.errors import Conflict, NotFound, sentence
from apps.core.policy import Permission, Scope
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.forms import ReasonForm, UrgentForm
from apps.queue.models import Visit
from apps.queue.queries.desk import desk_row, visit_at_desk
from apps.queue.queries.slip import slip_view
from apps.queue.queries.visits import ACTIONS
from apps.queue.rules.states import Verb


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
