"""The start page: my place in the queue, the boards of the halls, the way in for staff."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.views import demo_context
from apps.core.policy import PUBLIC
from apps.core.views import actor_if_any, page
from apps.display.queries import boards


@page(policy=PUBLIC)
def start(request: HttpRequest) -> HttpResponse:
    """Three doors."""
    actor = actor_if_any(request)
    found = boards(actor.facility_id if actor else None)
    return render(request, "accounts/start.html", {"boards": found} | demo_context())
