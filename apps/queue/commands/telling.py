"""What people are told whose booking moved: in their language, once, in the transaction that moved it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts, tracking_code
from apps.core.commands import step, unit
from apps.core.errors import sentence
from apps.core.outbox import emit
from apps.notifications.commands import send
from apps.notifications.rules import Kind
from apps.queue import events
from apps.queue.queries.links import tracking_url
from apps.scheduling.queries import offers_made_at

BOOKED = sentence("{hospital}: booked. {token} with {doctor} on {when}. Where it stands: {link}")
PROMOTED = sentence(
    "{hospital}: there is a place for you. {token} with {doctor} on {when}. If you cannot come, please cancel: {link}"
)
REBOOKED = sentence(
    "{hospital}: your booking has moved. {token} is now with {doctor} on {when}. Where it stands: {link}"
)
DISPLACED = sentence(
    "{hospital}: somebody more urgent needs your time. {token} is now with {doctor} on {when}. We are sorry. {link}"
)
CANCELLED = sentence(
    "{hospital}: {token} with {doctor} on {when} is cancelled. We are sorry. Other times, or call us: {link}"
)
ASKED = sentence(
    "{hospital}: a place with {doctor} on {when} is free. Do you want it? Answer by {until}: {link} or at the desk."
)

SOON = timedelta(hours=24)
"""A message about something so near is sent at once, also at night."""


@step
def tell_people(
    rows: Sequence[Any], kind: Kind, wording: str, change: str, *, whenever: bool = False, **words: str
) -> list[Any]:
    """Tell whoever these bookings or visits are for, once for a change; those who have no phone.

    `wording` may name `{hospital}`, `{token}`, `{doctor}`, `{when}`, of a new booking `{link}`, and the `words`.
    `whenever`: also when the time of the booking is over.
    """
    prefetch_related_objects(rows, "patient", "doctor", "token")
    for row in rows:
        if row.patient.phone:
            _send(row, kind, wording, change, words, whenever=whenever)
    return [row for row in rows if not row.patient.phone]


def _send(row: Any, kind: Kind, wording: str, change: str, words: dict[str, str], *, whenever: bool) -> None:
    facility, language = facility_facts(row.facility_id), row.patient.language
    at = getattr(row, "at", None)  # a visit has no time of its own: whoever it is for is here
    with translation.override(language):
        known = {
            "hospital": facility.name,
            "token": row.token.label,
            "doctor": row.doctor.name if row.doctor else gettext("the next free doctor"),
            "when": _clock(at, facility.time_zone) if at else "",
            "link": tracking_url(code) if (code := _code_of(row)) else "",
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
        not_after=None if whenever else at,
    )


def _clock(at: datetime, time_zone: str) -> str:
    return date_format(at.astimezone(ZoneInfo(time_zone)), "j F, H:i")


def _code_of(row: Any) -> str:
    """The short code of the link that came with a booking."""
    _, code = getattr(row, "link", None) or ("", "")
    return str(code)


@step
def tell_booked(row: Any, wording: str = BOOKED) -> None:
    """Tell others of the number that a booking has got, and whoever it is for of their place."""
    tell_numbers([row])
    tell_people([row], Kind.BOOKING, wording, "booked")


@step
def tell_displaced(rows: Sequence[Any]) -> None:
    """Tell those who had to give way to somebody higher."""
    tell_people(rows, Kind.BOOKING, DISPLACED, f"displaced {unit().now.isoformat()}")


@step
def tell_cancelled(row: Any) -> None:
    """Tell somebody that the hospital has cancelled their booking, and where other times are."""
    row.link = "", tracking_code(row.id, unit().now)
    tell_people([row], Kind.BOOKING, CANCELLED, "cancelled", whenever=True)


@step
def give_on(promoted: list[Any]) -> list[Any]:
    """Tell those who came off the waiting list, and those who were asked whether they want to."""
    for row in promoted:
        tell_booked(row, PROMOTED)
    tell_asked()
    return promoted


@step
def tell_asked() -> None:
    """Tell everybody who waits and was asked in this command whether they want a place."""
    for offer in offers_made_at(unit().now):
        _ask(offer)


def _ask(offer: Any) -> None:
    entry, facility = offer.entry, facility_facts(offer.facility_id)
    if not entry.patient.phone:
        return
    with translation.override(entry.patient.language):
        text = gettext(ASKED).format(
            hospital=facility.name,
            doctor=entry.doctor.name,
            when=_clock(offer.hold.at, facility.time_zone),
            until=_clock(offer.expires_at, facility.time_zone),
            link=f"{settings.PUBLIC_BASE_URL}{reverse('me')}",
        )
    send(
        kind=Kind.BOOKING,
        recipient=entry.patient.phone,
        text=text,
        dedupe_key=f"{Kind.BOOKING}:offer:{offer.id}",
        language=entry.patient.language,
        facility_id=offer.facility_id,
        urgent=True,
        not_after=offer.expires_at,
    )


@step
def tell_numbers(rows: Iterable[Any]) -> None:
    """Tell others of the numbers that bookings have got."""
    for row in rows:
        emit(events.token_created(row.department_id, row.token_id, row.token.token_number))
