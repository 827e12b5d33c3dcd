"""Giving bookings to another doctor at the desk. Mounted in the admin."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import facility_facts
from apps.core.errors import NotFound
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of, page, run_form
from apps.queue import commands
from apps.queue.forms import ReassignForm
from apps.queue.queries.bookings import booking_row
from apps.queue.queries.desk import served_departments
from apps.queue.views.asked import asked_day, asked_id
from apps.queue.views.booking_deeds import day_url
from apps.scheduling.queries import bookings_of_day, doctors_of_departments
from apps.scheduling.rules.appointments import AppointmentState


@page(policy=Permission.BOOKING_CHANGE, methods=("GET", "POST"))
def reassign(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """Whose bookings of a day go to whom, and why."""
    actor, now = actor_of(request), timezone.now()
    ids = {place.id for place in served_departments(actor)}
    colleagues = {doctor.id: doctor for doctor in doctors_of_departments(ids)}
    doctor = colleagues.pop(doctor_id, None)
    if doctor is None:
        raise NotFound
    chosen = asked_day(request) or facility_facts(doctor.facility_id).day_of(now)
    people = _people(doctor_id, chosen, actor, now)
    form = ReassignForm(
        request.POST if request.method == "POST" else None,
        people=people,
        doctors=[(d.id, d.name) for d in colleagues.values() if set(d.department_ids) & set(doctor.department_ids)],
        initial={"bookings": [asked_id(request, "booking")]},
    )
    if request.method == "POST" and form.is_valid():
        _praise(request, run_form(request, commands.reassign_bookings, _answer, **form.arguments))
        return redirect(day_url(doctor_id, chosen))
    context = admin.site.each_context(request) | {
        "title": gettext("Bookings of %(doctor)s to another doctor") % {"doctor": named(doctor)},
        "question": gettext(
            "%(day)s. Each goes to the same time or the next that is free; who has a phone is told. Whoever finds no "
            "place stays."
        )
        % {"day": date_format(chosen, "l j F")},
        "button": gettext("Give to this doctor"),
        "form": form,
        "back_url": day_url(doctor_id, chosen),
    }
    return render(request, "desk/confirm.html", context, status=400 if form.errors else 200)


def _people(doctor_id: UUID, day: date, actor: Actor, now: datetime) -> list[tuple[UUID, str]]:
    """Who is booked and has not come yet, as (id, time and name)."""
    rows = bookings_of_day(doctor_id, day).filter(state=AppointmentState.BOOKED)
    known = [
        booking_row(row, actor, now)
        for row in rows
        if actor.may(Permission.BOOKING_CHANGE, Scope(row.facility_id, row.department_id))
    ]
    return [(row["booking_id"], f"{row['time']} {row['token']} {row['name']}") for row in known]


def _answer(done: Any) -> dict[str, Any]:
    return {
        "moved": len(done.moved),
        "left": [row.token.label for row in done.left],
        "untold": [row.token.label for row in done.untold],
    }


def _praise(request: HttpRequest, answer: dict[str, Any]) -> None:
    """Say how many went, who stayed, and whom to call."""
    if moved := answer["moved"]:
        told = ngettext(
            "%(people)s booking has another doctor now.", "%(people)s bookings have another doctor now.", moved
        )
        messages.success(request, told % {"people": moved})
    if answer["left"]:
        told = gettext("No place was found for %(tokens)s: nothing has changed there.")
        messages.warning(request, told % {"tokens": ", ".join(answer["left"])})
    if answer["untold"]:
        told = gettext("Without a phone number, please call or tell: %(tokens)s.")
        messages.warning(request, told % {"tokens": ", ".join(answer["untold"])})
