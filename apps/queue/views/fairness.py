"""The ledger of fairness, and telling everybody who waits. Mounted in the admin."""

from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Invalid
from apps.core.languages import named
from apps.core.policy import Permission, Scope
from apps.core.views import actor_of, page, run_form, said
from apps.queue import commands
from apps.queue.line_forms import AnnouncementForm
from apps.queue.queries.desk import served_departments
from apps.queue.queries.fairness import ROWS, Asked, ledger_rows, overtakings
from apps.queue.views.asked import asked_day
from apps.scheduling.queries import doctor_of


@page(policy=Permission.DESK_USE)
def ledger(request: HttpRequest) -> HttpResponse:
    """Who went before whom on a day, by whose doing, why, and how many minutes it cost."""
    actor, now = actor_of(request), timezone.now()
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    places = served_departments(actor)
    ids = [place.id for place in places]
    asked = Asked(
        day=asked_day(request) or facility.day_of(now),
        department_id=next((id_ for id_ in ids if str(id_) == request.GET.get("department")), None),
        also_rules=request.GET.get("also") == "rules",
    )
    shown = Paginator(overtakings(asked, ids, facility), ROWS).get_page(request.GET.get("page"))
    context = admin.site.each_context(request) | {
        "title": gettext("Who went first"),
        "asked": asked,
        "day": asked.day.isoformat(),
        "places": places,
        "rows": ledger_rows(shown, facility, now),
        "page": shown,
    }
    return render(request, "desk/fairness.html", context)


@page(policy=Permission.QUEUE_ANNOUNCE, methods=("GET", "POST"))
def announce(request: HttpRequest, doctor_id: UUID) -> HttpResponse:
    """Tell everybody who looks at a doctor's queues that things are held up. It moves nobody and no time."""
    actor = actor_of(request)
    doctor = doctor_of(doctor_id)
    for department_id in doctor.department_ids:
        actor.require(Permission.QUEUE_ANNOUNCE, Scope(doctor.facility_id, department_id))
    form = AnnouncementForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            run_form(request, commands.announce_emergency, lambda _told: {}, doctor_id=doctor.id, **form.cleaned_data)
        except (Conflict, Invalid) as refusal:
            form.add_error(None, said(refusal))
        else:
            messages.success(
                request, gettext("Everybody who waits for %(doctor)s is told.") % {"doctor": named(doctor)}
            )
            return redirect("admin:desk_queues")
    context = admin.site.each_context(request) | {
        "title": gettext("Tell everybody who waits for %(doctor)s") % {"doctor": named(doctor)},
        "form": form,
    }
    status = 409 if form.non_field_errors() else 400 if form.errors else 200
    return render(request, "desk/announce.html", context, status=status)
