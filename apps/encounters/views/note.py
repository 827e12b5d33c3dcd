"""The note as pages: saved from the console while it is typed, and afterwards read, signed and added to."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.policy import Permission, Scope, either
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.encounters.commands import add_addendum, save_note, sign_off
from apps.encounters.queries import signed_prescription
from apps.encounters.queries.notes import Written, encounter_json, require_sight, written_of
from apps.encounters.rules.notes import LONGEST_PART, PARTS
from apps.encounters.views.console import require_hands
from apps.encounters.views.typing import note_typed, typed
from apps.patients.commands import note_opened
from apps.patients.queries import brief
from apps.queue.queries.console import console_sequence


@page(policy=Permission.VISIT_CONSULT, methods=("POST",))
def save(request: HttpRequest, doctor_id: UUID, visit_id: UUID) -> HttpResponse:
    """The console saves what was typed: `{version, text}` to show beside it, or why not as `{detail}`."""
    doctor, _sequence = console_sequence(doctor_id)
    require_hands(actor_of(request), doctor)
    try:
        saved = run_form(
            request,
            save_note,
            lambda encounter: {"version": encounter.version},
            visit_id=visit_id,
            version=version_of(request, "note_version"),
            **note_typed(request),
        )
    except (Conflict, Invalid) as refusal:
        return JsonResponse({"detail": said(refusal)}, status=refusal.status)
    clock = facility_facts(doctor.facility_id).clock(timezone.now())
    return JsonResponse(saved | {"text": gettext("Saved %(time)s") % {"time": clock}})


@page(policy=either(Permission.VISIT_CONSULT, Permission.BREAK_GLASS))
def show(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """The note of a visit with what was signed and added. That it was opened is audited."""
    return _page(request, visit_id)


@page(policy=Permission.VISIT_CONSULT, methods=("POST",))
def act(request: HttpRequest, visit_id: UUID, action: str) -> HttpResponse:
    """Sign a note that was left unsigned, or add to one that is signed."""
    try:
        if action == "sign":
            version = version_of(request)
            run_form(request, sign_off, lambda _signed: {}, visit_id=visit_id, version=version)
        elif action == "add":
            run_form(request, add_addendum, lambda _added: {}, visit_id=visit_id, text=typed(request, "text"))
        else:
            raise NotFound
    except (Conflict, Invalid) as refusal:
        return _page(
            request, visit_id, {"refusal": said(refusal), "text": request.POST.get("text", "")}, refusal.status
        )
    return redirect("note", visit_id=visit_id)


def _page(request: HttpRequest, visit_id: UUID, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    written = written_of(visit_id)
    require_sight(actor, written.visit, now)
    note_opened(actor=actor, now=now, patient_id=written.visit.patient_id, by="note")
    visit, told = written.visit, encounter_json(written)
    context = {
        "visit": visit,
        "patient": brief(visit.patient, now, actor),
        "told": told,
        "parts": [(gettext(label), told[part]) for part, label in PARTS.items() if told[part]],
        "outcome": told["outcome"],
        "diagnoses": told["outcome"].diagnoses,
        "prescription": signed_prescription(visit_id),
        "may_add": actor.may(Permission.VISIT_CONSULT, Scope(visit.facility_id, visit.department_id)),
        "may_sign": _may_sign(actor, written),
        "longest": LONGEST_PART,
    }
    return render(request, "console/note.html", context | (more or {}), status=status)


def _may_sign(actor: Any, written: Written) -> bool:
    doctor = written.visit.doctor
    return bool(written.encounter and not written.signed and doctor and doctor.staff_id == actor.id)
