"""What the desk does about one person's turn, with why they stand where they stand. Mounted in the admin."""

from collections.abc import Callable
from dataclasses import dataclass
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
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.forms import ReasonForm
from apps.queue.line_forms import EmergencyForm, LateForm, MoveForm, ReassignForm
from apps.queue.models import Visit
from apps.queue.queries.desk import desk_row, doctor_choices, served_departments, visit_at_desk
from apps.queue.queries.overview import alert_sentences, queue_rows
from apps.queue.queries.undoing import undoable
from apps.queue.queries.visits import position
from apps.queue.queries.why import queue_with_reasons, why
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, State


@dataclass(frozen=True, slots=True)
class Job:
    """Something done to a turn: who may, from which states, its words, its form, and how its command is called."""

    permission: Permission
    states: frozenset[State]
    label: str
    question: str
    done: str
    form: Callable[[Visit, Any], forms.Form]
    run: Callable[[Visit, dict[str, Any]], tuple[Any, dict[str, Any]]]
    template: str = "desk/confirm.html"

    def fits(self, visit: Visit, actor: Actor) -> bool:
        """Whether somebody may do it to a visit as it stands."""
        scope = Scope(visit.facility_id, visit.department_id)
        return visit.state in self.states and actor.may(self.permission, scope)


def _reassign_form(visit: Visit, data: Any) -> forms.Form:
    others = [d for d in doctor_choices([visit.department_id]) if d["id"] != visit.doctor_id]
    return ReassignForm(data, doctors=others)


def _move_form(visit: Visit, data: Any) -> forms.Form:
    return MoveForm(data, initial={"position": position(visit)})


JOBS: dict[str, Job] = {
    "emergency": Job(
        Permission.VISIT_EMERGENCY,
        QUEUED | {State.SCANNED},
        sentence("Emergency"),
        sentence("%(name)s goes before everybody else. Everybody who waits sees it; it stands in the ledger."),
        sentence("%(token)s goes before everybody else."),
        lambda visit, data: EmergencyForm(data),
        lambda visit, said: (commands.triage_up, {"visit_id": visit.id, "emergency": True, **said}),
        "desk/emergency_reasons.html",
    ),
    "late": Job(
        Permission.VISIT_HOLD,
        QUEUED | {State.CALLED, State.ON_HOLD},
        sentence("Will be late"),
        sentence("%(name)s keeps the place and is not called before."),
        sentence("%(token)s waits aside until they are back."),
        lambda visit, data: LateForm(data),
        lambda visit, said: (commands.say_late, {"visit_id": visit.id, **said}),
    ),
    "reassign": Job(
        Permission.QUEUE_MOVE,
        OPEN - {State.SCANNED},
        sentence("Other doctor"),
        sentence("%(name)s keeps the place in the queue, also when a consultation had begun."),
        sentence("%(token)s is seen by somebody else."),
        _reassign_form,
        lambda visit, said: (
            commands.reassign,
            {"visit_id": visit.id, "doctor_id": said["doctor"], "reason": said["reason"]},
        ),
    ),
    "place": Job(
        Permission.QUEUE_MOVE,
        QUEUED,
        sentence("Other place"),
        sentence("%(name)s is put at another place by hand. All staff can read by whom and why."),
        sentence("%(token)s has another place now."),
        _move_form,
        lambda visit, said: (
            commands.move_in_queue,
            {"some_id": visit.token_id, "new_position": said["position"], "reason": said["reason"]},
        ),
    ),
}
"""By the last word of the address."""

ALSO = frozenset({"place"})
"""Jobs whose command asks for no version: they name a place, not a state."""


@page(policy=Permission.DESK_USE)
def visit(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """One person's turn: where they stand and why, and what can be done."""
    actor, now = actor_of(request), timezone.now()
    found = visit_at_desk(visit_id, actor)
    row = desk_row(found, actor, now)
    jobs = [(job.label, action) for action, job in JOBS.items() if job.fits(found, actor)]
    last = undoable(actor, [found.id], now).get(found.id)
    context = admin.site.each_context(request) | {
        "title": row["token"],
        "visit": row,
        "place": position(found),
        "why": why(found, actor) if found.state in QUEUED else [],
        "back_at": facility_facts(found.facility_id).clock(found.back_at) if found.back_at else "",
        "missed": found.missed_calls,
        "gone": found.state in ACTIVE and found.doctor is not None and found.doctor.availability == "OFFLINE",
        "notes_health": actor.may(Permission.HEALTH_NOTE, Scope(found.facility_id, found.department_id)),
        "undo_url": reverse("admin:desk_undo", args=[found.id]) if last else "",
        "jobs": [
            {"label": gettext(label), "url": reverse("admin:desk_turn", args=[found.id, action])}
            for label, action in jobs
        ],
    }
    return render(request, "desk/turn.html", context)


@page(policy=Permission.DESK_USE, methods=("GET", "POST"))
def turn(request: HttpRequest, visit_id: UUID, action: str) -> HttpResponse:
    """Ask about one thing that is done to a turn, and do it."""
    actor = actor_of(request)
    found = visit_at_desk(visit_id, actor)
    job = JOBS.get(action)
    if job is None:
        raise NotFound
    actor.require(job.permission, Scope(found.facility_id, found.department_id))
    form = job.form(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        command, arguments = job.run(found, form.cleaned_data)
        if action not in ALSO:
            arguments["expected_version"] = version_of(request)
        try:
            run_form(request, command, lambda _done: {}, **arguments)
        except (Conflict, Invalid) as refusal:
            form.add_error(None, said(refusal))
            found = visit_at_desk(visit_id, actor)
        else:
            messages.success(request, gettext(job.done) % {"token": found.token.label})
            return redirect("admin:desk_today")
    return _ask(request, job, form, found)


def _ask(request: HttpRequest, job: Job, form: forms.Form, found: Visit) -> HttpResponse:
    row = desk_row(found, actor_of(request), timezone.now())
    label = gettext(job.label)
    context = admin.site.each_context(request) | {
        "title": f"{label}: {row['token']}",
        "question": gettext(job.question) % row,
        "button": label,
        "form": form,
        "visit": row,
        "reasons": EmergencyForm.REASONS,
        "back_url": reverse("admin:desk_line", args=[found.id]),
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, job.template, context, status=status)


@page(policy=Permission.DESK_USE)
def order(request: HttpRequest, department_id: UUID) -> HttpResponse:
    """The order of a queue, and why each person stands where they stand."""
    actor, now = actor_of(request), timezone.now()
    place = _department(actor, department_id)
    today = facility_facts(place.facility_id).day_of(now)
    scope = Scope(place.facility_id, place.id)
    context = (
        admin.site.each_context(request)
        | queue_with_reasons(place.id, actor, now, request.GET.get("page"))
        | {
            "title": gettext("Queue: %(name)s") % {"name": named(place)},
            "department": place,
            "closed": place.closed_to_newcomers_on == today,
            "may_close": actor.may(Permission.SCHEDULE_CHANGE, scope),
            "may_change_rules": actor.may(Permission.MASTERS_CHANGE, Scope(place.facility_id)),
        }
    )
    return render(request, "desk/order.html", context)


@page(policy=Permission.DESK_USE)
def queues(request: HttpRequest) -> HttpResponse:
    """Every queue that somebody serves, with how many wait."""
    actor = actor_of(request)
    places = served_departments(actor)
    context = admin.site.each_context(request) | {
        "title": gettext("Queues"),
        "rows": queue_rows(places, facility_facts(actor.facility_id)),  # type: ignore[arg-type]  # staff have one
        "alerts": alert_sentences(places, facility_facts(actor.facility_id)),  # type: ignore[arg-type]
    }
    return render(request, "desk/queues.html", context)


def _department(actor: Actor, department_id: UUID) -> Any:
    """A department whose queue somebody may see. Raises `NotFound` as for one that is not there."""
    found = next((place for place in served_departments(actor) if place.id == department_id), None)
    if found is None:
        raise NotFound
    return found


@page(policy=Permission.SCHEDULE_CHANGE, methods=("GET", "POST"))
def newcomers(request: HttpRequest, department_id: UUID, action: str) -> HttpResponse:
    """Ask whether a queue is closed to newcomers for today, or opened again, and do it."""
    if action not in ("close", "open"):
        raise NotFound
    place = _department(actor_of(request), department_id)
    closing = action == "close"
    form = _why_form(closing, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            run_form(
                request,
                commands.take_newcomers,
                lambda _place: {},
                department_id=place.id,
                takes_newcomers=not closing,
                **form.cleaned_data,
            )
        except (Conflict, Invalid) as refusal:
            form.add_error(None, said(refusal))
        else:
            return redirect("admin:desk_order", department_id=place.id)
    question = (
        gettext("%(name)s takes nobody new today. Who is booked and who is an emergency still comes in.")
        if closing
        else gettext("%(name)s takes everybody again.")
    )
    context = admin.site.each_context(request) | {
        "title": named(place),
        "question": question % {"name": named(place)},
        "button": gettext("Close to newcomers") if closing else gettext("Open to newcomers"),
        "form": form,
        "back_url": reverse("admin:desk_order", args=[place.id]),
    }
    return render(request, "desk/confirm.html", context, status=409 if form.non_field_errors() else 200)


def _why_form(closing: bool, data: Any) -> forms.Form:
    return ReasonForm(data) if closing else forms.Form(data)
