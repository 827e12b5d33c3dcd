"""From the console somebody is sent on: to another doctor or department, under the same number, for good."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.encounters.views.console import LONGEST_REASON, require_hands
from apps.encounters.views.typing import typed
from apps.queue import commands as queue
from apps.queue.queries.console import console_sequence
from apps.queue.queries.sending import target_of, targets
from apps.queue.queries.visits import visit_of
from apps.queue.rules.states import ACTIVE


@page(policy=Permission.CONSOLE_USE, methods=("GET", "POST"))
def send_on(request: HttpRequest, doctor_id: UUID, visit_id: UUID) -> HttpResponse:
    """Ask where somebody with a doctor goes instead and why, and send them there; the doctor is free then."""
    doctor, _sequence = console_sequence(doctor_id)
    require_hands(actor_of(request), doctor)
    visit = visit_of(visit_id)
    if visit.doctor_id != doctor_id:
        raise NotFound
    context: dict[str, Any] = {"doctor": doctor, "visit": visit, "targets": targets(visit)}
    if request.method == "POST":
        context |= {"reason": typed(request, "reason")[:LONGEST_REASON], "chosen": request.POST.get("place", "")}
        try:
            run_form(
                request,
                queue.transfer,
                lambda moved: {"token": moved[0].token.label},
                visit_id=visit_id,
                expected_version=version_of(request),
                reason=context["reason"],
                **target_of(context["chosen"]),
            )
        except (Conflict, Invalid) as refusal:
            return render(request, "console/send_on.html", context | {"mistake": said(refusal)}, status=refusal.status)
        return redirect("console", doctor_id=doctor_id)
    if visit.state not in ACTIVE:
        context["mistake"] = gettext("This person is not with you any more. Look again.")
    return render(request, "console/send_on.html", context)
