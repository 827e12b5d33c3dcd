"""Signing in through the hospital's own identity provider."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from apps.accounts import commands
from apps.accounts.commands import DeviceWaits, SignInRefused
from apps.accounts.provider import FAULTS, SESSION_STATES, ProviderRefused, ToProvider, is_set_up, vouched_for
from apps.accounts.rules.second_factor import ENFORCED
from apps.accounts.views.browsers import device_of
from apps.accounts.views.way_in import come_in, step_in, waiting
from apps.core.errors import NotFound, TooMany
from apps.core.policy import PUBLIC, Role
from apps.core.views import own_path, page, said


@page(policy=PUBLIC)
def to_provider(request: HttpRequest) -> HttpResponseBase:
    """Off to the provider; `next` is where somebody wants to go afterwards."""
    if not is_set_up():
        raise NotFound
    try:
        return ToProvider.as_view()(request)
    except FAULTS:
        return _refused(request, ProviderRefused())


@page(policy=PUBLIC)
def from_provider(request: HttpRequest) -> HttpResponse:
    """Back from the provider. Each answer is looked at once."""
    if not is_set_up():
        raise NotFound
    back, device = own_path(str(request.session.get("oidc_login_next") or "")), device_of(request)
    try:
        staff = vouched_for(request)
        if Role(staff.role) in ENFORCED and settings.OIDC_ADMIN_OTP:
            return step_in(request, staff, back)
        signed_in = commands.enter_by_provider(now=timezone.now(), staff=staff, device=device)
    except DeviceWaits as refusal:
        return waiting(request, refusal, device)
    except (ProviderRefused, SignInRefused, TooMany) as refusal:
        return _refused(request, refusal)
    finally:
        request.session.pop(SESSION_STATES, None)
    return come_in(request, signed_in, back, device)


def _refused(request: HttpRequest, refusal: ProviderRefused | SignInRefused | TooMany) -> HttpResponse:
    return render(request, "accounts/provider_refused.html", {"detail": said(refusal)}, status=refusal.status)
