"""One's own access: password and second factor."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import commands
from apps.accounts.commands.credentials import hash_device
from apps.accounts.models import Staff
from apps.accounts.queries import devices_of, open_sessions, second_factor_of
from apps.accounts.views.browsers import device_of, offered
from apps.accounts.views.landing import landing
from apps.accounts.views.way_in import NewAppForm, new_app_page, recovery_page
from apps.core.errors import DomainError, Forbidden, NotFound
from apps.core.policy import Permission
from apps.core.views import actor_of, page, said

FORM_FIELDS = {"currentPassword": "current", "newPassword": "new"}
"""Where a command's refusal of a field stands on a form."""


class AgainForm(forms.Form):
    """The present password, once more."""

    current = forms.CharField(
        label=_("Present password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class PasswordForm(AgainForm):
    """One's own password, old and new."""

    new = forms.CharField(
        label=_("New password"),
        max_length=256,
        strip=False,
        help_text=_("At least 12 characters. A sentence of your own is easy to remember and hard to guess."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class OwnAppForm(AgainForm, NewAppForm):
    """A new authenticator app, and the password once more."""

    field_order = ("code", "current")


@page(policy=Permission.ACCOUNT_OWN, methods=("GET", "POST"))
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; every other session ends."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            commands.change_password(actor=actor_of(request), now=timezone.now(), **form.cleaned_data)
        except Forbidden:
            raise
        except DomainError as refusal:
            status = show(refusal, form)
        else:
            context = {"changed": True, "back": landing(actor_of(request))}
            return render(request, "accounts/password.html", context)
    return render(request, "accounts/password.html", {"form": form}, status=status)


@page(policy=Permission.ACCOUNT_OWN, methods=("GET", "POST"))
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator app for oneself, or another one."""
    staff = oneself(request)
    if request.method != "POST":
        return new_app_page(request, OwnAppForm(), staff, commands.new_factor_secret())
    form, secret = OwnAppForm(request.POST), offered(request, staff)
    if secret is None:
        return redirect("second-factor")
    status = 400
    if form.is_valid():
        actor, now = actor_of(request), timezone.now()
        try:
            commands.prove_again(actor, form.cleaned_data["current"], now, "currentPassword")
            codes = commands.set_up_second_factor(actor=actor, now=now, secret=secret, code=form.cleaned_data["code"])
            return recovery_page(request, codes, "/account/")
        except DomainError as refusal:
            status = show(refusal, form)
    return new_app_page(request, form, staff, secret, status=status)


@page(policy=Permission.ACCOUNT_OWN, methods=("GET", "POST"))
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes in place of the old ones."""
    answer = _again(
        request,
        title=gettext("New recovery codes"),
        text=gettext("You get ten new codes. The ones you have now no longer work."),
        button=gettext("Show new codes"),
        command=commands.renew_recovery_codes,
    )
    return answer if isinstance(answer, HttpResponse) else recovery_page(request, answer, "/account/")


@page(policy=Permission.ACCOUNT_OWN, methods=("GET", "POST"))
def remove_factor(request: HttpRequest) -> HttpResponse:
    """Go without a second factor again."""
    answer = _again(
        request,
        title=gettext("Remove the second factor"),
        text=gettext("From then on your password alone lets you in. You are signed out everywhere else."),
        button=gettext("Remove"),
        command=commands.remove_second_factor,
    )
    if isinstance(answer, HttpResponse):
        return answer
    messages.success(request, gettext("The second factor is removed."))
    return redirect("account")


def _again(request: HttpRequest, *, title: str, text: str, button: str, command: Any) -> Any:
    """What a command gives that needs the password once more; a page while it has not run."""
    form = AgainForm(request.POST if request.method == "POST" else None)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        actor, now = actor_of(request), timezone.now()
        try:
            commands.prove_again(actor, form.cleaned_data["current"], now, "currentPassword")
            return command(actor=actor, now=now)
        except DomainError as refusal:
            status = show(refusal, form)
    context = {"form": form, "title": title, "text": text, "button": button}
    return render(request, "accounts/again.html", context, status=status)


@page(policy=Permission.ACCOUNT_OWN)
def account(request: HttpRequest) -> HttpResponse:
    """How one gets in oneself."""
    staff, actor, browser = oneself(request), actor_of(request), hash_device(device_of(request).secret)
    context = {
        "who": staff,
        "factor": second_factor_of(staff),
        "sessions": open_sessions(staff.id, timezone.now(), actor.credential_id),
        "devices": [{"row": device, "is_this": device.secret_hash == browser} for device in devices_of(staff.id)],
        "back": landing(actor),
    }
    return render(request, "accounts/account.html", context)


@page(policy=Permission.ACCOUNT_OWN, methods=("POST",))
def end_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one of one's own sessions."""
    actor = actor_of(request)
    commands.end_session(actor=actor, now=timezone.now(), staff_id=oneself(request).id, session_id=session_id)
    messages.success(request, gettext("The session has ended."))
    return redirect("account")


@page(policy=Permission.ACCOUNT_OWN, methods=("POST",))
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of one's own sessions but this one."""
    commands.end_sessions(actor=actor_of(request), now=timezone.now(), staff_id=oneself(request).id)
    messages.success(request, gettext("Wherever else you were signed in, you are signed out now."))
    return redirect("account")


@page(policy=Permission.ACCOUNT_OWN, methods=("POST",))
def forget_device(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Turn one of one's own devices away, with all that is open on it."""
    actor = actor_of(request)
    if not devices_of(oneself(request).id).filter(id=device_id).exists():
        raise NotFound
    commands.revoke_device(actor=actor, now=timezone.now(), device_id=device_id)
    messages.success(request, gettext("The device is turned away, and what was open on it has ended."))
    return redirect("account")


def oneself(request: HttpRequest) -> Staff:
    """The member of staff who asks. Raises `Forbidden` for patients and links."""
    own_id = actor_of(request).id
    if own_id is None:
        raise Forbidden
    return Staff.objects.get(id=own_id)


def show(refusal: DomainError, form: forms.Form) -> int:
    """A command's refusal on the fields of a form; its status."""
    errors = refusal.extra.get("errors")
    if not errors:
        form.add_error(None, said(refusal))
    for name, sentences in (errors or {}).items():
        for sentence in sentences:
            form.add_error(FORM_FIELDS.get(name), sentence)
    return refusal.status
