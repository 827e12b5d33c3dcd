"""A doctor's day at the desk: who is booked and who waits for a place. Mounted in the admin."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of, live_part, page, run_form, said
from apps.queue import commands
from apps.queue.forms import PlaceForm
from apps.queue.queries.day import day_at_desk, waiting_row
from apps.queue.queries.desk import served_departments
from apps.queue.queries.lines import desk_stream, sequences_of, stamp
from apps.queue.views.asked import asked_day
from apps.queue.views.booking_deeds import actions_of, day_url, reassign_url
from apps.scheduling.queries import doctors_of_departments, open_offers, position_of, waiting_entry_of


@page(policy=Permission.DESK_USE)
def first_day(request: HttpRequest) -> HttpResponse:
    """The day of the first doctor; from there every other is one link away."""
    doctors = _doctors(actor_of(request))
    if not doctors:
        raise NotFound
    return redirect("admin:desk_day", doctors[0].id)


@page(policy=Permission.DESK_USE)
def day(request: HttpRequest, doctor_id: UUID) -> HttpResponseBase:
    """A doctor's slots of a day, who is in them, and the waiting list beneath. Asked for again by the page itself, it
    answers with these alone."""
    actor, now = actor_of(request), timezone.now()
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    ids = sorted(place.id for place in served_departments(actor))
    sequence = sequences_of(ids)
    doctors = list(doctors_of_departments(ids))
    doctor = next((d for d in doctors if d.id == doctor_id), None)
    if doctor is None:
        raise NotFound
    chosen = asked_day(request) or facility.day_of(now)

    def context() -> dict[str, Any]:
        return _shown(doctor, chosen, ids, actor, now) | {"sequence": sequence}

    if request.headers.get("HX-Request"):
        mark = f"{actor.id} {request.get_full_path()} {sequence} {now:%H:%M}"
        return live_part(request, mark, "desk/_day.html", context)
    around = {
        "title": gettext("Bookings of %(doctor)s") % {"doctor": named(doctor)},
        "reassign_url": reassign_url(doctor_id, chosen),
        "near": _near(doctor_id, chosen, facility.day_of(now)),
        "doctors": [{"label": d.name, "url": day_url(d.id, chosen), "selected": d.id == doctor_id} for d in doctors],
    }
    return render(request, "desk/day.html", admin.site.each_context(request) | context() | around)


def _shown(doctor: Any, chosen: date, ids: list[UUID], actor: Actor, now: datetime) -> dict[str, Any]:
    """What of a doctor's day moves while one looks at it."""
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    shown = day_at_desk(doctor, chosen, ids, actor, now, facility)
    for slot in shown["slots"]:
        for row in slot["people"]:
            row["actions"] = actions_of(row, actor, now)
    return shown | {
        "doctor": doctor,
        "iso_day": chosen.isoformat(),
        "day": date_format(chosen, "l j F"),
        "stream": desk_stream(actor.facility_id),
        "as_of": stamp(now),
        "clock": facility.clock(now),
        "may_change": actor.may(Permission.BOOKING_CHANGE),
    }


def _near(doctor_id: UUID, chosen: date, today: date) -> dict[str, str]:
    """Where to go from a day: the one before, today, the one after."""
    one = timedelta(days=1)
    return {
        "before": day_url(doctor_id, chosen - one),
        "before_label": date_format(chosen - one, "D j M"),
        "today": day_url(doctor_id, today) if chosen != today else "",
        "after": day_url(doctor_id, chosen + one),
        "after_label": date_format(chosen + one, "D j M"),
    }


def _doctors(actor: Actor) -> list[Any]:
    return list(doctors_of_departments(place.id for place in served_departments(actor)))


WAITING_DEEDS: dict[str, tuple[Any, str, str, str, type[forms.Form]]] = {
    "move": (
        commands.move_in_waiting_list,
        sentence("Move"),
        sentence("%(name)s is number %(position)s. Others are told nothing; the reason stands in the audit trail."),
        sentence("The place on the list was changed."),
        PlaceForm,
    ),
    "remove": (
        commands.leave_waiting_list,
        sentence("Take off the list"),
        sentence("Take %(name)s off the waiting list? The place on it is lost."),
        sentence("The name was taken off the list."),
        forms.Form,
    ),
    "accept": (
        commands.accept_place,
        sentence("Takes the place"),
        sentence("%(name)s is asked about the place at %(offered)s, until %(answer_by)s. Book it?"),
        sentence("The place is booked."),
        forms.Form,
    ),
    "decline": (
        commands.decline_place,
        sentence("Does not want it"),
        sentence("%(name)s does not want the place at %(offered)s? The next on the list is asked then."),
        sentence("The place goes to somebody else. The name stays on the list."),
        forms.Form,
    ),
}
"""What the desk does to somebody who waits for a place: command, label, question, what is said then, form."""


@page(policy=Permission.BOOKING_CHANGE, methods=("GET", "POST"))
def waiting_deed(request: HttpRequest, waiting_id: UUID, action: str) -> HttpResponse:
    """Ask about one thing that the desk does to somebody on a waiting list, and do it."""
    actor = actor_of(request)
    entry = waiting_entry_of(waiting_id)
    known = actor.may(Permission.QUEUE_READ, Scope(entry.facility_id, entry.department_id))
    if action not in WAITING_DEEDS or not known:
        raise NotFound
    command, label, question, done, form_of = WAITING_DEEDS[action]
    form = form_of(request.POST if request.method == "POST" else None)
    back = day_url(entry.doctor_id, entry.preferred_day) + "#waiting"
    if request.method == "POST" and form.is_valid():
        arguments = dict(form.cleaned_data)
        if "position" in arguments:
            arguments["new_position"] = arguments.pop("position")
        try:
            run_form(request, command, lambda _entry: {}, waiting_id=waiting_id, **arguments)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, gettext(done))
            return redirect(back)
    return _ask(request, gettext(label), gettext(question), form, entry, back)


def _ask(request: HttpRequest, label: str, question: str, form: forms.Form, entry: Any, back: str) -> HttpResponse:
    now = timezone.now()
    facility = facility_facts(entry.facility_id)
    offer = open_offers([entry.id], now).get(entry.id)
    row = waiting_row(entry, position_of(entry, now) or 0, actor_of(request), now, facility, offer)
    context = admin.site.each_context(request) | {
        "title": f"{label}: {row['name']}",
        "question": question % row,
        "button": label,
        "form": form,
        "back_url": back,
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, "desk/confirm.html", context, status=status)
