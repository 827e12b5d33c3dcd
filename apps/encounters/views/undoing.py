"""The wrong button was pressed at the desk: the last move of a visit is taken back. Mounted in the admin."""

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.errors import Conflict
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.encounters.commands import undo
from apps.queue.queries.desk import desk_row, visit_at_desk


@page(policy=Permission.VISIT_HOLD, methods=("GET", "POST"))
def undo_at_desk(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """Ask whether to take the last move back, and do it. Within a minute, by whoever made it."""
    actor = actor_of(request)
    visit = visit_at_desk(visit_id, actor)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            run_form(request, undo, lambda _visit: {}, visit_id=visit_id, expected_version=version_of(request))
        except Conflict as refusal:
            form.add_error(None, said(refusal))
            visit = visit_at_desk(visit_id, actor)
        else:
            messages.success(request, gettext("%(token)s is as it was before.") % {"token": visit.token.label})
            return redirect("admin:desk_today")
    context = admin.site.each_context(request) | {
        "title": gettext("Take back: %(token)s") % {"token": visit.token.label},
        "question": gettext("Everything is as it was before your last step. That it was taken back stays on record."),
        "button": gettext("Take back"),
        "form": form,
        "visit": desk_row(visit, actor, timezone.now()),
        "back_url": reverse("admin:desk_line", args=[visit_id]),
    }
    return render(request, "desk/confirm.html", context, status=409 if form.errors else 200)
