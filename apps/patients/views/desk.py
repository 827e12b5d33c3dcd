"""The registry's pages at the desk: find somebody, or make a new file. Mounted in the admin."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Invalid
from apps.core.policy import Actor, Fields, Permission
from apps.core.views import actor_of, page, run_form, said
from apps.patients import commands
from apps.patients.forms import RegisterForm
from apps.patients.queries import brief, emergency_accesses, likely_duplicates, search
from apps.patients.rules.duplicates import REASON_NAMES
from apps.patients.rules.phones import digits_of

FOUND = 20
"""People on a page of what was found."""

PHONE_FROM = 7
"""Digits from which what was searched for is taken to be a phone number."""


@page(policy=Permission.PATIENT_READ)
def find(request: HttpRequest) -> HttpResponse:
    """Somebody by phone, name or file number."""
    actor = actor_of(request)
    query = request.GET.get("q", "").strip()[:100]
    shown = Paginator(search(query, actor), FOUND).get_page(request.GET.get("page")) if query else None
    now = timezone.now()
    context = {
        "query": query,
        "page": shown,
        "results": [_person(brief(patient, now, actor)) for patient in shown or []],
        "may_open": actor.may(Permission.BREAK_GLASS) or actor.sees(Fields.PRESCRIBED_TODAY),
        "title": gettext("Register or find"),
    }
    return render(request, "desk/find.html", admin.site.each_context(request) | context)


@page(policy=Permission.PATIENT_REGISTER, methods=("GET", "POST"))
def register(request: HttpRequest) -> HttpResponse:
    """A new file. Who may be the same person is shown first; the second time the desk has decided."""
    actor, now = actor_of(request), timezone.now()
    day = facility_facts(actor.facility_id).day_of(now)  # type: ignore[arg-type]  # staff have one
    if request.method != "POST":
        return _register_page(request, RegisterForm(initial=_first_guess(request.GET.get("q", "")), day=day), [])
    form = RegisterForm(request.POST, day=day)
    if not form.is_valid():
        return _register_page(request, form, [], status=400)
    if not request.POST.get("not_a_duplicate"):
        found = alike(form.cleaned_data, actor, now)
        if found:
            return _register_page(request, form, found, status=409)
    try:
        made = run_form(request, commands.register, lambda patient: {"id": str(patient.id)}, **form.cleaned_data)
    except (Conflict, Invalid) as refusal:
        form.add_error(None, said(refusal))
        return _register_page(request, form, [], status=refusal.status)
    return redirect(_walk_in_url(made["id"]))


def _person(known: Any, **more: Any) -> dict[str, Any]:
    return {**known, "url": _walk_in_url(known["id"]), **more}


def _walk_in_url(patient_id: Any) -> str:
    """Where somebody found gets a number."""
    return f"{reverse('admin:desk_walk_in')}?patient={patient_id}"


def _first_guess(query: str) -> dict[str, str]:
    """What was searched for in vain, as the beginning of a new file."""
    text = query.strip()
    if any(character.isalpha() for character in text):
        return {"name": text}
    return {"phone": text} if len(digits_of(text)) >= PHONE_FROM else {}


def alike(typed: dict[str, Any], actor: Actor, now: datetime, excluding: UUID | None = None) -> list[dict[str, Any]]:
    """People who may be the one typed in, with the reasons in words; but for one whose own record it is."""
    known = {name: typed[name] for name in ("name", "phone", "birth_date", "age")}
    return [
        _person(found["patient"], reasons=[gettext(REASON_NAMES[reason]) for reason in found["reasons"]])
        for found in likely_duplicates(actor=actor, now=now, excluding=excluding, **known)
    ]


def _register_page(
    request: HttpRequest, form: RegisterForm, duplicates: list[dict[str, Any]], status: int = 200
) -> HttpResponse:
    context = {"form": form, "duplicates": duplicates, "title": gettext("New file")}
    return render(request, "desk/register.html", admin.site.each_context(request) | context, status=status)


@page(policy=Permission.BREAK_GLASS_REVIEW)
def emergencies(request: HttpRequest) -> HttpResponse:
    """Who broke the glass and why: those that nobody has looked at first."""
    actor, now = actor_of(request), timezone.now()
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    shown = Paginator(emergency_accesses(), FOUND).get_page(request.GET.get("page"))
    context = {
        "accesses": [{"access": a, "patient": brief(a.patient, now, actor)} for a in shown],
        "page": shown,
        "zone": facility.time_zone,
        "title": gettext("Emergency access"),
    }
    return render(request, "desk/emergencies.html", admin.site.each_context(request) | context)


@page(policy=Permission.BREAK_GLASS_REVIEW, methods=("POST",))
def review_emergency(request: HttpRequest, access_id: UUID) -> HttpResponse:
    """An administrator has looked at an emergency access and says what they found."""
    try:
        run_form(
            request,
            commands.review_emergency_access,
            lambda _access: {},
            access_id=access_id,
            note=request.POST.get("note", ""),
        )
    except (Conflict, Invalid) as refusal:
        messages.warning(request, said(refusal))
    else:
        messages.success(request, gettext("Noted."))
    return redirect("admin:emergencies")
