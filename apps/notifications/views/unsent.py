"""What could not be sent: whom somebody has to tell by hand (requirements NTF-2). Mounted in the admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext

from apps.core.errors import Conflict, NotFound, sentence
from apps.core.policy import Actor, Fields, Permission
from apps.core.views import actor_of, page, run_form, said
from apps.notifications import commands
from apps.notifications.models import Message
from apps.notifications.queries import resting_channels, unsent, waiting_in
from apps.notifications.rules import UNCERTAIN
from apps.notifications.rules.wordings import WORDINGS

ROWS = 30

DEEDS: dict[str, tuple[Any, str]] = {
    "again": (commands.send_again, sentence("It is tried again now.")),
    "told": (commands.told_by_hand, sentence("Noted: told by hand.")),
}


@page(policy=Permission.MESSAGE_HANDLE)
def unsent_messages(request: HttpRequest) -> HttpResponse:
    """The messages of the last day that did not go out, and which providers do not answer now."""
    actor = actor_of(request)
    assert actor.facility_id is not None, "staff have one"
    shown = Paginator(unsent(actor.facility_id, timezone.now()), ROWS).get_page(request.GET.get("page"))
    context = admin.site.each_context(request) | {
        "title": gettext("Messages that did not go out"),
        "resting": resting_channels(timezone.now()),
        "waiting": waiting_in(actor.facility_id),
        "rows": [_row(message, actor) for message in shown],
        "page": shown,
    }
    return render(request, "notifications/unsent.html", context)


@page(policy=Permission.MESSAGE_HANDLE, methods=("POST",))
def see_to(request: HttpRequest, message_id: UUID, action: str) -> HttpResponse:
    """Try a message again, or note that its person has been told by hand."""
    if action not in DEEDS:
        raise NotFound
    command, done = DEEDS[action]
    try:
        run_form(request, command, lambda _none: {}, message_id=message_id)
    except Conflict as refusal:
        messages.warning(request, said(refusal))
    else:
        messages.success(request, gettext(done))
    return redirect("admin:unsent_messages")


def _row(message: Message, actor: Actor) -> dict[str, Any]:
    """One message; its number only for whoever sees people's numbers, others get its end."""
    number = message.recipient
    return {
        "id": message.id,
        "at": message.created_at,
        "text": message.text,
        "language": message.language,
        "means": _meaning(message),
        "may_have_come": message.error == UNCERTAIN,
        "too_late": bool(message.not_after and message.not_after <= timezone.now()),
        "number": number if actor.sees(Fields.CONTACT) else "",
        "end": number[-4:],
    }


def _meaning(message: Message) -> str:
    """What a message in another language than the reader's says, without what is filled in; "" for one in theirs."""
    known = WORDINGS.get(message.wording)
    if known is None or message.language == get_language():
        return ""
    return gettext(known.text).format(**dict.fromkeys(known.places, "…"))
