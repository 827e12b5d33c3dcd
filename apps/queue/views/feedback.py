"""What people said about their visits. Mounted in the admin; nobody is named on it."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.policy import Permission, Scope
from apps.core.views import actor_of, page
from apps.queue.queries.feedback import LATELY, ROWS, feedback_row, feedback_since, opinions
from apps.scheduling.queries import departments


@page(policy=Permission.FEEDBACK_READ)
def feedback(request: HttpRequest) -> HttpResponse:
    """How content people were in the last weeks, by department, and their words."""
    actor = actor_of(request)
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    since = facility.day_of(timezone.now() - LATELY)
    ids = [d.id for d in departments() if actor.may(Permission.FEEDBACK_READ, Scope(d.facility_id, d.id))]
    only_words = request.GET.get("only") == "words"
    rows = feedback_since(since, ids, with_words=only_words).select_related("department", "doctor")
    shown = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context = admin.site.each_context(request) | {
        "title": gettext("What people said"),
        "since": since,
        "opinions": opinions(feedback_since(since, ids)),
        "rows": [feedback_row(row) for row in shown],
        "only_words": only_words,
        "page": shown,
    }
    return render(request, "desk/feedback.html", context)
