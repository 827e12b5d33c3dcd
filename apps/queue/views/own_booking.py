"""Booking by oneself: for whom, which department, whom to see, when; then a look at it all, and a number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.core.errors import Conflict, DomainError, Invalid, NotFound
from apps.core.languages import named
from apps.core.policy import Actor, Permission
from apps.core.views import actor_of, page, run_form, said
from apps.patients.queries import patients_of
from apps.queue import commands
from apps.queue.patient_forms import OwnBookingForm
from apps.queue.queries.bookings import clock_range
from apps.queue.queries.money import MONEY
from apps.queue.queries.own_bookings import last_visit
from apps.queue.views.asked import asked_day, asked_id, asked_kind, asked_length
from apps.queue.views.times import Choice, kind_label, soonest, times_to_choose
from apps.scheduling.commands import SlotGone, Wish
from apps.scheduling.queries import (
    TypeOfVisit,
    clinics,
    doctors_of_departments,
    next_free,
    slots_to_book,
    visit_types,
)
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.lengths import USUAL, Length

PICTURES = {"PED": "child", "ORT": "bone"}
"""What a department is drawn as, by its usual code; the others are drawn as a stethoscope."""

ONLINE = BookingSource.ONLINE


@dataclass(frozen=True, slots=True)
class House:
    """The clinics of a hospital in which people may book, with their doctors and who has a place first."""

    facility: FacilityFacts
    places: list[Any]
    doctors: list[Any]
    free: dict[UUID, Any]
    now: datetime

    @property
    def place_names(self) -> set[str]:
        """What the clinics are called; a doctor whose speciality is just that is not told it twice."""
        return {place.name for place in self.places}

    @property
    def today(self) -> date:
        return self.facility.day_of(self.now)

    def doctors_in(self, department_id: UUID) -> list[Any]:
        """Doctors of a department, by when they have a place; those without one last."""
        own = [doctor for doctor in self.doctors if department_id in doctor.department_ids]
        return soonest(own, self.free)

    def next_of(self, doctors: Iterable[Any]) -> str:
        """When the first of these doctors has a place, in words; "" when nobody has."""
        slots = [self.free[doctor.id] for doctor in doctors if doctor.id in self.free]
        return self.when(min(slots, key=lambda slot: slot.starts_at)) if slots else ""

    def when(self, slot: Any) -> str:
        """A slot as people say it: `Tue 24 Nov, 10:00–11:00`."""
        day = gettext("Today") if slot.day == self.today else date_format(slot.day, "D j M")
        return f"{day}, {clock_range(slot.starts_at, slot.ends_at, self.facility)}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is about to book: for whom, with whom, when, for which type of visit (None: the usual one)."""

    person: Any
    doctor: Any
    slot: Any
    kind: TypeOfVisit | None

    @property
    def length(self) -> Length:
        return self.kind.length if self.kind else USUAL

    @property
    def priority(self) -> Wish:
        """The same as a wish for paid priority."""
        slot = self.slot
        source = BookingSource.PAID_PRIORITY
        return Wish(slot.department_id, self.doctor.id, self.person.id, source, slot.day, slot.id, length=self.length)


def house_of(actor: Actor, now: datetime) -> House:
    """The hospital of somebody who wants to book."""
    assert actor.facility_id is not None, "a code login is some facility's"
    places = list(clinics())
    doctors = list(doctors_of_departments(place.id for place in places))
    free = next_free([doctor.id for doctor in doctors], ONLINE, now)
    return House(facility_facts(actor.facility_id), places, doctors, free, now)


def person_of(request: HttpRequest, people: list[Any]) -> Any:
    """For whom the address says it is; who is alone under their phone need not say it. None: to be asked."""
    wanted = asked_id(request, "for")
    if wanted is None:
        return people[0] if len(people) == 1 else None
    person = next((person for person in people if person.id == wanted), None)
    if person is None:
        raise NotFound
    return person


@page(policy=Permission.PATIENT_OWN, door="login")
def book(request: HttpRequest) -> HttpResponse:
    """For whom, which department, whom to see: one question at a time, the next free time said at once."""
    actor, people = actor_of(request), list(patients_of(actor_of(request)))
    person, house = person_of(request, people), house_of(actor, timezone.now())
    wanted = asked_id(request, "department")
    place = next((place for place in house.places if place.id == wanted), None)
    context = {"people": people, "person": person, "place": place}
    if person and place:
        context["doctors"] = [_doctor(house, doctor, person) for doctor in house.doctors_in(place.id)]
    elif person:
        context["places"] = [_place(house, place, person) for place in house.places]
    return render(request, "me/book.html", context)


def _place(house: House, place: Any, person: Any) -> dict[str, Any]:
    return {
        "name": named(place),
        "picture": PICTURES.get(place.code, "steth"),
        "next": house.next_of(house.doctors_in(place.id)),
        "url": f"{reverse('book')}?{urlencode({'for': person.id, 'department': place.id})}",
    }


def _doctor(house: House, doctor: Any, person: Any) -> dict[str, Any]:
    slot = house.free.get(doctor.id)
    return {
        "name": named(doctor),
        "about": "" if doctor.specialization in house.place_names else doctor.specialization,
        "next": house.when(slot) if slot else "",
        "next_url": check_url(doctor.id, person.id, slot.id) if slot else "",
        "url": f"{reverse('book-times', args=[doctor.id])}?{urlencode({'for': person.id})}",
    }


def check_url(doctor_id: UUID, person_id: UUID, slot_id: Any, **more: str) -> str:
    """Where a time is looked at before it is booked."""
    asked = urlencode({"for": person_id, "slot": slot_id} | more)
    return f"{reverse('book-check', args=[doctor_id])}?{asked}"


@page(policy=Permission.PATIENT_OWN, door="login")
def times(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """A doctor's days, and the times of one."""
    person, doctor, house = _asked(request, doctor_id)
    places = [place.id for place in house.places]
    kinds = visit_types(doctor_id, places, by_patient=True)
    length = asked_length(request, kinds)
    choice = Choice(house.facility, doctor, places, ONLINE, asked_day(request), house.now, kinds, length)
    kept = {"type": choice.kind} if choice.kind else {}
    asked: dict[str, Any] = {"for": person.id} | kept
    context = times_to_choose(choice, reverse("book-times", args=[doctor_id]), **asked)
    for time in context["times"]:
        time["url"] = check_url(doctor_id, person.id, time["id"], **kept)
    waits = context["times"][0]["id"] if context["full"] else ""
    context |= {"person": person, "wait_url": check_url(doctor_id, person.id, waits, wait="1", **kept) if waits else ""}
    return render(request, "me/times.html", context)


def _asked(request: HttpRequest, doctor_id: UUID) -> tuple[Any, Any, House]:
    """For whom and with whom. Raises `NotFound`."""
    actor = actor_of(request)
    person, house = person_of(request, list(patients_of(actor))), house_of(actor, timezone.now())
    doctor = next((doctor for doctor in house.doctors if doctor.id == doctor_id), None)
    if person is None or doctor is None:
        raise NotFound
    return person, doctor, house


@page(policy=Permission.PATIENT_OWN, methods=("GET", "POST"), door="login")
def check(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """All that was chosen, before it is booked; then the booking, or the place on the waiting list."""
    person, doctor, house = _asked(request, doctor_id)
    slot_id = asked_id(request, "slot")
    slot = slots_to_book(doctor_id).filter(id=slot_id).first() if slot_id else None
    if slot is None:
        raise NotFound
    kinds = visit_types(doctor_id, [slot.department_id], by_patient=True)
    wanted = Wanted(person, doctor, slot, asked_kind(request, kinds))
    form = OwnBookingForm(
        request.POST if request.method == "POST" else None,
        follows=last_visit(person.id, slot.department_id, house.now),
        priority=MONEY.price_of_priority(wanted.priority),
    )
    if request.method != "POST" or not form.is_valid():
        return _check_page(request, house, wanted, form)
    try:
        answer = run_form(
            request,
            commands.book,
            _answer,
            doctor_id=doctor_id,
            patient_id=person.id,
            source=form.source,
            preferred_slot_id=slot.id,
            exact=request.GET.get("wait") != "1",
            reason=form.cleaned_data["reason"],
            visit_type_id=wanted.length.visit_type_id,
        )
    except (Conflict, Invalid) as refusal:
        form.add_error(None, said(refusal))
        return _check_page(request, house, wanted, form, refusal)
    if "page" in answer:
        return redirect(answer["page"])
    if "waitingId" in answer:
        return redirect("own-waiting-place", answer["waitingId"])
    return redirect("own-booking", answer["bookingId"])


def _answer(outcome: Any) -> dict[str, Any]:
    if outcome.to_pay:
        return {"page": outcome.to_pay.page}
    if outcome.appointment is None:
        return {"waitingId": str(outcome.waiting.id)}
    return {"bookingId": str(outcome.appointment.id)}


def _check_page(
    request: HttpRequest, house: House, wanted: Wanted, form: OwnBookingForm, refusal: DomainError | None = None
) -> HttpResponse:
    """The look before booking. Where the time is gone, the nearest ones are offered and the rest stays chosen."""
    person, doctor, slot, kind = wanted.person, wanted.doctor, wanted.slot, wanted.kind
    near, kept = [], {"type": str(kind.id)} if kind else {}
    if isinstance(refusal, SlotGone):
        choice = Choice(house.facility, doctor, [slot.department_id], ONLINE, slot.day, house.now, length=wanted.length)
        near = choice.near(slot.starts_at)
    asked = urlencode({"for": person.id, "day": slot.day} | kept)
    context = {
        "person": person,
        "doctor": doctor,
        "kind": kind_label(kind) if kind else "",
        "department": next((named(place) for place in house.places if place.id == slot.department_id), ""),
        "day": date_format(slot.day, "l j F"),
        "hours": clock_range(slot.starts_at, slot.ends_at, house.facility),
        "waits": request.GET.get("wait") == "1",
        "form": form,
        "near": [time | {"url": check_url(doctor.id, person.id, time["id"], **kept)} for time in near],
        "times_url": f"{reverse('book-times', args=[doctor.id])}?{asked}",
    }
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "me/check.html", context, status=status)
