"""A patient's way in: the phone, then the code. Nothing is kept in the browser in between."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language

from apps.accounts.commands import let_in
from apps.core.addresses import address_of
from apps.core.errors import Invalid
from apps.core.policy import PUBLIC, system_actor
from apps.core.views import actor_if_any, page, said, wanted_path
from apps.patients import commands
from apps.patients.commands import InvalidCode, TooManyTries
from apps.patients.forms import CodeForm, PhoneForm
from apps.patients.rules.login_codes import RESEND_AFTER


@page(policy=PUBLIC, methods=("GET", "POST"))
def phone(request: HttpRequest) -> HttpResponse:
    """Send a code, and ask for it. The page is the same whether the phone is known, and whether one was sent."""
    if request.method != "POST":
        return _phone_page(request, PhoneForm())
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _phone_page(request, form, status=400)
    number = form.cleaned_data["phone"]
    commands.request_code(
        actor=system_actor("code login"),
        now=timezone.now(),
        phone=number,
        address=address_of(request),
        language=get_language() or settings.LANGUAGE_CODE,
    )
    return _code_page(request, CodeForm(initial={"phone": number}), number)


@page(policy=PUBLIC, methods=("GET", "POST"))
def code(request: HttpRequest) -> HttpResponse:
    """The right code opens the page that somebody came for, or the family's own. Without one, as after a change of
    language, it begins anew."""
    if request.method != "POST":
        return _phone_page(request, PhoneForm())
    form, number = CodeForm(request.POST), request.POST.get("phone", "")
    if not form.is_valid():
        return _code_page(request, form, number, status=400)
    try:
        signed_in = commands.sign_in_by_code(now=timezone.now(), address=address_of(request), **form.cleaned_data)
    except (InvalidCode, TooManyTries) as refusal:
        form.add_error("code", said(refusal))
        return _code_page(request, form, number, status=refusal.status)
    except Invalid:
        return redirect("login")  # somebody changed the hidden number
    let_in(request, signed_in.secret)
    return redirect(wanted_path(request) or "me")


def _phone_page(request: HttpRequest, form: forms.Form, status: int = 200) -> HttpResponse:
    wanted = wanted_path(request)
    context = {"form": form, "next": wanted, "again": bool(wanted and actor_if_any(request))}
    return _private(render(request, "patients/login_phone.html", context, status=status))


def _code_page(request: HttpRequest, form: forms.Form, number: str, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "phone": number,
        "end": number[-4:],
        "resend_after": int(RESEND_AFTER.total_seconds()),
        "demo": settings.DEMO,
        "next": wanted_path(request),
    }
    return _private(render(request, "patients/login_code.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
