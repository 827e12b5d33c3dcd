"""The desk opens code sign-in again for a phone that too many wrong codes have closed."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.policy import Permission
from apps.core.views import page, run_form
from apps.patients import commands
from apps.patients.forms import PhoneForm
from apps.patients.queries.people import code_sign_in_state


@page(policy=Permission.PATIENT_REGISTER, methods=("GET", "POST"))
def code_sign_in(request: HttpRequest) -> HttpResponse:
    """How it stands with a phone; the second button opens it."""
    form = PhoneForm(request.POST if request.method == "POST" else None)
    form.fields["phone"].help_text = ""  # nothing is sent from here
    context = {"form": form, "title": gettext("Sign-in by code")}
    status = 200
    if form.is_bound:
        status = 200 if form.is_valid() else 400
        if status == 200:
            number = form.cleaned_data["phone"]
            if request.POST.get("open"):
                run_form(request, commands.reopen_code_login, lambda _: {}, phone=number)
                context["opened"] = True
            context |= {"state": code_sign_in_state(number, timezone.now()), "end": number[-4:]}
    return render(request, "desk/code_sign_in.html", admin.site.each_context(request) | context, status=status)
