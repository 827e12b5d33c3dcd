"""A patient's record to read: past visits with what was prescribed, and the glass that can be broken."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.core.policy import Fields, Permission
from apps.core.views import actor_of, page, run_form, said
from apps.encounters.queries import history, history_values
from apps.encounters.queries.investigations import results_by_visit
from apps.patients.commands import break_glass, end_break_glass, note_opened
from apps.patients.queries import brief
from apps.patients.queries import get as get_patient
from apps.patients.rules.emergency import LASTS, LONGEST_REASON, SHORTEST_REASON

ROWS = 20
"""Visits on a page."""


@page(policy=Permission.PATIENT_READ)
def record(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The visits that somebody may read. Who may read none, but may break the glass, is offered that."""
    return _page(request, patient_id)


@page(policy=Permission.BREAK_GLASS, methods=("POST",))
def open_all(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Break the glass."""
    reason = request.POST.get("reason", "")
    try:
        run_form(request, break_glass, lambda _access: {}, patient_id=patient_id, reason=reason)
    except (Conflict, Invalid) as refusal:
        return _page(request, patient_id, {"refusal": said(refusal), "reason": reason}, refusal.status)
    return redirect("record", patient_id=patient_id)


@page(policy=Permission.BREAK_GLASS, methods=("POST",))
def close(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Close the record again; one that has ended by itself is closed too."""
    with suppress(Conflict):
        run_form(request, end_break_glass, lambda _access: {}, patient_id=patient_id)
    return redirect("record", patient_id=patient_id)


def _page(
    request: HttpRequest, patient_id: UUID, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    patient = get_patient(patient_id)
    may_break = actor.may(Permission.BREAK_GLASS)
    context: dict[str, Any] = {
        "patient": brief(patient, now, actor),
        "may_break": may_break,
        "minutes": int(LASTS.total_seconds() // 60),
        "shortest": SHORTEST_REASON,
        "longest": LONGEST_REASON,
    }
    try:
        found = history(actor, patient_id, now)
    except Forbidden:
        if not may_break:
            raise
    else:
        shown = Paginator(found.visits, ROWS).get_page(request.GET.get("page"))
        clinical = bool(found.access) or actor.sees(Fields.CLINICAL)
        results = results_by_visit(visit.id for visit in shown) if clinical else {}
        told = zip(shown, history_values(list(shown), found, actor), strict=True)
        visits = [values | {"on": visit.day, "results": results.get(visit.id, [])} for visit, values in told]
        context |= {"page": shown, "visits": visits, "sees_notes": clinical}
        if found.access:
            context["until"] = facility_facts(patient.facility_id).clock(found.access.ends_at)
        note_opened(actor=actor, now=now, patient_id=patient_id, by="history")
    return render(request, "console/record.html", context | (more or {}), status=status)
