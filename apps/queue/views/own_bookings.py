"""A family's bookings and places on waiting lists: look, move, give up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts, tracking_code
from apps.core.errors import Conflict
from apps.core.languages import named
from apps.core.policy import Actor, Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.queue import commands
from apps.queue.commands.consulting import BY_PATIENT
from apps.queue.patient_forms import BookingForm, WhereaboutsForm
from apps.queue.queries.bookings import KINDS, NAMES, check_json
from apps.queue.queries.money import MONEY
from apps.queue.queries.own_bookings import own_booking_of, own_bookings, own_waiting, own_waiting_of
from apps.queue.rules.geofence import is_open
from apps.queue.views.times import choice_to_move, move_to, times_to_choose
from apps.scheduling.queries import open_offers, positions_of, what_giving_up_means
from apps.scheduling.rules.appointments import OPEN, AppointmentState

ANSWERS = {"take": commands.accept_place, "decline": commands.decline_place}
"""What somebody may say who is asked about a place."""


def coming_of_family(actor: Actor, now: datetime) -> dict[UUID, list[dict[str, Any]]]:
    """Coming bookings and places on waiting lists by person, as `templates/me/coming.html` takes them."""
    assert actor.facility_id is not None, "a code login is some facility's"
    day = facility_facts(actor.facility_id).day_of(now)
    coming = own_bookings(actor).filter(state__in=sorted(OPEN), day__gte=day).order_by("at")
    waiting = list(own_waiting(actor, now))
    places = positions_of(waiting, now)
    offers = open_offers((entry.id for entry in waiting), now)
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in coming:
        found.setdefault(row.patient_id, []).append(shown(row))
    for entry in waiting:
        found.setdefault(entry.patient_id, []).append(shown_waiting(entry, places.get(entry.id), offers.get(entry.id)))
    return found


def shown(row: Any) -> dict[str, Any]:
    """A booking as its own people see it."""
    facility, room = facility_facts(row.facility_id), row.doctor.room
    state = AppointmentState(row.state)
    return {
        "url": reverse("own-booking", args=[row.id]),
        "token": row.token.label if row.token else "",
        "name": row.patient.name,
        "kind": KINDS[state],
        "state": row.state,
        "state_label": gettext(NAMES[state]),
        "day": date_format(row.day, "l j F"),
        "short_day": date_format(row.day, "D j M"),
        "time": facility.clock(row.at),
        "department": named(row.department),
        "doctor": named(row.doctor),
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "moved": row.displaced > 0,
        "version": row.version,
    }


def shown_waiting(entry: Any, position: int | None, offer: Any = None) -> dict[str, Any]:
    """A place on a waiting list as its own people see it, with the place they are asked about, if they are."""
    facility = facility_facts(entry.facility_id)
    return {
        "url": reverse("own-waiting-place", args=[entry.id]),
        "position": position,
        "name": entry.patient.name,
        "day": date_format(entry.preferred_day, "l j F"),
        "short_day": date_format(entry.preferred_day, "D j M"),
        "doctor": named(entry.doctor),
        "until": date_format(facility.day_of(entry.expires_at), "D j M"),
        "offered": facility.clock(offer.hold.at) if offer else "",
        "answer_by": facility.clock(offer.expires_at) if offer else "",
    }


def _may_come(row: Any, now: datetime) -> bool:
    """Whether somebody may check in by phone now."""
    return row.day == facility_facts(row.facility_id).day_of(now) and is_open(now, row.at)


@page(policy=Permission.PATIENT_OWN, door="login")
def booking(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """One booking: the number, when to come, and what can be changed."""
    row, now = own_booking_of(actor_of(request), booking_id), timezone.now()
    back = MONEY.back(row, what_giving_up_means(row, now).refund_percent)
    context = {
        "booking": shown(row),
        "open": row.state == AppointmentState.BOOKED,
        "id": row.id,
        "check": check_json(row, now),
        "money": back.text if back else "",
        "code": tracking_code(row.id, now),
        "may_come": _may_come(row, now),
    }
    return render(request, "me/booking.html", context)


@page(policy=Permission.PATIENT_OWN, methods=("GET", "POST"), door="login")
def here(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Check in by the phone. Without its place (no script, not allowed) the desk looks first."""
    row = own_booking_of(actor_of(request), booking_id)
    form = WhereaboutsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            run_form(request, commands.arrive_by_phone, lambda _arrived: {}, booking_id=booking_id, phone=form.position)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
        else:
            return redirect("me")
    context = {"booking": shown(row), "form": form, "id": row.id}
    return render(request, "me/here.html", context, status=409 if form.errors else 200)


@page(policy=Permission.PATIENT_OWN, methods=("GET", "POST"), door="login")
def cancel(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Say what giving the booking up means, and do it."""
    row = own_booking_of(actor_of(request), booking_id)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            run_form(
                request,
                commands.cancel_booking,
                lambda _moved: {},
                booking_id=row.id,
                reason=BY_PATIENT,
                expected_version=version_of(request),
            )
        except Conflict as refusal:
            form.add_error(None, said(refusal))
            row = own_booking_of(actor_of(request), booking_id)
        else:
            return redirect("own-booking", row.id)
    context = {"booking": shown(row), "check": check_json(row, timezone.now()), "form": form, "id": row.id}
    return render(request, "me/cancel.html", context, status=409 if form.errors else 200)


@page(policy=Permission.PATIENT_OWN, methods=("GET", "POST"), door="login")
def move(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Another time with the same doctor."""
    row = own_booking_of(actor_of(request), booking_id)
    if request.method != "POST":
        return _move_page(request, row, BookingForm())
    form = BookingForm(request.POST)
    tried = move_to(request, row, form)
    if tried.answer is None:
        fresh = own_booking_of(actor_of(request), booking_id)
        return _move_page(request, fresh, form, tried.near, status=tried.status)
    return redirect("own-booking", tried.answer["bookingId"])


def _move_page(
    request: HttpRequest, row: Any, form: BookingForm, near: Sequence[dict[str, Any]] = (), status: int = 200
) -> HttpResponse:
    context = times_to_choose(choice_to_move(request, row), reverse("own-booking-move", args=[row.id]), near)
    context |= {"booking": shown(row), "form": form, "id": row.id}
    return render(request, "me/move.html", context, status=status)


@page(policy=Permission.PATIENT_OWN, methods=("GET", "POST"), door="login")
def waiting(request: HttpRequest, waiting_id: UUID) -> HttpResponse:
    """A place on a waiting list: which, until when; a place that is free is taken or left; given up by its button."""
    now = timezone.now()
    entry = own_waiting_of(actor_of(request), waiting_id)
    if entry.appointment_id:
        return redirect("own-booking", entry.appointment_id)
    place = positions_of([entry], now).get(entry.id)
    if place is None:
        return redirect("me")
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        answer = ANSWERS.get(request.POST.get("answer", ""), commands.leave_waiting_list)
        try:
            run_form(request, answer, lambda _: {}, waiting_id=waiting_id)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
        else:
            return redirect("me" if answer is commands.leave_waiting_list else request.path)
    offer = open_offers([entry.id], now).get(entry.id)
    context = {"waiting": shown_waiting(entry, place, offer), "form": form}
    return render(request, "me/waiting.html", context, status=409 if form.errors else 200)
