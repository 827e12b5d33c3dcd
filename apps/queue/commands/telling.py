"""What people are told whose booking moved: in their language, once, in the transaction that moved it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.commands import step, unit
from apps.core.outbox import emit
from apps.notifications.commands import send
from apps.notifications.rules import Kind
from apps.queue import events

SOON = timedelta(hours=24)
"""A message about something so near is sent at once, also at night."""


@step
def tell_people(rows: Sequence[Any], kind: Kind, wording: str, change: str, **words: str) -> list[Any]:
    """Tell whoever these bookings or visits are for, once for a change; those who have no phone.

    `wording` may name `{hospital}`, `{token}`, `{doctor}`, `{when}` and the `words`.
    """
    prefetch_related_objects(rows, "patient", "doctor", "token")
    for row in rows:
        if row.patient.phone:
            _send(row, kind, wording, change, words)
    return [row for row in rows if not row.patient.phone]


def _send(row: Any, kind: Kind, wording: str, change: str, words: dict[str, str]) -> None:
    facility, language = facility_facts(row.facility_id), row.patient.language
    at = getattr(row, "at", None)  # a visit has no time of its own: whoever it is for is here
    with translation.override(language):
        known = {
            "hospital": facility.name,
            "token": row.token.label,
            "doctor": row.doctor.name if row.doctor else gettext("the next free doctor"),
            "when": date_format(at.astimezone(ZoneInfo(facility.time_zone)), "j F, H:i") if at else "",
        }
        text = gettext(wording).format(**(known | words))
    send(
        kind=kind,
        recipient=row.patient.phone,
        text=text,
        dedupe_key=f"{kind}:{change}:{row.id}",
        language=language,
        facility_id=row.facility_id,
        urgent=at is None or at < unit().now + SOON,
        not_after=at,
    )


@step
def tell_numbers(rows: Iterable[Any]) -> None:
    """Tell others of the numbers that bookings have got."""
    for row in rows:
        emit(events.token_created(row.department_id, row.token_id, row.token.token_number))
