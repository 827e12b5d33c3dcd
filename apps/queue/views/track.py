"""Pages of somebody who waits: their place in the queue, and checking in with the hall's code. No sign-in."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import actor_of_tracking, behind_door, draw_checkin, facility_facts
from apps.accounts.rules.links import SignedLink
from apps.core.errors import DomainError, NotFound
from apps.core.languages import named
from apps.core.policy import PUBLIC, Actor
from apps.core.views import live_part, page, run_form, said
from apps.queue import commands
from apps.queue.models import Visit
from apps.queue.patient_forms import SelfCheckInForm
from apps.queue.queries.links import code_in, comes_by
from apps.queue.queries.track import track_sequence, track_view
from apps.queue.queries.track_booking import booking_calendar
from apps.scheduling.queries import department_of

View = Callable[..., HttpResponseBase]


def kept_from_others(referrer: str) -> Callable[[View], View]:
    """The address is the key: no cache, no search engine, no other site learns it.

    A page with a form must name its own origin when it is sent (`same-origin`), or its protection against forged
    requests would refuse it.
    """

    def keep(view: View) -> View:
        @wraps(view)
        def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "no-store"
            response["Referrer-Policy"] = referrer
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return private

    return keep


@page(policy=PUBLIC)
@kept_from_others("no-referrer")
def enter_code(request: HttpRequest) -> HttpResponseBase:
    """From a code typed in, or from a whole address pasted in its place, to the page."""
    code = code_in(request.GET.get("code", "")[:200])
    return redirect("track", code=code) if code else redirect("start")


@page(policy=PUBLIC)
@kept_from_others("same-origin")
def track(request: HttpRequest, code: str) -> HttpResponseBase:
    """Where a visit or a booking stands. An unknown code and one that has ended look the same, so that nothing can be
    guessed."""
    now = timezone.now()
    holder = actor_of_tracking(code, now)
    if holder is None or holder.subject_id is None:
        return render(request, "track/expired.html", status=404)
    with scope(facility=holder.facility_id):
        shown, sequence = track_sequence(holder.subject_id)

        def context() -> dict[str, Any]:
            return {"view": track_view(shown, sequence, now), "code": code}

        if request.headers.get("HX-Request"):
            return live_part(request, f"{shown.id} {sequence} {now:%H:%M}", "track/_track.html", context)
        return render(request, "track/track.html", context() | {"hospital": named(facility_facts(shown.facility_id))})


@page(policy=PUBLIC)
@kept_from_others("no-referrer")
def calendar(request: HttpRequest, code: str) -> HttpResponseBase:
    """A booking that nobody has come for yet, as a file for the phone's own calendar."""
    now = timezone.now()
    holder = actor_of_tracking(code, now)
    if holder is None or holder.subject_id is None:
        raise NotFound
    with scope(facility=holder.facility_id):
        shown, _sequence = track_sequence(holder.subject_id)
        if isinstance(shown, Visit):
            raise NotFound
        return HttpResponse(booking_calendar(shown, code, now), content_type="text/calendar; charset=utf-8")


@page(policy=PUBLIC)
@kept_from_others("same-origin")
def door(request: HttpRequest, word: str) -> HttpResponseBase:
    """A screen's code was scanned: whoever comes gets a link of their own, by which they check in once."""
    now = timezone.now()
    try:
        department_id = behind_door(word, now)
    except DomainError as refusal:
        return _check_in_page(request, None, {"refusal": said(refusal)}, refusal.status)
    return redirect(f"{reverse('check-in')}?{urlencode({'h': draw_checkin(department_id, now)})}")


@page(policy=PUBLIC, methods=("GET", "POST"))
@kept_from_others("same-origin")
def check_in(request: HttpRequest) -> HttpResponseBase:
    """The hall's code was scanned: who are you? Then straight to the own page."""
    token = request.GET.get("h", "")
    try:
        holder, link = comes_by(token)
    except DomainError as refusal:
        return _check_in_page(request, None, {"refusal": said(refusal)}, refusal.status)
    with scope(facility=holder.facility_id):
        department = department_of(holder.subject_id)  # type: ignore[arg-type]  # such a link is made for a department
        where = {"department": named(department), "hospital": named(facility_facts(department.facility_id))}
        if request.method != "POST":
            return _check_in_page(request, SelfCheckInForm(), where)
        form = SelfCheckInForm(request.POST)
        if not form.is_valid():
            return _check_in_page(request, form, where, 400)
        return _checked_in(request, form, (holder, link), where)


def _checked_in(
    request: HttpRequest, form: SelfCheckInForm, come: tuple[Actor, SignedLink], where: dict[str, Any]
) -> HttpResponseBase:
    holder, link = come
    try:
        arrived = run_form(
            request,
            commands.self_check_in,
            lambda arrived: {"code": arrived.tracking_code},
            actor=holder,
            link=link,
            department_id=holder.subject_id,
            **form.cleaned_data,
        )
    except DomainError as refusal:
        form.add_error(None, said(refusal))
        return _check_in_page(request, form, where, refusal.status)
    return redirect("track", code=arrived["code"])


def _check_in_page(
    request: HttpRequest, form: SelfCheckInForm | None, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, "track/check_in.html", {"form": form} | more, status=status)
