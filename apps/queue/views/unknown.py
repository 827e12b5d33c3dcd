"""Somebody is brought in whom nobody knows, and later somebody does. Mounted in the admin."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.errors import Conflict, Invalid
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said
from apps.patients.queries import brief
from apps.patients.queries import get as get_patient
from apps.queue import commands
from apps.queue.line_forms import EmergencyForm, UnknownForm
from apps.queue.queries.desk import emergency_departments


@page(policy=Permission.VISIT_CHECK_IN, methods=("GET", "POST"))
def take_in(request: HttpRequest) -> HttpResponse:
    """The desk's button *Emergency*, and the second click: why. Then the slip."""
    actor = actor_of(request)
    places = emergency_departments(actor)
    form = UnknownForm(request.POST if request.method == "POST" else None, departments=places)
    if request.method == "POST" and form.is_valid():
        try:
            arrived = run_form(
                request,
                commands.take_in_unknown,
                lambda arrived: {"visitId": str(arrived.visit.id)},
                **form.cleaned_data,
            )
        except (Conflict, Invalid) as refusal:
            form.add_error(None, said(refusal))
        else:
            return redirect(f"{reverse('admin:desk_slip', args=[arrived['visitId']])}?print=now")
    context = admin.site.each_context(request) | {
        "title": gettext("Emergency: nobody knows who it is"),
        "form": form,
        "reasons": EmergencyForm.REASONS,
        "all_closed": not places,
        "nobody_sees": not any(seen for _place, seen in places),
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, "desk/unknown.html", context, status=status)


@page(policy=Permission.PATIENT_REGISTER, methods=("GET", "POST"))
def recognise(request: HttpRequest, patient_id: UUID, known_id: UUID) -> HttpResponse:
    """Ask whether somebody without a name is the person of a record, and put their visits there."""
    actor, now = actor_of(request), timezone.now()
    known = brief(get_patient(known_id), now, actor)
    unknown = brief(get_patient(patient_id), now, actor)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            run_form(request, commands.recognise, lambda _visits: {}, patient_id=patient_id, known_id=known_id)
        except (Conflict, Invalid) as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(request, gettext("It is %(name)s. The visit stands in this record now.") % known)
            return redirect("admin:desk_today")
    context: dict[str, Any] = admin.site.each_context(request) | {
        "title": gettext("Is it %(name)s?") % known,
        "question": gettext("Visits, numbers and bookings of “%(unknown)s” go to %(name)s, file %(uhid)s.")
        % (known | {"unknown": unknown["name"]}),
        "button": gettext("Yes, it is this person"),
        "form": form,
        "back_url": reverse("admin:desk_identity", args=[patient_id]),
    }
    return render(request, "desk/confirm.html", context, status=409 if form.errors else 200)
