"""A number for somebody who stands at the desk. Mounted in the admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.errors import Conflict, DomainError, Invalid
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said
from apps.patients.queries import brief, facts
from apps.patients.queries import get as get_patient
from apps.queue import commands
from apps.queue.forms import WalkInForm
from apps.queue.queries.desk import doctor_choices, open_departments
from apps.queue.queries.journeys import templates
from apps.queue.queries.triage import phrases
from apps.queue.views.booking_deeds import bookings_of_today


@page(policy=Permission.VISIT_CHECK_IN, methods=("GET", "POST"))
def walk_in(request: HttpRequest) -> HttpResponse:
    """A number for somebody who stands at the desk; then the slip."""
    patient_id = _patient_id(request)
    if patient_id is None:
        return redirect("admin:desk_find")
    patient = get_patient(patient_id)
    form = _walk_in_form(request, facts(patient, timezone.now()))
    if request.method == "POST" and form.is_valid():
        try:
            arrived = run_form(
                request,
                commands.check_in,
                lambda arrived: {"visitId": str(arrived.visit.id)},
                patient_id=patient_id,
                **form.arguments,
            )
        except (Conflict, Invalid) as refusal:
            form.add_error(None, said(refusal))
            return _walk_in_page(request, form, patient, refusal)
        return redirect(f"{reverse('admin:desk_slip', args=[arrived['visitId']])}?print=now")
    return _walk_in_page(request, form, patient)


def _patient_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("patient", ""))
    except ValueError:
        return None


def _walk_in_form(request: HttpRequest, person: Any) -> WalkInForm:
    actor = actor_of(request)
    places = open_departments(actor)
    ids = [place.id for place in places]
    return WalkInForm(
        request.POST if request.method == "POST" else None,
        initial={"needs": person["needs"]},
        departments=places,
        doctors=doctor_choices(ids),
        phrases=phrases(ids),
        may_be_emergency=actor.may(Permission.VISIT_EMERGENCY),
        kinds=templates(),
    )


def _walk_in_page(
    request: HttpRequest, form: WalkInForm, patient: Any, refusal: DomainError | None = None
) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    context = admin.site.each_context(request) | {
        "form": form,
        "patient": brief(patient, now, actor),
        "booked": bookings_of_today(patient, actor, now),
        "title": gettext("New walk-in"),
    }
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "desk/walk_in.html", context, status=status)
