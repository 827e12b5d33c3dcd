"""Pages at the door: who are you, sign in, sign out."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from apps.accounts import commands
from apps.accounts.commands import SignInRefused
from apps.accounts.provider import is_set_up
from apps.accounts.queries import demo_accounts, facility_facts, house_name
from apps.accounts.rules.demo import DEMO_PASSWORD, DEMO_SECRET
from apps.accounts.views.browsers import device_of
from apps.accounts.views.landing import landing
from apps.accounts.views.way_in import step_in
from apps.core.errors import TooMany, Unavailable
from apps.core.languages import named
from apps.core.policy import PUBLIC, Actor
from apps.core.views import CLEAR_SITE_DATA, actor_if_any, page, said, wanted_path


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


def house(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `hospital`, the name of the facility one is in."""
    return {"hospital": SimpleLazyObject(lambda: _house_of(actor_if_any(request)))}


def demo_context() -> dict[str, Any]:
    """The demonstration's accounts for a page that offers them; nothing elsewhere."""
    if not settings.DEMO:
        return {}
    return {"demo_accounts": demo_accounts(), "demo_password": DEMO_PASSWORD, "demo_secret": DEMO_SECRET}


@page(policy=PUBLIC)
def login(request: HttpRequest) -> HttpResponse:
    """Patient or staff? A family that is signed in goes on to where it wanted, or to its own page."""
    actor, back = actor_if_any(request), wanted_path(request)
    if actor and actor.phone_index:
        return redirect(back or "me")
    return render(request, "accounts/login.html", {"next": back})


@page(policy=PUBLIC, methods=("GET", "POST"))
def login_staff(request: HttpRequest) -> HttpResponse:
    """Staff sign in; then to where they came from, or to where their work begins."""
    back = wanted_path(request)
    actor = actor_if_any(request)
    if request.method != "POST":
        if actor and actor.role:
            return redirect(back or landing(actor))
        return _sign_in_page(request, StaffSignInForm(), back)
    form = StaffSignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, back, status=400)
    try:
        staff = commands.prove(**form.cleaned_data, now=timezone.now(), device=device_of(request))
        return step_in(request, staff, back)
    except (SignInRefused, TooMany, Unavailable) as refusal:
        form.add_error(None, said(refusal))
        return _sign_in_page(request, form, back, status=refusal.status)


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
    context = {"form": form, "next": back, "provider": is_set_up()} | demo_context()
    return render(request, "accounts/login_staff.html", context, status=status)


def _house_of(actor: Actor | None) -> str:
    return named(facility_facts(actor.facility_id)) if actor and actor.facility_id else house_name()
