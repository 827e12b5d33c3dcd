"""E-mail through whatever Django sends by: a mail server (SMTP), or a provider's API by django-anymail.

Neither knows a repeat by an id. So an e-mail that may have been taken, because no answer came to it, is not sent again:
a person decides. The server or API is asked for a connection first, since what fails there has taken nothing.
"""

import smtplib
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import translation
from django.utils.translation import gettext
from urllib3.exceptions import NewConnectionError

from apps.core.deadlines import within
from apps.core.errors import sentence
from apps.notifications.channels import DeliveryFailed
from apps.notifications.rules import UNCERTAIN, Outgoing

OPENED_WITHIN, TAKEN_WITHIN, LEFT_WITHIN = 15.0, 45.0, 5.0
"""Seconds until the server is ready, has taken a message, and has said good-bye: within an e-mail's lease."""

FOOT = sentence("You get this because this address was given for messages. To end them: {link}")

REPEATABLE = frozenset({408, 425, 429, 503})
"""What says for certain that nothing was taken, and that another try may help."""

NO_LOGIN = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError)
"""Our own password or settings are wrong: nothing of the message's, and once mended it goes."""


def deliver(message: Outgoing) -> str:
    """Hand an e-mail to the server or provider; the provider's id of it. Raises `DeliveryFailed`."""
    with_server: Any = get_connection(fail_silently=False)
    mail: Any = _mail(message, with_server)
    try:
        within(OPENED_WITHIN, with_server.open, lambda: _cut(with_server))
    except NO_LOGIN as error:
        raise DeliveryFailed("no_login") from error
    except OSError as error:  # all of smtplib's are
        raise DeliveryFailed("timeout" if isinstance(error, TimeoutError) else "unreachable") from error
    try:
        within(TAKEN_WITHIN, lambda: with_server.send_messages([mail]), lambda: _cut(with_server))
    except (OSError, AnymailError, ValueError) as error:
        raise _judged(error) from error
    finally:
        _hang_up(with_server)
    told = getattr(mail, "anymail_status", None)
    return str(told.message_id or "")[:120] if told else ""


def _mail(message: Outgoing, with_server: Any) -> EmailMessage:
    house = urlsplit(settings.PUBLIC_BASE_URL).hostname
    mail = EmailMessage(
        " ".join(message.subject.split()),
        _body(message),
        settings.DEFAULT_FROM_EMAIL,
        [message.recipient],
        headers={"Message-ID": f"<{message.id}@{house}>", "Auto-Submitted": "auto-generated"},
        connection=with_server,
    )
    mail.metadata = {"message_id": str(message.id)}  # type: ignore[attr-defined]  # anymail's: reports give it back
    return mail


def _body(message: Outgoing) -> str:
    if not message.ended_at:
        return message.text
    with translation.override(message.language):
        foot = gettext(FOOT).format(link=message.ended_at)
    return f"{message.text}\n\n-- \n{foot}\n"


def _judged(error: Exception) -> DeliveryFailed:
    """What a failure after the connection stood means for the message."""
    if isinstance(error, AnymailError):
        return _of_provider(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return DeliveryFailed(f"smtp_{max(codes)}", final=min(codes) >= 500)
    if isinstance(error, smtplib.SMTPResponseException):
        return DeliveryFailed(f"smtp_{error.smtp_code}", final=error.smtp_code >= 500)
    if isinstance(error, ValueError):
        return DeliveryFailed("bad_address", final=True)
    return DeliveryFailed(UNCERTAIN, final=True)


def _of_provider(error: AnymailError) -> DeliveryFailed:
    cause, status = error.__cause__, error.status_code
    if isinstance(cause, requests.ConnectTimeout) or _never_connected(cause):
        return DeliveryFailed("unreachable")
    if status in REPEATABLE:
        return DeliveryFailed(f"http_{status}")
    if isinstance(error, requests.RequestException) and (status is None or status < 400 or status >= 500):
        return DeliveryFailed(UNCERTAIN, final=True)
    return DeliveryFailed(f"http_{status}" if status else type(error).__name__, final=True)


def _never_connected(cause: BaseException | None) -> bool:
    inner = cause.args[0] if isinstance(cause, requests.ConnectionError) and cause.args else None
    return isinstance(getattr(inner, "reason", None), NewConnectionError)


def _hang_up(with_server: Any) -> None:
    """End the talk; a server that makes trouble over good-byes has taken what it has taken."""
    try:
        within(LEFT_WITHIN, with_server.close, lambda: _cut(with_server))
    except OSError:
        return


def _cut(with_server: Any) -> None:
    """End it without a word, where there is a line: whoever still listens on it hears that it is cut."""
    line = getattr(getattr(with_server, "connection", None), "sock", None)
    if line:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
