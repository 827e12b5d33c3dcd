"""For whoever looks after the system: who did what, and events that could not be delivered."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts, facility_facts, staff_names
from apps.audit.commands import record_opened
from apps.audit.queries import entries
from apps.core.errors import Conflict, Invalid
from apps.core.events import facility_stream
from apps.core.policy import Actor, Permission
from apps.core.relay import parked_events
from apps.core.views import actor_of, live_part, page, run_form, said
from apps.eta.commands import choose_versions
from apps.eta.queries import chosen_versions, last_turn
from apps.queue.queries.lines import desk_stream, sequences_of, stamp
from apps.reporting import commands
from apps.reporting.jobs import MONTH, jobs
from apps.reporting.queries import expected_times, latest_turns, versions_compared
from apps.scheduling.queries import departments

ROWS = 100
JUDGED = timedelta(days=7)
"""How far back predictions are judged on the page."""


@page(policy=Permission.AUDIT_READ)
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Who did or opened what, newest first; of one kind of record, or of one record. Looking is recorded too."""
    actor = actor_of(request)
    kind, record = (request.GET.get(name, "").strip()[:80] for name in ("entity_type", "entity_id"))
    looked_at = ":".join(filter(None, (kind, record)))[:80]
    record_opened(actor=actor, now=timezone.now(), entity_type="audit", entity_id=looked_at)
    found = entries(actor.facility_id, entity_type=kind, entity_id=record)
    shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
    names = staff_names({entry.actor_id for entry in shown if entry.actor_id})
    context = admin.site.each_context(request) | {
        "title": gettext("Audit trail"),
        "entries": [
            {"entry": e, "name": names.get(e.actor_id, "") if e.actor_id else "", "changes": _changes(e, actor)}
            for e in shown
        ],
        "page": shown,
        "asked": {"entity_type": kind, "entity_id": record},
        "zone": _zone(request),
    }
    return render(request, "reporting/audit_trail.html", context)


@page(policy=Permission.AUDIT_READ)
def parked(request: HttpRequest) -> HttpResponse:
    """Events that failed too often and were set aside, so that others go on."""
    found = parked_events().filter(facility_id=actor_of(request).facility_id)
    shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
    context = {"title": gettext("Events set aside"), "events": shown, "page": shown, "zone": _zone(request)}
    return render(request, "reporting/parked_events.html", admin.site.each_context(request) | context)


@page(policy=Permission.MASTERS_CHANGE, methods=("POST",))
def try_again(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Let the relay take an event up again."""
    try:
        run_form(request, commands.try_again, lambda _none: {}, event_id=event_id)
    except Conflict as refusal:
        messages.warning(request, gettext(refusal.detail))
    else:
        messages.success(request, gettext("The event is tried again now."))
    return redirect("admin:parked_events")


@page(policy=Permission.AUDIT_READ)
def expected_times_page(request: HttpRequest) -> HttpResponseBase:
    """How good the expected times were: predicted against actual, today and lately, by doctor. Asked for again by the
    page itself, it answers with today alone."""
    actor, now = actor_of(request), timezone.now()
    facility_id = actor.facility_id
    assert facility_id is not None
    sequence = sequences_of(sorted(departments().values_list("id", flat=True)), facility_stream(facility_id))

    def today() -> dict[str, Any]:
        return _times_of_today(facility_facts(facility_id), now) | {"sequence": sequence}

    if request.headers.get("HX-Request"):
        mark = f"{actor.id} {sequence} {last_turn(facility_id)}"
        return live_part(request, mark, "reporting/_times_today.html", today)
    since = now - JUDGED
    context = {
        "title": gettext("Expected times"),
        "rows": expected_times(facility_id, since),
        "versions": versions_compared(facility_id, since),
        "days": JUDGED.days,
        "may_choose": actor.may(Permission.MASTERS_CHANGE),
        "beside_any": bool(chosen_versions(facility_id).beside),
    }
    return render(request, "reporting/expected_times.html", admin.site.each_context(request) | today() | context)


def _times_of_today(facility: FacilityFacts, now: datetime) -> dict[str, Any]:
    """The turns of today so far, as they were told and as they came."""
    midnight = facility.end_of(facility.day_of(now) - timedelta(days=1))
    return {
        "today": [row for row in expected_times(facility.id, midnight) if row["of_all"]],
        "turns": latest_turns(facility.id, midnight),
        "stream": desk_stream(facility.id),
        "as_of": stamp(now),
        "clock": facility.clock(now),
        "zone": facility.time_zone,
    }


@page(policy=Permission.MASTERS_CHANGE)
def jobs_page(request: HttpRequest) -> HttpResponse:
    """What the house does by itself: when each job ran last, and how it went."""
    found = [(job, gettext(job.does), _often(job.every)) for job in jobs(timezone.now())]
    context = {"title": gettext("Work that is done by itself"), "jobs": found, "zone": _zone(request)}
    return render(request, "reporting/jobs.html", admin.site.each_context(request) | context)


@page(policy=Permission.MASTERS_CHANGE, methods=("POST",))
def choose_method(request: HttpRequest) -> HttpResponse:
    """Show another method's times, or have one predict beside the shown one."""
    shown, beside = (request.POST.get(name, "")[:12] for name in ("shown", "beside"))
    try:
        run_form(request, choose_versions, lambda _choice: {}, shown=shown, beside=beside)
    except Invalid as refusal:
        messages.warning(request, said(refusal))
    else:
        messages.success(request, gettext("This holds from the next move of a queue on."))
    return redirect("admin:expected_times")


def _often(every: timedelta) -> str:
    """`every 5 minutes`, in the reader's language."""
    seconds = int(every.total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 60:
        return ngettext("every second", "every %(count)s seconds", seconds) % {"count": seconds}
    if minutes < 60:
        return ngettext("every minute", "every %(count)s minutes", minutes) % {"count": minutes}
    if hours < 24:
        return ngettext("every hour", "every %(count)s hours", hours) % {"count": hours}
    if every >= MONTH:
        return gettext("once a month")
    return gettext("once a week") if every.days >= 7 else gettext("once a day")


def _changes(entry: Any, reader: Actor) -> list[str]:
    """What became different, value by value: `state: WAITING → CALLED`; of a patient, what the reader may see."""
    before, after = reader.unhidden(entry.before or {}), reader.unhidden(entry.after or {})
    told = []
    for name in before | after:
        was, is_now = (str(values.get(name, "")) for values in (before, after))
        told.append(f"{name}: {was} → {is_now}" if before and after else f"{name}: {was or is_now}")
    return told


def _zone(request: HttpRequest) -> str:
    """The clock that whoever looks lives by."""
    facility_id = actor_of(request).facility_id
    return facility_facts(facility_id).time_zone if facility_id else "UTC"


desk_urls = [
    path("audit-trail/", audit_trail, name="audit_trail"),
    path("expected-times/", expected_times_page, name="expected_times"),
    path("expected-times/method/", choose_method, name="expected_times_method"),
    path("jobs/", jobs_page, name="jobs"),
    path("parked-events/", parked, name="parked_events"),
    path("parked-events/<uuid:event_id>/", try_again, name="parked_event"),
]
"""Mounted by the admin's site before Django's own addresses."""
