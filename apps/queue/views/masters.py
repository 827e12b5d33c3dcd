"""Opening and closing a department: it concerns the people who wait. Mounted in the admin."""

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from apps.core.errors import Conflict, NotFound
from apps.core.policy import Permission
from apps.core.views import page, run_form, said
from apps.queue import commands
from apps.scheduling.queries import department_of
from apps.scheduling.rules import DepartmentStatus

STATUSES = {"open": DepartmentStatus.ACTIVE, "close": DepartmentStatus.INACTIVE}


@page(policy=Permission.MASTERS_CHANGE, methods=("GET", "POST"))
def opening(request: HttpRequest, department_id: UUID, action: str) -> HttpResponse:
    """Ask whether to open or close a department, and do it. Refused while people wait."""
    if action not in STATUSES:
        raise NotFound
    department = department_of(department_id)
    form = forms.Form(request.POST if request.method == "POST" else None)
    back = reverse("admin:scheduling_department_change", args=[department_id])
    if request.method == "POST" and form.is_valid():
        try:
            run_form(
                request,
                commands.change_department,
                lambda _department: {},
                department_id=department_id,
                status=STATUSES[action],
            )
        except Conflict as refusal:
            form.add_error(None, said(refusal))
        else:
            done = gettext("%(name)s is open.") if action == "open" else gettext("%(name)s is closed.")
            messages.success(request, done % {"name": department.name})
            return redirect(back)
    return _ask(request, department.name, action, form, back)


def _ask(request: HttpRequest, name: str, action: str, form: forms.Form, back: str) -> HttpResponse:
    opens = action == "open"
    question = (
        gettext("Open %(name)s? People can be checked in from then on.")
        if opens
        else gettext("Close %(name)s? Nobody can be checked in until it is opened again. What was done stays.")
    )
    context = admin.site.each_context(request) | {
        "title": name,
        "question": question % {"name": name},
        "button": gettext("Open") if opens else gettext("Close"),
        "form": form,
        "back_url": back,
    }
    return render(request, "desk/confirm.html", context, status=409 if form.errors else 200)
