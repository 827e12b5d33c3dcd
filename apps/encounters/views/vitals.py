"""Vital signs, allergies and long-term conditions: one page for the nurse at triage and for the doctor."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.policy import Fields, Permission, Scope
from apps.core.views import actor_of, page, run_form, said
from apps.encounters.commands import take_vitals
from apps.encounters.queries.vitals import in_danger, vitals_of, vitals_row
from apps.encounters.rules.vitals import SIGNS
from apps.encounters.views.typing import measured
from apps.patients.commands import note_health_fact, note_opened, set_fact_status
from apps.patients.queries import brief, health_facts
from apps.patients.rules.health import (
    FACT_STATUS_NAMES,
    KIND_NAMES,
    LONGEST_FACT,
    SEVERITY_NAMES,
    FactKind,
    FactStatus,
)
from apps.queue.queries.visits import visit_of
from apps.queue.rules.states import OPEN

LAST = 5
"""Measurements that are shown."""


class FactForm(forms.Form):
    """An allergy or a long-term condition."""

    kind = forms.ChoiceField(label=_("kind"), choices=[(k.value, _(name)) for k, name in KIND_NAMES.items()])
    what = forms.CharField(label=_("substance or condition"), max_length=LONGEST_FACT)
    reaction = forms.CharField(label=_("reaction"), max_length=LONGEST_FACT, required=False)
    severity = forms.ChoiceField(
        label=_("severity"),
        choices=[("", "—"), *((s.value, _(name)) for s, name in SEVERITY_NAMES.items())],
        required=False,
    )
    since_year = forms.IntegerField(label=_("since the year"), required=False)


@page(policy=Permission.HEALTH_NOTE)
def show(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """What was measured and what is noted, with forms for more. That it was opened is audited."""
    return _page(request, visit_id)


@page(policy=Permission.HEALTH_NOTE, methods=("POST",))
def act(request: HttpRequest, visit_id: UUID, action: str) -> HttpResponse:
    """Something was measured, noted, or is over."""
    deed = {"take": _take, "note": _note, "status": _status}.get(action)
    if deed is None:
        raise NotFound
    visit = _visit(request, visit_id)
    try:
        messages.success(request, deed(request, visit))
    except (Conflict, Invalid) as refusal:
        typed = {"refusal": said(refusal), "typed": request.POST.dict(), "fact_form": FactForm(request.POST)}
        return _page(request, visit_id, typed, refusal.status)
    return redirect("vitals", visit_id=visit_id)


def _take(request: HttpRequest, visit: Any) -> str:
    field = forms.DecimalField(max_digits=6, decimal_places=2, required=False)
    signs: dict[str, Any] = {name: measured(request, name, field) for name in SIGNS}
    run_form(request, take_vitals, lambda _taken: {}, visit_id=visit.id, **signs)
    return gettext("Vital signs are saved.")


def _note(request: HttpRequest, visit: Any) -> str:
    form = FactForm(request.POST)
    if not form.is_valid():
        raise Invalid
    about = form.cleaned_data | {"kind": FactKind(form.cleaned_data["kind"])}
    run_form(request, note_health_fact, lambda _fact: {}, patient_id=visit.patient_id, **about)
    return gettext("It is noted.")


def _status(request: HttpRequest, visit: Any) -> str:
    try:
        told: dict[str, Any] = {
            "fact_id": UUID(request.POST.get("fact", "")),
            "status": FactStatus(request.POST.get("status", "")),
        }
    except ValueError:
        raise Invalid from None
    run_form(request, set_fact_status, lambda _fact: {}, patient_id=visit.patient_id, **told)
    return gettext("It is noted.")


def _visit(request: HttpRequest, visit_id: UUID) -> Any:
    actor, visit = actor_of(request), visit_of(visit_id)
    actor.require(Permission.HEALTH_NOTE, Scope(visit.facility_id, visit.department_id))
    actor.require_sight(Fields.HEALTH)
    return visit


def _page(request: HttpRequest, visit_id: UUID, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    actor, now, visit = actor_of(request), timezone.now(), _visit(request, visit_id)
    note_opened(actor=actor, now=now, patient_id=visit.patient_id, by="vitals")
    typed = (more or {}).get("typed", {})
    clock = facility_facts(visit.facility_id).clock
    taken = list(vitals_of(visit.patient_id)[:LAST])
    context = {
        "visit": visit,
        "patient": brief(visit.patient, now, actor),
        "goes_on": visit.state in OPEN,
        "signs": [
            {"name": name, "label": gettext(sign.name), "unit": sign.unit, "typed": typed.get(name, "")}
            for name, sign in SIGNS.items()
        ],
        "taken": [
            {
                "day": one.taken_at,
                "at": clock(one.taken_at),
                "by": one.taken_by.name,
                "row": vitals_row(one.values, one.age),
            }
            for one in taken
        ],
        "dangerous": bool(in_danger([visit.patient_id], now)),
        "may_urge": actor.may(Permission.DESK_USE),
        "facts": [
            {"fact": fact, "kind": gettext(KIND_NAMES[FactKind(fact.kind)]), "severity": fact.get_severity_display()}
            for fact in health_facts(visit.patient_id)
        ],
        "statuses": [
            (status.value, gettext(FACT_STATUS_NAMES[status])) for status in (FactStatus.RESOLVED, FactStatus.REFUTED)
        ],
        "fact_form": FactForm(),
    }
    return render(request, "console/vitals.html", context | (more or {}), status=status)
