"""What a family chooses about its messages: text messages or not, and notifications of this browser."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import DomainError, NotFound, sentence
from apps.core.languages import named
from apps.core.policy import Actor, Permission
from apps.core.views import actor_of, page, run_form, said
from apps.notifications import commands
from apps.notifications.queries import browser_marks, mail_address, offers, prefers, push_key, wants
from apps.notifications.rules import Channel
from apps.patients.queries import phone_of_family

TEST = sentence("%(hospital)s: this is a test. Messages about your visits will come like this.")


@page(policy=Permission.PATIENT_OWN, door="login")
def settings(request: HttpRequest) -> HttpResponse:
    """How things stand, and the buttons that change them."""
    return _page(request)


@page(policy=Permission.PATIENT_OWN, methods=("POST",), door="login")
def choose(request: HttpRequest, what: str) -> HttpResponse:
    """One of the buttons was pressed."""
    press = BUTTONS.get(what)
    phone = phone_of_family(actor_of(request))
    if press is None or not phone:
        raise NotFound
    try:
        messages.success(request, gettext(press(request, phone)))
    except DomainError as refusal:
        return _page(request, said(refusal), refusal.status)
    return redirect("me-settings")


def _sms(wanted: bool, done: str) -> Callable[[HttpRequest, str], str]:
    def press(request: HttpRequest, phone: str) -> str:
        run_form(request, commands.want_sms, lambda _none: {}, recipient=phone, wanted=wanted)
        return done

    return press


def _by(channel: Channel, done: str) -> Callable[[HttpRequest, str], str]:
    def press(request: HttpRequest, phone: str) -> str:
        run_form(request, commands.prefer, lambda _none: {}, recipient=phone, channel=channel)
        return done

    return press


def _subscribe(request: HttpRequest, phone: str) -> str:
    told = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    run_form(request, commands.subscribe, lambda _row: {}, recipient=phone, **told)
    return sentence("Notifications are on. Try one with “Send a test”.")


def _unsubscribe(request: HttpRequest, phone: str) -> str:
    """Of the browser that says its address; of all only by the button that says so."""
    ended = None if "everywhere" in request.POST else request.POST.get("endpoint", "")
    run_form(request, commands.unsubscribe, lambda _many: {}, recipient=phone, endpoint=ended)
    return sentence("Notifications are off.") if ended is None else sentence("Notifications on this phone are off.")


def _test(request: HttpRequest, phone: str) -> str:
    actor = actor_of(request)
    hospital = named(facility_facts(actor.facility_id))  # type: ignore[arg-type]  # a code login is some facility's
    words = {"text": gettext(TEST) % {"hospital": hospital}, "language": get_language() or ""}
    run_form(request, commands.test_push, lambda _none: {}, recipient=phone, **words)
    return sentence("A test is on its way. It comes within a minute if the phone lets it through.")


def _give_address(request: HttpRequest, phone: str) -> str:
    actor = actor_of(request)
    hospital = named(facility_facts(actor.facility_id))  # type: ignore[arg-type]  # a code login is some facility's
    about = {"address": request.POST.get("address", ""), "hospital": hospital, "language": get_language() or ""}
    run_form(request, commands.give_address, lambda _row: {}, recipient=phone, **about)
    return sentence("A code is on its way to this address. Type it in below.")


def _confirm_address(request: HttpRequest, phone: str) -> str:
    code = request.POST.get("code", "")[:20]
    refusal = commands.confirm_address(actor=actor_of(request), now=timezone.now(), recipient=phone, code=code)
    if refusal is not None:
        raise refusal
    return sentence("This address is confirmed. Messages that cannot come as SMS come there.")


def _drop_address(request: HttpRequest, phone: str) -> str:
    run_form(request, commands.drop_address, lambda _none: {}, recipient=phone)
    return sentence("The address is forgotten. No messages come by e-mail.")


BUTTONS: dict[str, Callable[[HttpRequest, str], str]] = {
    "sms-on": _sms(wanted=True, done=sentence("Text messages are on.")),
    "sms-off": _sms(wanted=False, done=sentence("Text messages are off.")),
    "whatsapp-on": _by(Channel.WHATSAPP, sentence("Messages come by WhatsApp.")),
    "whatsapp-off": _by(Channel.SMS, sentence("Messages come as text messages.")),
    "email-give": _give_address,
    "email-confirm": _confirm_address,
    "email-drop": _drop_address,
    "email-on": _by(Channel.EMAIL, sentence("What can wait comes by e-mail.")),
    "email-off": _by(Channel.SMS, sentence("Messages come as text messages.")),
    "push-on": _subscribe,
    "push-off": _unsubscribe,
    "push-test": _test,
}
"""Every button by the last word of its address; each answers with a sentence that says what is so now."""


def _page(request: HttpRequest, mistake: str = "", status: int = 200) -> HttpResponse:
    context = _standing(actor_of(request)) | {"mistake": mistake}
    response = render(request, "me/settings.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _standing(actor: Actor) -> dict[str, Any]:
    phone = phone_of_family(actor)
    if not phone:
        return {"phone": ""}
    index = commands.recipient_fingerprint(phone)
    assert actor.facility_id is not None, "a code login is some facility's"
    return {
        "phone": phone[-4:],
        "sms": wants(Channel.SMS, actor.facility_id, index),
        "whatsapp": prefers(Channel.WHATSAPP, actor.facility_id, index),
        "may_whatsapp": offers(Channel.WHATSAPP),
        "may_email": offers(Channel.EMAIL),
        "mailbox": mail_address(actor.facility_id, index),
        "by_email": prefers(Channel.EMAIL, actor.facility_id, index),
        "push_key": push_key(),
        "browsers": browser_marks(actor.facility_id, index),
    }
