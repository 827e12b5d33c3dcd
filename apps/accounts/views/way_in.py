"""Between the password and the session: the code page, setting up a second factor, and the device that waits."""

import base64
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from apps.accounts import commands
from apps.accounts.commands import DeviceWaits, InvalidOtp, OtpRequired, SecondFactorMissing, SignedIn
from apps.accounts.models import Authenticator, Staff
from apps.accounts.queries import authenticator_of, code_of_app
from apps.accounts.queries.actors import actor_of_staff
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.demo import DEMO_SECRET
from apps.accounts.rules.devices import ShownDevice
from apps.accounts.rules.qr import qr_svg
from apps.accounts.views.browsers import (
    Halfway,
    device_of,
    halfway,
    offer,
    offered,
    private,
    remember_device,
    stop_halfway,
)
from apps.accounts.views.landing import landing
from apps.core.errors import DomainError, TooMany
from apps.core.policy import PUBLIC
from apps.core.views import page, said


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("The six digits that your authenticator app shows now, or one of your recovery codes."),
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )


class NewAppForm(forms.Form):
    """The first code of a new authenticator app."""

    code = forms.CharField(
        label=_("Code that the app shows"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


def step_in(request: HttpRequest, staff: Staff, back: str, code: str = "") -> HttpResponse:
    """Let somebody whose password was right in, or lead them to what is still missing. Raises what is wrong."""
    device = device_of(request)
    try:
        signed_in = commands.enter(
            now=timezone.now(), staff=staff, kind=CredentialKind.STAFF_SESSION, code=code, device=device
        )
    except OtpRequired:
        stop_halfway(request, staff, back)
        return redirect("login-code")
    except SecondFactorMissing:
        stop_halfway(request, staff, back)
        return redirect("login-second-factor")
    except DeviceWaits as refusal:
        return waiting(request, refusal, device)
    return come_in(request, signed_in, back, device)


def waiting(request: HttpRequest, refusal: DeviceWaits, device: ShownDevice) -> HttpResponse:
    """This device needs an administrator's approval first."""
    request.session.flush()
    response = render(request, "accounts/device_waits.html", {"number": refusal.params["number"]}, status=403)
    return remember_device(private(response), device)


@page(policy=PUBLIC, methods=("GET", "POST"))
def enter_code(request: HttpRequest) -> HttpResponse:
    """After the password: the code. Only who stopped halfway gets here, and still is nobody."""
    stopped = halfway(request)
    if stopped is None:
        return redirect("login-staff")
    if request.method != "POST":
        return _code_page(request, CodeForm(), stopped)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, form, stopped, status=400)
    try:
        return step_in(request, stopped.staff, stopped.back, form.cleaned_data["code"])
    except (InvalidOtp, TooMany) as refusal:
        form.add_error(None, said(refusal))
        return _code_page(request, form, stopped, status=refusal.status)


@page(policy=PUBLIC, methods=("GET", "POST"))
def enrol(request: HttpRequest) -> HttpResponse:
    """After the password, for somebody who must have a second factor and has none yet: set it up, then come in."""
    stopped = halfway(request)
    if stopped is None or authenticator_of(stopped.staff.id):
        return redirect("login-staff")
    if request.method != "POST":
        return new_app_page(request, NewAppForm(), stopped.staff, commands.new_factor_secret(), at_door=True)
    form, secret, device = NewAppForm(request.POST), offered(request, stopped.staff), device_of(request)
    if secret is None:
        return redirect("login-second-factor")
    if not form.is_valid():
        return new_app_page(request, form, stopped.staff, secret, at_door=True, status=400)
    try:
        signed_in = commands.enrol_and_enter(
            now=timezone.now(), staff=stopped.staff, secret=secret, code=form.cleaned_data["code"], device=device
        )
    except DeviceWaits as refusal:
        return waiting(request, refusal, device)
    except DomainError as refusal:
        form.add_error(None, said(refusal))
        return new_app_page(request, form, stopped.staff, secret, at_door=True, status=refusal.status)
    return come_in(request, signed_in, stopped.back, device)


def new_app_page(
    request: HttpRequest, form: forms.Form, staff: Staff, secret: str, *, at_door: bool = False, status: int = 200
) -> HttpResponse:
    """A new secret for somebody's authenticator app: as a QR code, and as text."""
    app = Authenticator(user=staff)
    app.hold(base64.b32decode(secret))
    context = {
        "form": form,
        "offer": offer(staff, secret),
        "qr": mark_safe(qr_svg(app.config_url)),  # noqa: S308 - drawn by us
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "at_door": at_door,
    }
    return private(render(request, "accounts/new_app.html", context, status=status))


def recovery_page(request: HttpRequest, codes: tuple[str, ...], back: str) -> HttpResponse:
    """New recovery codes, shown this once."""
    return private(render(request, "accounts/recovery_codes.html", {"codes": codes, "back": back}))


def come_in(request: HttpRequest, signed_in: SignedIn, back: str, device: ShownDevice) -> HttpResponse:
    commands.let_in(request, signed_in.secret)
    onward = back or landing(actor_of_staff(signed_in.staff))
    codes = signed_in.recovery_codes
    response = recovery_page(request, codes, onward) if codes else redirect(onward)
    return remember_device(response, device)


def _code_page(request: HttpRequest, form: CodeForm, stopped: Halfway, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "who": stopped.staff.email, "demo_code": _demo_code(stopped.staff)}
    return private(render(request, "accounts/code.html", context, status=status))


def _demo_code(staff: Staff) -> str:
    """In the demonstration only: the code that its administrator's public secret makes now."""
    app = authenticator_of(staff.id) if settings.DEMO else None
    return code_of_app(app, timezone.now()) if app and app.bin_key == base64.b32decode(DEMO_SECRET) else ""
