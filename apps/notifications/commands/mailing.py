"""The e-mail address of a phone number: typed in by whoever holds the phone, confirmed by a code sent there."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.crypto import blind_index
from apps.core.errors import DomainError, Invalid, TooMany, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.commands.choosing import NotOffered
from apps.notifications.commands.sending import recipient_fingerprint, send
from apps.notifications.models import MailAddress, Preference
from apps.notifications.queries import mail_address, mail_codes_since, offers
from apps.notifications.rules import Channel, Kind

LONGEST_MAILBOX = 254
DIGITS = 6
LIFETIME = timedelta(minutes=15)
TRIES = 5
"""Of one code."""

CODES = 5
WINDOW = timedelta(days=1)
"""So many codes go out for one phone, and to one address, in so long: our e-mails are not for pestering others."""

WORDING = sentence(
    "{hospital}: your code is {code}. Type it in on the page where you gave this address. It works for 15 minutes. If"
    " you did not ask for it, do nothing: no messages come here without it."
)


class WrongMailCode(DomainError):
    code = "wrong_mail_code"
    detail = sentence("This code is not right, or it is too old. Look again, or have a new one sent.")


class TooManyMailCodes(TooMany):
    code = "too_many_mail_codes"
    detail = sentence("Too many codes were sent today. Try again tomorrow.")


@command
def give_address(
    *, actor: Actor, now: datetime, recipient: str, address: str, hospital: str, language: str
) -> MailAddress:
    """Note an e-mail address for a number, and send a code there; until that is typed in, nothing else goes there, and
    nothing to the one before it. Raises `NotOffered`, `Invalid`, `TooManyMailCodes`."""
    facility_id, mailbox = _require_own(actor), _mailbox(address)
    if not offers(Channel.EMAIL):
        raise NotOffered
    row = _row(facility_id, recipient, now)
    if now - row.codes_since >= WINDOW:
        row.codes, row.codes_since = 0, now
    if row.codes >= CODES:
        raise TooManyMailCodes(retry_after=int((row.codes_since + WINDOW - now).total_seconds()))
    if mail_codes_since(now - WINDOW, facility_id, recipient_fingerprint(mailbox)) >= CODES:
        raise TooManyMailCodes(retry_after=int(WINDOW.total_seconds()))
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row.address, row.confirmed_at, row.tries = mailbox, None, 0
    row.code_hash, row.code_until, row.codes = _seal(row, code), now + LIFETIME, row.codes + 1
    row.save()
    with translation.override(language):
        text = gettext(WORDING).format(hospital=hospital, code=code)
    send(
        kind=Kind.EMAIL_CODE,
        channel=Channel.EMAIL,
        recipient=mailbox,
        text=text,
        dedupe_key=f"email_code:{uuid4()}",
        language=language,
        urgent=True,
        not_after=row.code_until,
    )
    _note("messages.email_given", recipient)
    return row


@command
def confirm_address(*, actor: Actor, now: datetime, recipient: str, code: str) -> DomainError | None:
    """Take the code that was sent to an address: from now on messages may go there. A wrong one is returned, not
    raised, so that the try counts."""
    facility_id = _require_own(actor)
    row = mail_address(facility_id, recipient_fingerprint(recipient))
    if row is None:
        return WrongMailCode()
    open_codes = MailAddress.objects.filter(id=row.id, code_until__gt=now, tries__lt=TRIES).exclude(code_hash="")
    if not open_codes.update(tries=F("tries") + 1):
        return WrongMailCode()
    typed = "".join(letter for letter in code if letter.isdigit())
    if not MailAddress.objects.filter(id=row.id, code_hash=_seal(row, typed)).update(
        confirmed_at=now, code_hash="", code_until=None
    ):
        _note("messages.email_refused", recipient)
        return WrongMailCode()
    _note("messages.email_confirmed", recipient)
    return None


@command
def drop_address(*, actor: Actor, now: datetime, recipient: str) -> None:
    """Send nothing by e-mail any more, and forget the address."""
    facility_id, index = _require_own(actor), recipient_fingerprint(recipient)
    about = {"facility_id": facility_id, "recipient_index": index}
    MailAddress.objects.filter(**about).update(address="", confirmed_at=None, code_hash="", code_until=None)
    Preference.objects.filter(**about, channel=Channel.EMAIL).delete()
    _note("messages.email_dropped", recipient)


@command
def forget_unconfirmed(*, actor: Actor, now: datetime) -> int:
    """Delete addresses that nobody has confirmed, and what is left of those given up, once their codes no longer
    count; how many. Safe to run twice."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    over = MailAddress.objects.filter(confirmed_at__isnull=True, codes_since__lte=now - WINDOW)
    gone, _ = over.exclude(code_until__gt=now).delete()
    return gone


def _row(facility_id: UUID, recipient: str, now: datetime) -> MailAddress:
    """The number's row, locked. What was sent to it counts on, whatever address it has."""
    about = {"facility_id": facility_id, "recipient_index": recipient_fingerprint(recipient)}
    MailAddress.objects.get_or_create(**about, defaults={"address": "", "codes_since": now})
    return MailAddress.objects.select_for_update().get(**about)


def _mailbox(text: str) -> str:
    mailbox = text.strip()
    try:
        validate_email(mailbox)
    except ValidationError:
        mailbox = ""
    if not 0 < len(mailbox) <= LONGEST_MAILBOX or not mailbox.isascii():
        raise Invalid({"address": [sentence("Give a whole e-mail address, for example asha@mail.example.")]})
    return mailbox


def _seal(row: MailAddress, code: str) -> str:
    return blind_index(f"{row.id}:{row.address}:{code}", "notifications.mail_code")


def _require_own(actor: Actor) -> UUID:
    actor.require(Permission.PATIENT_OWN, Scope(actor.facility_id))
    assert actor.facility_id is not None, "a code login is some facility's"
    return actor.facility_id


def _note(action: str, recipient: str) -> None:
    """An audit row about a number, which is named by its fingerprint; the address stands in no row."""
    record(action=action, entity_type="recipient", entity_id=recipient_fingerprint(recipient))
