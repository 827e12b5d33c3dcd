"""The demonstration's post: every message that a provider would send. Elsewhere these pages do not exist."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from apps.core.errors import NotFound
from apps.core.policy import PUBLIC
from apps.core.views import page
from apps.notifications.queries import newest_messages

CODES, SHOWN = 5, 100
"""Messages on the page."""


@page(policy=PUBLIC)
def demo_messages(request: HttpRequest) -> HttpResponse:
    """The newest codes, for whoever is signing in, then the newest of all else; the list asks for itself again."""
    _only_in_the_demonstration()
    part = request.headers.get("HX-Request") == "true"
    template = "notifications/_messages.html" if part else "notifications/messages.html"
    shown = newest_messages(CODES, codes=True) + newest_messages(SHOWN, codes=False)
    return _never_kept(render(request, template, {"messages": shown}))


@page(policy=PUBLIC)
def demo_messages_json(request: HttpRequest) -> HttpResponse:
    """`[{to, channel, text, at}]`, newest first."""
    _only_in_the_demonstration()
    told = [
        {"to": m["to"], "channel": m["channel"], "text": m["text"], "at": m["at"].isoformat()}
        for m in newest_messages()
    ]
    return _never_kept(JsonResponse(told, safe=False))


def _only_in_the_demonstration() -> None:
    if not settings.DEMO:
        raise NotFound


def _never_kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
