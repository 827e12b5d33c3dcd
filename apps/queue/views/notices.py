"""What the desk is told of at once, above its list of today: who asks for a person, what goes wrong. Mounted in the
admin."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict
from apps.core.policy import Actor, Permission
from apps.core.views import page, run_form, said
from apps.notifications.queries import resting_channels, unsent
from apps.queue import commands
from apps.queue.queries.overview import alert_rows, closed_door_rows, help_rows, look_now_rows

SHOWN = 3
"""Alerts above the list; the page of the queues has them all, so that a bad day does not push the list away."""


def notices(actor: Actor, places: list[Any]) -> dict[str, Any]:
    """What `desk/_notices.html` shows."""
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    alerts = alert_rows(places, facility)
    return {
        "look_now": look_now_rows(places, timezone.now()),
        "help_calls": help_rows(facility),
        "at_closed_doors": closed_door_rows(places),
        "alerts": alerts[:SHOWN],
        "more_alerts": max(0, len(alerts) - SHOWN),
        "unsent": unsent(facility.id, timezone.now()).count() if actor.may(Permission.MESSAGE_HANDLE) else 0,
        "resting": resting_channels(timezone.now()) if actor.may(Permission.MESSAGE_HANDLE) else [],
    }


@page(policy=Permission.DESK_USE, methods=("POST",))
def answer(request: HttpRequest, help_id: UUID) -> HttpResponse:
    """Somebody at the desk goes to where a person was asked for."""
    try:
        gone = run_form(request, commands.answer_help, lambda call: {"place": call.place}, help_id=help_id)
    except Conflict as refusal:
        messages.warning(request, said(refusal))
    else:
        messages.success(request, gettext("You go to %(place)s. The notice is gone for everybody.") % gone)
    return redirect("admin:desk_today")
