"""Pages at the door: who are you, sign in, change the password, sign out."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import commands
from apps.accounts.commands import SignInLocked, SignInRefused
from apps.accounts.queries import demo_accounts, facility_facts, house_name
from apps.accounts.queries.actors import SESSION_KEY, actor_of_staff
from apps.accounts.rules.credentials import CredentialKind
from apps.accounts.rules.demo import DEMO_PASSWORD
from apps.core.errors import Invalid
from apps.core.policy import PUBLIC, SIGNED_IN, Actor, Permission
from apps.core.views import actor_if_any, actor_of, page

CLEAR_SITE_DATA = '"cache", "storage"'


class StaffSignInForm(forms.Form):
    """E-mail and password."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    """One's own password, old and new."""

    current = forms.CharField(
        label=_("Present password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=256,
        strip=False,
        help_text=_("At least 12 characters. A sentence of your own is easy to remember and hard to guess."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


def house(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `hospital`, the name of the facility one is in."""
    return {"hospital": SimpleLazyObject(lambda: _house_of(actor_if_any(request)))}


def demo_context() -> dict[str, Any]:
    """The demonstration's accounts for a page that offers them; nothing elsewhere."""
    return {"demo_accounts": demo_accounts(), "demo_password": DEMO_PASSWORD} if settings.DEMO else {}


def landing(actor: Actor) -> str:
    """Where somebody begins their work."""
    return "/admin/" if actor.may(Permission.ADMIN_SITE_USE) else "/console/"


def own_path(address: str) -> str:
    """The address if it is a path of this site, else nothing: nobody is sent elsewhere after signing in."""
    ours = address.startswith("/") and address.isprintable()
    safe = ours and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe else ""


@page(policy=PUBLIC)
def login(request: HttpRequest) -> HttpResponse:
    """Patient or staff?"""
    return render(request, "accounts/login.html")


@page(policy=PUBLIC, methods=("GET", "POST"))
def login_staff(request: HttpRequest) -> HttpResponse:
    """Staff sign in; then to where they came from, or to where their work begins."""
    back = own_path(str(request.POST.get("next") or request.GET.get("next") or ""))
    actor = actor_if_any(request)
    if request.method != "POST":
        if actor and actor.role:
            return redirect(back or landing(actor))
        return _sign_in_page(request, StaffSignInForm(), back)
    form = StaffSignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, back, status=400)
    try:
        signed_in = commands.sign_in_staff(now=timezone.now(), kind=CredentialKind.STAFF_SESSION, **form.cleaned_data)
    except (SignInRefused, SignInLocked) as refusal:
        form.add_error(None, gettext(refusal.detail))
        return _sign_in_page(request, form, back, status=refusal.status)
    request.session.flush()
    request.session[SESSION_KEY] = signed_in.secret
    rotate_token(request)
    return redirect(back or landing(actor_of_staff(signed_in.staff)))


@page(policy=SIGNED_IN, methods=("GET", "POST"))
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; every other session ends."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/password.html", {"form": form}, status=400 if form.errors else 200)
    try:
        commands.change_password(actor=actor_of(request), now=timezone.now(), **form.cleaned_data)
    except (Invalid, SignInLocked) as refusal:
        _show(refusal, form)
        return render(request, "accounts/password.html", {"form": form}, status=refusal.status)
    return render(request, "accounts/password.html", {"changed": True, "back": landing(actor_of(request))})


@page(policy=PUBLIC, methods=("POST",))
def logout(request: HttpRequest) -> HttpResponse:
    """Sign out, on the server too, and leave nothing behind in the browser."""
    actor = actor_if_any(request)
    if actor:
        commands.sign_out(actor=actor, now=timezone.now())
    request.session.flush()
    response = redirect("/")
    response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


def _sign_in_page(request: HttpRequest, form: StaffSignInForm, back: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": back} | demo_context()
    return render(request, "accounts/login_staff.html", context, status=status)


def _show(refusal: Invalid | SignInLocked, form: PasswordForm) -> None:
    """The command's refusal on the fields of the form."""
    fields = {"currentPassword": "current", "newPassword": "new"}
    for name, said in refusal.extra.get("errors", {}).items():
        for sentence in said:
            form.add_error(fields.get(name), sentence)
    if isinstance(refusal, SignInLocked):
        form.add_error(None, gettext(refusal.detail))


def _house_of(actor: Actor | None) -> str:
    return facility_facts(actor.facility_id).name if actor and actor.facility_id else house_name()
