"""One booking at the desk: its page, its slip, and what the desk does to it. Mounted in the admin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.languages import named
from apps.core.policy import Actor, Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.commands.arriving import Arrived
from apps.queue.commands.giving_up import NO_SHOW_GRACE
from apps.queue.forms import CancelForm
from apps.queue.patient_forms import BookingForm
from apps.queue.queries.bookings import booking_at_desk, booking_row, check_lines, coming_of
from apps.queue.queries.slip import booking_slip
from apps.queue.views.times import choice_to_move, move_to, times_to_choose
from apps.scheduling.rules.appointments import AppointmentState


@dataclass(frozen=True, slots=True)
class Deed:
    """What the desk does to a booking: the command, and the words of its page. `%(token)s` and `%(name)s` are
    filled; `told` says more in sentences."""

    command: Any
    label: str
    question: str
    done: str
    form: type[forms.Form] = forms.Form
    takes_version: bool = False
    told: Callable[[Any, datetime], list[str]] | None = None


DEEDS: dict[str, Deed] = {
    "arrive": Deed(
        commands.arrive,
        sentence("Has come"),
        sentence("Is %(name)s here? Then the number %(token)s takes its place in the queue."),
        sentence("%(token)s is in the queue."),
    ),
    "cancel": Deed(
        commands.cancel_booking,
        sentence("Cancel"),
        sentence("Cancel the booking of %(name)s? The place goes to the next on the waiting list."),
        sentence("The booking %(token)s was cancelled."),
        CancelForm,
        takes_version=True,
        told=check_lines,
    ),
    "confirm": Deed(
        commands.confirm_booking,
        sentence("Book it"),
        sentence("The place is held for %(name)s. Book it?"),
        sentence("The place is booked."),
    ),
    "no-show": Deed(
        commands.miss_booking,
        sentence("Did not come"),
        sentence("%(name)s was booked and is not here. Who comes after all gets a new number."),
        sentence("It is noted that %(token)s did not come."),
    ),
}
"""What the desk does to a booking, besides moving it."""


def day_url(doctor_id: Any, day: Any) -> str:
    """A doctor's day at the desk."""
    return f"{reverse('admin:desk_day', args=[doctor_id])}?{urlencode({'day': str(day)})}"


def reassign_url(doctor_id: Any, day: Any, booking_id: Any = "") -> str:
    """Where bookings of a doctor's day are given to another doctor; one of them is chosen beforehand."""
    asked = {"day": str(day)} | ({"booking": str(booking_id)} if booking_id else {})
    return f"{reverse('admin:desk_reassign', args=[doctor_id])}?{urlencode(asked)}"


def actions_of(row: dict[str, Any], actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """What can be done with a booking now, as `{label, url, at_once}` each; `row` is a `booking_row`."""
    if row["state"] not in (AppointmentState.BOOKED, AppointmentState.HELD):
        return []
    may_change = actor.may(Permission.BOOKING_CHANGE, row["scope"])
    booked = row["state"] == AppointmentState.BOOKED
    today = row["iso_day"] == facility_facts(row["scope"].facility_id).day_of(now).isoformat()
    possible = {
        "arrive": booked and today and actor.may(Permission.VISIT_CHECK_IN, row["scope"]),
        "move": booked and may_change,
        "reassign": booked and may_change,
        "confirm": not booked and actor.may(Permission.BOOKING_CREATE, row["scope"]),
        "cancel": may_change,
        "no-show": booked and may_change and now >= row["due"] + NO_SHOW_GRACE,
    }
    return [_action(row, name) for name, allowed in possible.items() if allowed]


def _action(row: dict[str, Any], name: str) -> dict[str, Any]:
    if name == "move":
        return {"label": gettext("Move"), "url": reverse("admin:desk_booking_move", args=[row["booking_id"]])}
    if name == "reassign":
        return {
            "label": gettext("Other doctor"),
            "url": reassign_url(row["doctor_id"], row["iso_day"], row["booking_id"]),
        }
    url = reverse("admin:desk_booking_deed", args=[row["booking_id"], name])
    return {"label": gettext(DEEDS[name].label), "url": url, "at_once": name == "arrive"}


def bookings_of_today(patient: Any, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """What somebody who stands at the desk has booked for today, with what can be done."""
    today = facility_facts(patient.facility_id).day_of(now)
    rows = [booking_row(row, actor, now) for row in coming_of(patient.id, today).filter(day=today)]
    return [row | {"actions": actions_of(row, actor, now)} for row in rows]


@page(policy=Permission.DESK_USE)
def booking(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """One booking: number, time, and what can be done."""
    actor, now = actor_of(request), timezone.now()
    found = booking_at_desk(booking_id, actor)
    row = booking_row(found, actor, now)
    context = admin.site.each_context(request) | {
        "title": gettext("Booking %(token)s") % {"token": row["token"]},
        "booking": row,
        "department": named(found.department),
        "actions": actions_of(row, actor, now),
        "day_url": day_url(found.doctor_id, found.day),
    }
    return render(request, "desk/booking.html", context)


@page(policy=Permission.DESK_USE)
def slip(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """A booking's slip on 80 mm paper; `?print=now` opens the printer's dialogue."""
    row = booking_at_desk(booking_id, actor_of(request))
    if row.token is None:
        raise NotFound
    context = {
        "slip": booking_slip(row, timezone.now()),
        "back_url": reverse("admin:desk_booking", args=[booking_id]),
        "print_now": request.GET.get("print") == "now",
    }
    return render(request, "desk/slip.html", context)


@page(policy=Permission.BOOKING_CHANGE, methods=("GET", "POST"))
def deed(request: HttpRequest, booking_id: UUID, action: str) -> HttpResponse:
    """Ask about one thing that the desk does to a booking, and do it."""
    row = booking_at_desk(booking_id, actor_of(request))
    if action not in DEEDS:
        raise NotFound
    wanted = DEEDS[action]
    form = wanted.form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        arguments: dict[str, Any] = {"booking_id": row.id} | form.cleaned_data
        if wanted.takes_version:
            arguments["expected_version"] = version_of(request)
        try:
            answer = run_form(request, wanted.command, _what_came, **arguments)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
            row = booking_at_desk(booking_id, actor_of(request))
        else:
            return _done(request, wanted, row, answer)
    return _ask(request, wanted, form, row)


def _what_came(result: Any) -> dict[str, Any]:
    """Of a command on a booking: the visit that it became, or who came off the waiting list by it."""
    if isinstance(result, Arrived):
        return {"visitId": str(result.visit.id)}
    promoted = result[1] if isinstance(result, tuple) else []
    return {"promoted": [other.token.label for other in promoted]}


def _done(request: HttpRequest, wanted: Deed, row: Any, answer: dict[str, Any]) -> HttpResponse:
    if "visitId" in answer:
        return redirect(f"{reverse('admin:desk_slip', args=[answer['visitId']])}?print=now")
    messages.success(request, gettext(wanted.done) % {"token": row.token.label if row.token else ""})
    tell_promoted(request, answer["promoted"])
    return redirect(day_url(row.doctor_id, row.day))


def tell_promoted(request: HttpRequest, labels: list[str]) -> None:
    """Say who came off the waiting list."""
    for label in labels:
        messages.success(request, gettext("The place went to %(token)s from the waiting list.") % {"token": label})


def _ask(request: HttpRequest, wanted: Deed, form: forms.Form, found: Any) -> HttpResponse:
    now = timezone.now()
    row = booking_row(found, actor_of(request), now)
    button = gettext(wanted.label)
    context = admin.site.each_context(request) | {
        "title": f"{button}: {row['token']}",
        "question": gettext(wanted.question) % row,
        "told": wanted.told(found, now) if wanted.told else [],
        "button": button,
        "form": form,
        "visit": row,
        "when": f"{row['day']}, {row['time']}",
        "back_url": day_url(found.doctor_id, found.day),
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, "desk/confirm.html", context, status=status)


@page(policy=Permission.BOOKING_CHANGE, methods=("GET", "POST"))
def move(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Another time for a booking, with the same doctor. Nobody has to give way for a move."""
    row = booking_at_desk(booking_id, actor_of(request))
    if request.method != "POST":
        return _move_page(request, row, BookingForm())
    form = BookingForm(request.POST)
    tried = move_to(request, row, form)
    if tried.answer is None:
        fresh = booking_at_desk(booking_id, actor_of(request))
        return _move_page(request, fresh, form, tried.near, status=tried.status)
    tell_promoted(request, tried.answer["promoted"])
    return redirect("admin:desk_booking", tried.answer["bookingId"])


def _move_page(
    request: HttpRequest, row: Any, form: BookingForm, near: Sequence[dict[str, Any]] = (), status: int = 200
) -> HttpResponse:
    shown = booking_row(row, actor_of(request), timezone.now())
    context = admin.site.each_context(request) | {
        "title": gettext("Move %(token)s") % {"token": shown["token"]},
        "booking": shown,
        "form": form,
        "day_url": day_url(row.doctor_id, row.day),
    }
    path = reverse("admin:desk_booking_move", args=[row.id])
    context |= times_to_choose(choice_to_move(request, row), path, near)
    return render(request, "desk/move.html", context, status=status)
