"""Doctors who are away or late: one screen for each, with what it would mean before it is done. In the admin."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.core.errors import Conflict, Invalid
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.core.views import actor_of, page, run_form, said
from apps.patients.queries import brief
from apps.queue import commands
from apps.queue.commands.closing import slots_to_close
from apps.queue.forms import ReasonForm
from apps.queue.leave_forms import DelayForm, FoundPlaceForm, LeaveForm
from apps.queue.queries.away import (
    cases,
    day_of,
    doctor_rows,
    doctor_to_decide,
    holidays_ahead,
    hours_of,
    leave_rows,
    moment_of,
    slot_rows,
    when,
)
from apps.queue.queries.leave import LeavePlan, plan_leave
from apps.queue.views.asked import asked_day
from apps.scheduling.queries import delays_now, doctors, leave_of, places_for, plan_closing, slot_of, stranded_booking


@page(policy=Permission.SCHEDULE_CHANGE)
def away(request: HttpRequest) -> HttpResponse:
    """Who is away or late, and whom somebody has to look after because of it."""
    actor, now = actor_of(request), timezone.now()
    facility = _facility(actor)
    return _show(
        request,
        "desk/away.html",
        title=gettext("Leave and delay"),
        rows=doctor_rows(actor, facility, now),
        cases=cases(actor, facility, now),
        holidays=holidays_ahead(facility, now),
    )


@page(policy=Permission.SCHEDULE_CHANGE)
def doctor(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """One doctor's times: late today, away, and the slots of a day."""
    return _doctor_page(request, doctor_id)


@page(policy=Permission.SCHEDULE_CHANGE, methods=("POST",))
def delay(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """Say how late a doctor is today; everybody whose time changes is told."""
    doctor_to_decide(actor_of(request), doctor_id)
    form = DelayForm(request.POST)
    if not form.is_valid():
        return _doctor_page(request, doctor_id, delay_form=form)
    answer = _run(request, form, commands.delay_doctor, _delayed, doctor_id=doctor_id, **form.cleaned_data)
    if answer is None:
        return _doctor_page(request, doctor_id, delay_form=form)
    _praise(request, answer)
    return redirect("admin:desk_away_doctor", doctor_id)


@page(policy=Permission.SCHEDULE_CHANGE, methods=("GET", "POST"))
def leave(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """What a leave would mean for everybody; then, once somebody has looked at it, the leave."""
    actor, now = actor_of(request), timezone.now()
    facility, person = _facility(actor), doctor_to_decide(actor, doctor_id)
    form = LeaveForm(request.POST if request.method == "POST" else request.GET, time_zone=facility.time_zone)
    if not form.is_valid():
        return _doctor_page(request, doctor_id, leave_form=form)
    starts, ends = form.span
    if request.method == "POST":
        asked = {"starts_at": starts, "ends_at": ends, "reason": form.cleaned_data["reason"]}
        answer = _run(request, form, commands.take_leave, _taken, doctor_id=doctor_id, **asked)
        if answer is None:
            return _doctor_page(request, doctor_id, leave_form=form)
        _praise(request, answer)
        return redirect("admin:desk_away_doctor", doctor_id)
    return _show(
        request,
        "desk/leave_preview.html",
        title=gettext("%(doctor)s away: %(when)s") % {"doctor": named(person), "when": when(facility, starts, ends)},
        form=form,
        back_url=reverse("admin:desk_away_doctor", args=[doctor_id]),
        button=gettext("Enter the leave and tell everybody"),
        **_leave_meaning(plan_leave(doctor_id, starts, ends, now), facility, actor, now),
    )


@page(policy=Permission.SCHEDULE_CHANGE, methods=("GET", "POST"))
def undo(request: HttpRequest, doctor_id: UUID, leave_id: UUID) -> HttpResponse:
    """Ask whether a leave is withdrawn, and do it."""
    actor = actor_of(request)
    person, found = doctor_to_decide(actor, doctor_id), leave_of(leave_id, doctor_id)
    form = forms.Form(request.POST if request.method == "POST" else None)
    back = reverse("admin:desk_away_doctor", args=[doctor_id])
    if request.method == "POST" and form.is_valid():
        answer = _run(request, form, commands.undo_leave, _undone, doctor_id=doctor_id, leave_id=leave_id)
        if answer is not None:
            _praise(request, answer)
            return redirect(back)
    return _show(
        request,
        "desk/confirm.html",
        status=409 if form.errors else 200,
        title=f"{named(person)}: {when(_facility(actor), found.starts_at, found.ends_at)}",
        question=gettext(
            "Withdraw this leave? Its slots open again. Whoever was moved for it within the last hour comes back; "
            "whoever was moved earlier stays where they are now."
        ),
        button=gettext("Withdraw the leave"),
        form=form,
        back_url=back,
    )


@page(policy=Permission.SCHEDULE_CHANGE, methods=("GET", "POST"))
def cancel_slot(request: HttpRequest, slot_id: UUID) -> HttpResponse:
    """What it would mean to cancel a slot, or its session; then the cancellation."""
    actor, now = actor_of(request), timezone.now()
    facility, slot = _facility(actor), slot_of(slot_id)
    person = doctor_to_decide(actor, slot.doctor_id)
    whole = request.GET.get("session") == "1"
    back = f"{reverse('admin:desk_away_doctor', args=[slot.doctor_id])}?day={slot.day}"
    try:
        slots = slots_to_close(slot_id, now, whole_session=whole)
    except Conflict as refusal:
        messages.error(request, said(refusal))
        return redirect(back)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        answer = _run(
            request, form, commands.close_session, _closed, slot_id=slot_id, whole_session=whole, **form.cleaned_data
        )
        if answer is not None:
            _praise(request, answer)
            return redirect(back)
    plan = plan_closing(slot.doctor_id, slots, now, keep_doctor=True)
    hours = f"{moment_of(facility, slots[0].starts_at)}–{facility.clock(slots[-1].ends_at)}"
    return _show(
        request,
        "desk/leave_preview.html",
        status=409 if form.non_field_errors() else 400 if form.errors else 200,
        title=gettext("Cancel %(when)s with %(doctor)s") % {"when": hours, "doctor": named(person)},
        form=form,
        asks=True,
        back_url=back,
        button=gettext("Cancel and tell everybody"),
        **_meaning(plan, facility, actor, now, gettext("Waiting list")),
    )


@page(policy=Permission.SCHEDULE_CHANGE, methods=("GET", "POST"))
def escalation(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Find a place for somebody whom nobody could place, or cancel the booking for a reason."""
    actor, now = actor_of(request), timezone.now()
    facility, row = _facility(actor), stranded_booking(booking_id)
    assert row.token  # whoever is booked has one
    actor.require(Permission.SCHEDULE_CHANGE, Scope(row.facility_id, row.department_id))
    place, give_up, done = _settled(request, row, facility, now)
    if done:
        messages.success(request, gettext("%(token)s is settled.") % {"token": row.token.label})
        return redirect("admin:desk_away")
    form = place if place.errors else give_up
    return _show(
        request,
        "desk/escalation.html",
        status=409 if form.non_field_errors() else 400 if form.errors else 200,
        title=gettext("A place for %(token)s") % {"token": row.token.label},
        patient=brief(row.patient, now, actor),
        was=f"{moment_of(facility, row.at)}, {named(row.doctor)}",
        form=form,
        place=place if place.fields["slot"].choices else None,  # type: ignore[attr-defined]  # a choice
        give_up=give_up,
        back_url=reverse("admin:desk_away"),
    )


def _settled(
    request: HttpRequest, row: Any, facility: FacilityFacts, now: datetime
) -> tuple[FoundPlaceForm, ReasonForm, bool]:
    """Do what one of the page's two forms asks for: both forms, and whether it was done."""
    names = {person.id: named(person) for person in doctors()}
    free = [(str(s.id), f"{hours_of(facility, s)}, {names[s.doctor_id]}") for s in places_for(row, now)]
    posted = request.POST if request.method == "POST" else None
    place = FoundPlaceForm(posted if posted and "slot" in posted else None, places=free)
    give_up = ReasonForm(posted if posted and "slot" not in posted else None)
    answer = None
    if place.is_bound and place.is_valid():
        slot_id = UUID(place.cleaned_data["slot"])
        answer = _run(request, place, commands.place_escalated, _nothing, booking_id=row.id, slot_id=slot_id)
    elif give_up.is_bound and give_up.is_valid():
        reason = give_up.cleaned_data["reason"]
        answer = _run(request, give_up, commands.give_up_escalated, _nothing, booking_id=row.id, reason=reason)
    return place, give_up, answer is not None


def _doctor_page(
    request: HttpRequest, doctor_id: UUID, delay_form: DelayForm | None = None, leave_form: LeaveForm | None = None
) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    facility, person = _facility(actor), doctor_to_decide(actor, doctor_id)
    today = facility.day_of(now)
    late = delays_now(today, now).get(doctor_id, 0)
    day = asked_day(request) or today
    wrong = delay_form or leave_form
    return _show(
        request,
        "desk/away_doctor.html",
        status=200 if wrong is None else 409 if wrong.non_field_errors() else 400,
        title=named(person),
        doctor=person,
        late=late,
        form=wrong,
        delay_form=delay_form or DelayForm(initial={"minutes": late}),
        leave_form=leave_form or LeaveForm(time_zone=facility.time_zone, initial={"first": today}),
        leaves=leave_rows(doctor_id, facility, now),
        day=day,
        day_name=day_of(day),
        slots=slot_rows(doctor_id, day, facility, now),
    )


def _leave_meaning(plan: LeavePlan, facility: FacilityFacts, actor: Actor, now: datetime) -> dict[str, Any]:
    """A leave's meaning, with those who are here already."""
    names = {person.id: named(person) for person in doctors()}
    anybody = gettext("Whoever is free")
    here: list[dict[str, Any]] = [
        {"token": one.visit.token.label, "becomes": names[one.doctor_id] if one.doctor_id else anybody}
        for one in plan.handed
    ]
    here += [{"token": visit.token.label, "becomes": gettext("Left to you"), "open": True} for visit in plan.left]
    return _meaning(plan.bookings, facility, actor, now, gettext("Left to you")) | {"here": here}


def _meaning(plan: Any, facility: FacilityFacts, actor: Actor, now: datetime, unplaced: str) -> dict[str, Any]:
    """Rows for the page: who was when, and becomes what; those without a place first."""
    names = {person.id: named(person) for person in doctors()}
    rows = [
        {
            **brief(one.row.patient, now, actor),
            "token": one.row.token.label,
            "was": moment_of(facility, one.row.at),
            "open": one.slot is None,
            "becomes": f"{hours_of(facility, one.slot)}, {names[one.slot.doctor_id]}" if one.slot else unplaced,
        }
        for one in plan.with_people()
    ]
    return {"rows": sorted(rows, key=lambda row: not row["open"]), "arrived": len(plan.arrived), "slots": plan.closed}


def _run(request: HttpRequest, form: forms.Form, command: Any, render: Callable[..., Any], **arguments: Any) -> Any:
    """Run a command for a form; None when it was refused, which the form then says."""
    try:
        return run_form(request, command, render, **arguments)
    except (Conflict, Invalid) as refusal:
        form.add_error(None, said(refusal))
        return None


def _nothing(_done: Any) -> dict[str, Any]:
    return {}


def _delayed(delayed: Any) -> dict[str, Any]:
    return {"told": len(delayed.shifted) + len(delayed.waiting) - len(delayed.untold), "untold": len(delayed.untold)}


def _taken(taken: Any) -> dict[str, Any]:
    left = sum(1 for one in taken.plan.bookings.decided if one.slot is None) + len(taken.plan.left)
    people = len(taken.plan.bookings.decided) + len(taken.plan.handed)
    return {"told": people - len(taken.untold), "untold": len(taken.untold), "left": left}


def _undone(undone: Any) -> dict[str, Any]:
    return {"told": len(undone.back) - len(undone.untold), "untold": len(undone.untold)}


def _closed(closed: Any) -> dict[str, Any]:
    return {"told": len(closed.plan.decided) - len(closed.untold), "untold": len(closed.untold)}


def _praise(request: HttpRequest, answer: dict[str, int]) -> None:
    """Say what was done: how many were told, whom to call, who is left."""
    told = answer["told"]
    messages.success(
        request,
        ngettext("Done. %(people)d person was told.", "Done. %(people)d people were told.", told) % {"people": told},
    )
    if untold := answer["untold"]:
        words = ngettext(
            "%(people)d person has no phone number: see whom to call.",
            "%(people)d people have no phone number: see whom to call.",
            untold,
        )
        messages.warning(request, words % {"people": untold})
    if left := answer.get("left", 0):
        words = ngettext(
            "%(people)d person found no place and is left to you.",
            "%(people)d people found no place and are left to you.",
            left,
        )
        messages.warning(request, words % {"people": left})


def _facility(actor: Actor) -> FacilityFacts:
    return facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one


def _show(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, template, admin.site.each_context(request) | context, status=status)
