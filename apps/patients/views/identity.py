"""Somebody who was brought in without a name has one: the record is completed. Mounted in the admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.patients import commands
from apps.patients.forms import RegisterForm
from apps.patients.queries import brief
from apps.patients.queries import get as get_patient
from apps.patients.rules.people import Status
from apps.patients.views.desk import alike


@page(policy=Permission.PATIENT_REGISTER, methods=("GET", "POST"))
def identity(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Who is this? Somebody known has a record already, and is offered; else this one is completed."""
    actor, now = actor_of(request), timezone.now()
    patient = get_patient(patient_id)
    if not patient.provisional or patient.status != Status.ACTIVE:
        raise NotFound
    day = facility_facts(patient.facility_id).day_of(now)
    initial = {"sex": patient.sex, "language": patient.language}
    form = RegisterForm(request.POST if request.method == "POST" else None, initial=initial, day=day)
    found: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        found = [] if request.POST.get("not_a_duplicate") else alike(typed, actor, now, excluding=patient_id)
        if not found:
            given = {
                name: value for name, value in typed.items() if name not in ("age", "birth_date") or value is not None
            }
            try:
                run_form(
                    request,
                    commands.change,
                    lambda _patient: {},
                    patient_id=patient_id,
                    expected_version=version_of(request),
                    **given,
                )
            except (Conflict, Invalid) as refusal:
                form.add_error(None, said(refusal))
            else:
                messages.success(request, gettext("The file has a name now: %(name)s.") % typed)
                return redirect("admin:desk_today")
    context = admin.site.each_context(request) | {
        "title": gettext("Who is this?"),
        "form": form,
        "patient": brief(patient, now, actor),
        "version": patient.version,
        "duplicates": [
            person | {"url": reverse("admin:desk_recognise", args=[patient_id, person["id"]])} for person in found
        ],
    }
    status = 409 if found or form.non_field_errors() else 400 if form.errors else 200
    return render(request, "desk/identity.html", context, status=status)
