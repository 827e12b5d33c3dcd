"""A hospital says things in its own words, or not at all (requirements NTF-3)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.models import LeftOut, OwnWording
from apps.notifications.queries import forget_house_words
from apps.notifications.rules.subjects import LONGEST as LONGEST_SUBJECT
from apps.notifications.rules.wordings import WORDINGS, OwnWords, Wording, require_fit

LONGEST_TEMPLATE = 80


class Reworded(Conflict):
    code = "reworded"
    detail = sentence("Somebody else has changed these words just now. Look at them before you save yours.")


@command
def reword(*, actor: Actor, now: datetime, name: str, language: str, own: OwnWords, expected_version: int) -> None:
    """Say a message in other words from now on; empty words are the usual ones again.

    `expected_version` is that of the words that were looked at, 0 where there were none. Raises what `require_fit`
    refuses, `Invalid`, `Reworded`, `NotFound`.
    """
    facility_id = _require(actor)
    require_fit(_known(name, language), own.text)
    if max(len(own.sms_template), len(own.whatsapp_template)) > LONGEST_TEMPLATE:
        raise Invalid({"sms_template": [sentence("A provider's name for a message has at most 80 characters.")]})
    if len(own.email_subject) > LONGEST_SUBJECT:
        raise Invalid({"email_subject": [sentence("The subject of an e-mail has at most 120 characters.")]})
    about = {"facility_id": facility_id, "name": name, "language": language}
    OwnWording.objects.get_or_create(**about, defaults={"version": 0})
    row = OwnWording.objects.select_for_update().get(**about)
    if row.version != expected_version:
        raise Reworded
    before = _values(row)
    row.text, row.email_subject = own.text, " ".join(own.email_subject.split())
    row.sms_template, row.whatsapp_template = own.sms_template, own.whatsapp_template
    row.version += 1
    row.save()
    _note("message.reworded", facility_id, before, _values(row) | {"message": name, "language": language})
    forget_house_words()


@command
def leave_out(*, actor: Actor, now: datetime, name: str, silent: bool) -> None:
    """Stop sending a message to anybody, or send it again. Raises `NotFound`."""
    facility_id = _require(actor)
    _known(name, settings.LANGUAGE_CODE)
    about: dict[str, Any] = {"facility_id": facility_id, "name": name}
    before = LeftOut.objects.filter(**about).exists()
    if silent:
        LeftOut.objects.get_or_create(**about)
    else:
        LeftOut.objects.filter(**about).delete()
    _note("message.left_out", facility_id, {"message": name, "silent": before}, {"message": name, "silent": silent})
    forget_house_words()


def _require(actor: Actor) -> UUID:
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    assert actor.facility_id is not None, "staff have one"
    return actor.facility_id


def _known(name: str, language: str) -> Wording:
    if name not in WORDINGS or language not in dict(settings.LANGUAGES):
        raise NotFound
    return WORDINGS[name]


def _values(row: OwnWording) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("text", "sms_template", "whatsapp_template", "email_subject")}


def _note(action: str, facility_id: UUID, before: dict[str, Any], after: dict[str, Any]) -> None:
    record(action=action, entity_type="facility", entity_id=facility_id, before=before, after=after)
