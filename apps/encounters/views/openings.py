"""Who opened a record: on the family's own page, and for the administration at the desk."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from apps.audit.commands import record_opened
from apps.core.policy import Permission
from apps.core.views import actor_of, page
from apps.encounters.queries.openings import openings_of, openings_told
from apps.patients.queries import brief, get, own_person, require_fresh_code

ROWS = 30
"""Openings on a page."""


@page(policy=Permission.PATIENT_OWN, door="login")
def own(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Who opened the record of somebody under a phone, after a fresh code."""
    actor = actor_of(request)
    require_fresh_code(actor, timezone.now())
    person = own_person(actor, patient_id)
    return render(request, "me/opened.html", {"person": person} | _shown(request, person))


@page(policy=Permission.AUDIT_READ)
def at_desk(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Who opened a record, for who looks after that. Looking is recorded, too."""
    actor, now = actor_of(request), timezone.now()
    person = get(patient_id)
    record_opened(actor=actor, now=now, entity_type="audit", entity_id=f"patient:{patient_id}")
    context = admin.site.each_context(request) | {
        "title": gettext("Who opened this record"),
        "person": brief(person, now, actor),
    }
    return render(request, "desk/opened.html", context | _shown(request, person))


def _shown(request: HttpRequest, person: Any) -> dict[str, Any]:
    shown = Paginator(openings_of(person), ROWS).get_page(request.GET.get("page"))
    return {"page": shown, "openings": openings_told(list(shown), person.id)}
