"""A family's results of tests on its own page, after a fresh code."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.core.policy import Permission
from apps.core.views import actor_of, page
from apps.encounters.queries.investigations import being_corrected, own_results, result_shown, results_of
from apps.patients.commands import note_listed
from apps.patients.queries import require_fresh_code

ROWS = 20


@page(policy=Permission.PATIENT_OWN, door="login")
def own(request: HttpRequest) -> HttpResponse:
    """Results that the doctor has looked at. That they were read is on record, for each person they are about."""
    actor, now = actor_of(request), timezone.now()
    require_fresh_code(actor, now)
    shown = Paginator(own_results(actor), ROWS).get_page(request.GET.get("page"))
    results = results_of(shown, released=True)
    rows = [
        {"order": order, "result": result_shown(results[order.id]), "corrected": being_corrected(order)}
        for order in shown
    ]
    note_listed(actor=actor, now=now, patient_ids=[order.patient_id for order in shown], by="results")
    return render(request, "me/results.html", {"rows": rows, "page": shown})
