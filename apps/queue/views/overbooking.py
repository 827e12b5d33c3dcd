"""Advice on places beyond a slot's usual ones: what it would do, in plain words, and a person who says yes."""

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict
from apps.core.policy import Permission, Scope
from apps.core.views import actor_of, page, run_form, said
from apps.queue import commands
from apps.queue.queries.desk import served_departments
from apps.queue.queries.overbooking import Advice, advice_for, advised
from apps.queue.views.asked import asked_day
from apps.scheduling.queries import doctors_of_departments, slot_of


@page(policy=Permission.SCHEDULE_CHANGE)
def advice(request: HttpRequest) -> HttpResponse:
    """Slots of a day in which some will probably not come."""
    actor, now = actor_of(request), timezone.now()
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    day = asked_day(request) or facility.day_of(now)
    doctors = {doctor.id: doctor for doctor in doctors_of_departments(p.id for p in served_departments(actor))}
    rows = [
        {
            "advice": one,
            "doctor": doctors[one.slot.doctor_id].name,
            "time": f"{facility.clock(one.slot.starts_at)}-{facility.clock(one.slot.ends_at)}",
        }
        for one in advised(doctors, day, now)
    ]
    context = {"title": gettext("Places beyond the usual ones"), "rows": rows, "day": day.isoformat()}
    return render(request, "desk/overbooking.html", admin.site.each_context(request) | context)


class PlacesForm(forms.Form):
    """How many places beyond the usual ones the question on the page was about; 0 to take them back."""

    places = forms.IntegerField(min_value=0, max_value=999, widget=forms.HiddenInput)


@page(policy=Permission.SCHEDULE_CHANGE, methods=("GET", "POST"))
def decide(request: HttpRequest, slot_id: UUID) -> HttpResponse:
    """Ask about the places that are advised for one slot, or about taking them back, and do it."""
    actor, now = actor_of(request), timezone.now()
    slot = slot_of(slot_id)
    actor.require(Permission.SCHEDULE_CHANGE, Scope(actor.facility_id, slot.department_id))
    back = reverse("admin:desk_overbooking") + f"?day={slot.day.isoformat()}"
    answer = PlacesForm(request.POST if request.method == "POST" else None)
    refused = ""
    if answer.is_valid():
        places = answer.cleaned_data["places"]
        try:
            run_form(request, commands.open_beyond, lambda _slot: {}, slot_id=slot_id, places=places)
        except Conflict as refusal:
            refused = said(refusal)
        else:
            done = gettext("The places are open.") if places else gettext("The slot has its usual places again.")
            messages.success(request, done)
            return redirect(back)
    found = advice_for(slot_of(slot_id), now)
    form = PlacesForm({"places": 0 if found.opened else found.places})  # asked anew, about what is so now
    if refused:
        form.add_error(None, refused)
    facility = facility_facts(slot.facility_id)
    when = f"{date_format(slot.day, 'l j F')}, {facility.clock(slot.starts_at)}"
    label = gettext("Take the places back") if found.opened else gettext("Open more places")
    context = admin.site.each_context(request) | {
        "title": f"{label}: {when}",
        "question": taking_back() if found.opened else opening(found),
        "button": label,
        "form": form,
        "back_url": back,
    }
    return render(request, "desk/confirm.html", context, status=409 if refused else 400 if answer.errors else 200)


def opening(found: Advice) -> str:
    """What opening the advised places would do."""
    likely = gettext("%(booked)s places are taken; about %(absent)s of those booked will probably not come.")
    more = ngettext(
        "%(places)s more person can be booked until the slot is over.",
        "%(places)s more people can be booked until the slot is over.",
        found.places,
    )
    else_ = gettext("If everybody comes all the same, later people wait about %(wait)s minutes longer.")
    names = {name: getattr(found, name) for name in ("booked", "absent", "places", "wait")}
    return " ".join((likely, more, else_)) % names


def taking_back() -> str:
    """What taking them back would do."""
    return gettext("Nobody more is booked beyond the usual places. Who has been booked already keeps the place.")
