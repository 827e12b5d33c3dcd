"""The start page: my place in the queue, the boards of the halls, the way in for staff."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.views import demo_context
from apps.core.policy import PUBLIC
from apps.core.views import page
from apps.display.queries import boards


@page(policy=PUBLIC)
def start(request: HttpRequest) -> HttpResponse:
    """Three doors."""
    return render(request, "accounts/start.html", {"boards": boards()} | demo_context())
