"""The prescription on paper: printed or as a file, for staff who may read it and for the family's own page."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.core import paper
from apps.core.policy import Permission
from apps.core.views import actor_of, page
from apps.encounters.queries.sheet import own_prescribed, own_prescribed_visit, readable_visit, sheet_of
from apps.encounters.rules.papers import TITLES, kind_of
from apps.patients.commands import note_opened
from apps.patients.queries import require_fresh_code

ROWS = 20
"""Prescriptions on a page of the family's list."""

TEMPLATE = "prescription.typ"


@page(policy=Permission.PATIENT_READ)
def show(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """The paper as a page to print, A5. `?language=` chooses another language than the patient's."""
    visit, sheet = _for_staff(request, visit_id)
    note_opened(
        actor=actor_of(request), now=timezone.now(), patient_id=visit.patient_id, by="prescription print", each=True
    )
    print_now = request.GET.get("print") == "now"
    context = {"sheet": sheet, "visit": visit, "languages": settings.LANGUAGES, "print_now": print_now}
    return render(request, "console/paper.html", context | {"heading": TITLES[sheet["kind"]]})


@page(policy=Permission.PATIENT_READ)
def file(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """The same as a PDF file."""
    visit, sheet = _for_staff(request, visit_id)
    made = paper.pdf(TEMPLATE, sheet)
    note_opened(
        actor=actor_of(request), now=timezone.now(), patient_id=visit.patient_id, by="prescription file", each=True
    )
    return paper.download(made, sheet["name"])


@page(policy=Permission.PRESCRIPTION_READ_OWN, door="login")
def own_list(request: HttpRequest) -> HttpResponse:
    """What was prescribed to the people under a phone, after a fresh code."""
    actor, now = actor_of(request), timezone.now()
    require_fresh_code(actor, now)
    shown = Paginator(own_prescribed(actor), ROWS).get_page(request.GET.get("page"))
    for visit in shown:
        visit.paper = TITLES[kind_of(prescribed=visit.prescribed, signed=visit.noted)]
    return render(request, "me/prescriptions.html", {"visits": shown, "page": shown})


@page(policy=Permission.PRESCRIPTION_READ_OWN, door="login")
def own_show(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """One of them, to read."""
    visit, sheet = _for_family(request, visit_id)
    note_opened(actor=actor_of(request), now=timezone.now(), patient_id=visit.patient_id, by="prescription")
    return render(request, "me/prescription.html", {"sheet": sheet, "visit": visit, "heading": TITLES[sheet["kind"]]})


@page(policy=Permission.PRESCRIPTION_READ_OWN, door="login")
def own_file(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """One of them, to keep."""
    visit, sheet = _for_family(request, visit_id)
    made = paper.pdf(TEMPLATE, sheet)
    note_opened(
        actor=actor_of(request), now=timezone.now(), patient_id=visit.patient_id, by="prescription file", each=True
    )
    return paper.download(made, sheet["name"])


def _for_staff(request: HttpRequest, visit_id: UUID) -> tuple[Any, dict[str, Any]]:
    visit, whole = readable_visit(actor_of(request), visit_id, timezone.now())
    return visit, sheet_of(visit, whole=whole, language=request.GET.get("language", ""))


def _for_family(request: HttpRequest, visit_id: UUID) -> tuple[Any, dict[str, Any]]:
    actor = actor_of(request)
    require_fresh_code(actor, timezone.now())
    visit = own_prescribed_visit(actor, visit_id)
    return visit, sheet_of(visit)
