"""A phone in somebody's hand: asks for codes, reads them, types them in."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from apps.accounts.queries.actors import SESSION_KEY
from apps.core.policy import system_actor
from apps.notifications.models import Message
from apps.patients.commands import PatientSignedIn, request_code, sign_in_by_code

PHONE = "+919876543210"
ADDRESS = "192.0.2.7"
REQUEST, VERIFY = "/api/v1/auth/otp/request", "/api/v1/auth/otp/verify"


def messages(phone: str = PHONE) -> list[str]:
    """What came to a phone, the newest first."""
    found = Message.outgoing.order_by("-created_at", "-id")
    return [message.text for message in found if message.recipient == phone]


def code_on(phone: str = PHONE) -> str:
    """The code of the newest message, as the phone itself reads it."""
    found = re.search(r"^@\S+ #(\d{6})\Z", messages(phone)[0], re.MULTILINE)
    assert found
    return found[1]


def wrong_for(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def ask(now: datetime, phone: str = PHONE, address: str = ADDRESS, language: str = "en", **more: Any) -> None:
    request_code(actor=system_actor("code login"), now=now, phone=phone, address=address, language=language, **more)


def enter(now: datetime, code: str, phone: str = PHONE, address: str = ADDRESS) -> PatientSignedIn:
    return sign_in_by_code(now=now, phone=phone, code=code, address=address)


def failed(now: datetime, code: str, **how: Any) -> str:
    """The code of the refusal that an attempt gets."""
    try:
        enter(now, code, **how)
    except Exception as refusal:
        return str(refusal.code)  # type: ignore[attr-defined]
    return ""


def post(path: str, body: Any, client: Client | None = None, **how: Any) -> Any:
    return (client or Client()).post(path, json.dumps(body), content_type="application/json", **how)


MINUTE = timedelta(minutes=1)


def phone_of(now: datetime, phone: str = PHONE) -> Client:
    """A browser on a phone into which the code has just been typed."""
    ask(now, phone)
    signed = enter(now, code_on(phone), phone)
    client = Client()
    session = client.session
    session[SESSION_KEY] = signed.secret
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client
