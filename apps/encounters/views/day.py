"""A doctor's day so far: whom they saw, and what became of them."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.accounts.queries import facility_facts
from apps.core.policy import Fields, Permission
from apps.core.views import actor_of, page
from apps.encounters.views.console import require_hands
from apps.queue.queries.console import console_sequence
from apps.queue.queries.seen import called_on, seen_rows

ROWS = 50
"""People on a page."""


@page(policy=Permission.CONSOLE_USE)
def day(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """Everybody who was called from this console today, the last one first."""
    actor, now = actor_of(request), timezone.now()
    doctor, _sequence = console_sequence(doctor_id)
    require_hands(actor, doctor)
    today = facility_facts(doctor.facility_id).day_of(now)
    shown = Paginator(called_on(doctor.id, today), ROWS).get_page(request.GET.get("page"))
    context = {
        "doctor": doctor,
        "day": today,
        "page": shown,
        "rows": seen_rows(list(shown), actor, now),
        "sees_records": actor.may(Permission.BREAK_GLASS),
        "sees_notes": actor.sees(Fields.CLINICAL),
    }
    return render(request, "console/day.html", context)
