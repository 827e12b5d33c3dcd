"""Booking at the desk: a time for somebody, and what becomes of it. Mounted in the admin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.core.errors import Conflict, Invalid
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of, page, run_form, said
from apps.patients.queries import brief
from apps.patients.queries import get as get_patient
from apps.queue import commands
from apps.queue.patient_forms import BookingForm
from apps.queue.queries.bookings import booking_row, clock_range, coming_of
from apps.queue.views.asked import asked_day, asked_id, asked_length, asked_source
from apps.queue.views.booking_deeds import day_url
from apps.queue.views.times import Choice, soonest, times_to_choose
from apps.scheduling.commands import SlotGone
from apps.scheduling.queries import clinics, doctors_of_departments, next_free, slots_to_book, visit_types
from apps.scheduling.rules.allocation import SOURCE_NAMES, BookingSource


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody at the desk may book: where, with whom, and as what."""

    departments: dict[UUID, Any]
    doctors: list[Any]
    sources: list[BookingSource]


@page(policy=Permission.BOOKING_CREATE, methods=("GET", "POST"))
def book(request: HttpRequest) -> HttpResponse:
    """A time with a doctor for somebody; then what was booked."""
    patient_id = asked_id(request, "patient")
    if patient_id is None:
        return redirect("admin:desk_find")
    patient = get_patient(patient_id)
    offer = _offer(actor_of(request))
    choice = _choice(request, offer, timezone.now())
    if request.method != "POST" or choice.doctor is None:
        return _book_page(request, offer, choice, patient, BookingForm())
    form = BookingForm(request.POST)
    if not form.is_valid():
        return _book_page(request, offer, choice, patient, form, status=400)
    shown, slot_id = form.cleaned_data["slot"]
    try:
        answer = run_form(
            request,
            commands.book,
            lambda outcome: _answer(outcome, choice.facility),
            doctor_id=choice.doctor.id,
            patient_id=patient_id,
            source=choice.source,
            preferred_slot_id=slot_id,
            exact=shown == "free",
            reason=form.cleaned_data["reason"],
            visit_type_id=choice.length.visit_type_id,
        )
    except (Conflict, Invalid) as refusal:
        gone = slots_to_book(choice.doctor.id).filter(id=slot_id).first() if isinstance(refusal, SlotGone) else None
        near = choice.near(gone.starts_at) if gone else []
        form.add_error(None, said(refusal))
        return _book_page(request, offer, choice, patient, form, near, status=refusal.status)
    return _booked(request, answer, shown, slot_id)


def _answer(outcome: Any, facility: FacilityFacts) -> dict[str, Any]:
    """What the page has to tell of a booking that was made, or of a place on the waiting list."""
    if outcome.appointment is None:
        entry = outcome.waiting
        return {"doctorId": str(entry.doctor_id), "day": entry.preferred_day.isoformat()}
    row = outcome.appointment
    return {
        "bookingId": str(row.id),
        "slotId": str(row.slot_id),
        "time": f"{date_format(row.day, 'D j M')}, {facility.clock(row.at)}",
        "moved": [
            f"{other.token.label}: {date_format(other.day, 'D j M')}, {facility.clock(other.at)}"
            for other in outcome.moved
        ],
    }


def _booked(request: HttpRequest, answer: dict[str, Any], shown: str, slot_id: UUID) -> HttpResponse:
    if "bookingId" not in answer:
        messages.success(request, gettext("There was no free place. The name is on the waiting list of this day."))
        return redirect(day_url(answer["doctorId"], answer["day"]) + "#waiting")
    if shown == "over" and answer["slotId"] != str(slot_id):
        told = gettext("Nobody could give way at that time. The place is at %(time)s.")
        messages.warning(request, told % {"time": answer["time"]})
    for moved in answer["moved"]:
        messages.warning(request, gettext("Somebody had to give way. New time of %(moved)s.") % {"moved": moved})
    return redirect("admin:desk_booking", answer["bookingId"])


def _choice(request: HttpRequest, offer: Offer, now: datetime) -> Choice:
    """What the address says, and where it says nothing: the doctor who has a place first."""
    facility = facility_facts(actor_of(request).facility_id)  # type: ignore[arg-type]  # staff have one
    source, wanted = asked_source(request, offer.sources), asked_id(request, "doctor")
    doctor = next((doctor for doctor in offer.doctors if doctor.id == wanted), None)
    if doctor is None and offer.doctors:
        doctor = soonest(offer.doctors, next_free([d.id for d in offer.doctors], source, now))[0]
    places = list(offer.departments)
    kinds = visit_types(doctor.id, places, by_patient=False) if doctor else []
    length = asked_length(request, kinds)
    return Choice(facility, doctor, places, source, asked_day(request), now, kinds, length)


def _offer(actor: Actor) -> Offer:
    """Places are with doctors, so of departments only clinics count."""
    places = {
        place.id: place
        for place in clinics().order_by("code")
        if actor.may(Permission.BOOKING_CREATE, Scope(place.facility_id, place.id))
    }
    may_be_emergency = actor.may(Permission.VISIT_EMERGENCY)
    sources = [source for source in BookingSource if source is not BookingSource.EMERGENCY or may_be_emergency]
    return Offer(places, list(doctors_of_departments(places)), sources)


def _book_page(
    request: HttpRequest,
    offer: Offer,
    choice: Choice,
    patient: Any,
    form: BookingForm,
    near: list[dict[str, Any]] | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = actor_of(request)
    context = admin.site.each_context(request) | {
        "title": gettext("Book"),
        "patient": brief(patient, choice.now, actor),
        "form": form,
        "coming": [booking_row(row, actor, choice.now) for row in coming_of(patient.id, choice.today)],
        "doctors": _doctor_groups(offer, choice),
        "sources": [(str(s), gettext(SOURCE_NAMES[s]), s is choice.source) for s in offer.sources],
        "gives_way": choice.source is not BookingSource.WALK_IN,
    }
    if choice.doctor:
        kept = {"patient": patient.id, "doctor": choice.doctor.id, "source": str(choice.source), "type": choice.kind}
        context |= times_to_choose(choice, reverse("admin:desk_book"), near or [], **kept)
    return render(request, "desk/book.html", context, status=status)


def _doctor_groups(offer: Offer, choice: Choice) -> list[tuple[str, list[tuple[UUID, str, bool]]]]:
    """Doctors by department as (id, label, chosen), whoever has a place first."""
    free = next_free([doctor.id for doctor in offer.doctors], choice.source, choice.now)
    groups = []
    for place in offer.departments.values():
        own = soonest([doctor for doctor in offer.doctors if place.id in doctor.department_ids], free)
        labels = [(d.id, _doctor_label(d, free.get(d.id), choice.facility), d == choice.doctor) for d in own]
        if labels:
            groups.append((named(place), labels))
    return groups


def _doctor_label(doctor: Any, slot: Any, facility: FacilityFacts) -> str:
    if slot is None:
        return gettext("%(doctor)s, nothing free") % {"doctor": named(doctor)}
    hours = clock_range(slot.starts_at, slot.ends_at, facility)
    told = {"doctor": named(doctor), "day": date_format(slot.day, "D j M"), "hours": hours}
    return gettext("%(doctor)s, free %(day)s %(hours)s") % told
