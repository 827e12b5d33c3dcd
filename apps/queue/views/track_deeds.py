"""What somebody does on the page behind their link: late, back, giving up, another time, how it was. No sign-in."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import actor_of_tracking, facility_facts
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.policy import PUBLIC, Actor
from apps.core.views import page, run_form, said, version_of
from apps.queue import commands
from apps.queue.commands.consulting import BY_PATIENT
from apps.queue.models import Visit
from apps.queue.patient_forms import FeedbackForm
from apps.queue.queries.bookings import check_json
from apps.queue.queries.track import track_sequence, track_view
from apps.queue.queries.track_booking import LATE_CHOICES
from apps.queue.rules.states import GIVES_UP
from apps.queue.views.track import kept_from_others
from apps.scheduling.queries import was_cancelled_by_us

Deed = Callable[[HttpRequest, Actor, str, Any], HttpResponseBase]
"""What is done, by the holder of the link, with what it shows: a visit, or a booking of which none has come yet."""


def _by_link(deed: Deed, *methods: str) -> Callable[..., HttpResponseBase]:
    """A page of whoever holds a link. Where somebody was faster, the page that it leads back to says how it stands."""

    @page(policy=PUBLIC, methods=methods or ("POST",))
    @kept_from_others("same-origin")
    def view(request: HttpRequest, code: str) -> HttpResponseBase:
        holder = actor_of_tracking(code, timezone.now())
        if holder is None or holder.subject_id is None:
            return render(request, "track/expired.html", status=404)
        with scope(facility=holder.facility_id):
            shown, _sequence = track_sequence(holder.subject_id)
            with suppress(Conflict, NotFound):
                return deed(request, holder, code, shown)
        return redirect("track", code=code)

    return view


def _run(request: HttpRequest, command: Any, holder: Actor, **arguments: Any) -> None:
    run_form(request, command, lambda _done: {}, actor=holder, **arguments)


def _here(request: HttpRequest, holder: Actor, code: str, shown: Any) -> HttpResponseBase:
    """Back at the station that the page shows, which need not be the one that the link was made for."""
    if isinstance(shown, Visit):
        _run(request, commands.say_here, holder, visit_id=shown.id)
    return redirect("track", code=code)


def _late(request: HttpRequest, holder: Actor, code: str, shown: Any) -> HttpResponseBase:
    """Somebody who waits goes out for a while; somebody who is booked comes later."""
    minutes = request.POST.get("minutes", "")
    if not minutes.isdecimal() or len(minutes) > 4 or int(minutes) not in LATE_CHOICES:
        raise Invalid
    if isinstance(shown, Visit):
        _run(request, commands.say_late, holder, visit_id=shown.id, minutes=int(minutes))
    else:
        _run(request, commands.come_late, holder, booking_id=shown.id, minutes=int(minutes))
    return redirect("track", code=code)


def _cancel(request: HttpRequest, holder: Actor, code: str, shown: Any) -> HttpResponseBase:
    """Say what giving up means, and do it."""
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "GET" and isinstance(shown, Visit) and shown.state not in GIVES_UP:
        return redirect("track", code=code)  # nothing to ask: the page says how it stands
    if request.method == "POST":
        command, about = _giving_up(shown)
        try:
            _run(request, command, holder, expected_version=version_of(request), **about)
        except Conflict as refusal:
            form.add_error(None, said(refusal))
            shown, _sequence = track_sequence(shown.id)
        else:
            return redirect("track", code=code)
    return _asked(request, code, shown, form)


def _giving_up(shown: Any) -> tuple[Any, dict[str, Any]]:
    if isinstance(shown, Visit):
        return commands.cancel_own, {"visit_id": shown.id}
    return commands.cancel_booking, {"booking_id": shown.id, "reason": BY_PATIENT}


def _asked(request: HttpRequest, code: str, shown: Any, form: forms.Form) -> HttpResponse:
    now: datetime = timezone.now()
    view = track_view(shown, "", now)
    check = None if isinstance(shown, Visit) else check_json(shown, now)
    context = {"view": view, "code": code, "check": check, "form": form}
    return render(request, "track/cancel.html", context, status=409 if form.errors else 200)


def _again(request: HttpRequest, holder: Actor, code: str, shown: Any) -> HttpResponseBase:
    """Another time in place of the one that the hospital has cancelled. Who has one already is shown it."""
    try:
        slot_id = UUID(request.POST.get("slot", ""))
    except ValueError:
        raise Invalid from None
    if isinstance(shown, Visit) or not was_cancelled_by_us(shown):
        return redirect("track", code=code)
    form = forms.Form(request.POST)
    try:
        _run(request, commands.take_other_time, holder, booking_id=shown.id, slot_id=slot_id)
    except Conflict as refusal:
        form.add_error(None, said(refusal))
        context = _page_of(code, shown) | {"form": form}
        return render(request, "track/track.html", context, status=409)
    return redirect("track", code=code)


def _page_of(code: str, shown: Any) -> dict[str, Any]:
    """What the link's own page shows now."""
    shown, sequence = track_sequence(shown.id)
    view = track_view(shown, sequence, timezone.now())
    return {"view": view, "code": code, "hospital": facility_facts(shown.facility_id).name}


def _feedback(request: HttpRequest, holder: Actor, code: str, shown: Any) -> HttpResponseBase:
    """A face for a finished visit, with or without words. Words that are too long come back with what is wrong."""
    form = FeedbackForm(request.POST)
    valid = form.is_valid()
    if "face" in form.errors:
        raise Invalid
    if not isinstance(shown, Visit):
        return redirect("track", code=code)
    if not valid:
        return _wordy(request, code, shown, form)
    words = form.cleaned_data["comment"] if "comment" in request.POST else None
    about = {"visit_id": shown.id, "face": form.cleaned_data["face"], "comment": words}
    _run(request, commands.say_how_it_was, holder, **about)
    return redirect("track", code=code)


def _wordy(request: HttpRequest, code: str, shown: Visit, form: FeedbackForm) -> HttpResponse:
    """The page with the words as they were typed, so that nothing is lost, and what is wrong with them."""
    context = _page_of(code, shown)
    if context["view"]["feedback"] is None:
        raise NotFound
    typed = {"comment": request.POST.get("comment", ""), "mistake": form.errors["comment"][0]}
    context["view"]["feedback"] |= {"said": form.cleaned_data["face"], **typed}
    return render(request, "track/track.html", context, status=400)


here = _by_link(_here)
late = _by_link(_late)
cancel = _by_link(_cancel, "GET", "POST")
again = _by_link(_again)
feedback = _by_link(_feedback)
