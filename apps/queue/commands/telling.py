"""What people are told whose booking moved: in their language, once, in the transaction that moved it."""

from collections.abc import Iterable, Mapping, Sequence
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
from apps.core.languages import Named, named
from apps.core.outbox import emit
from apps.notifications.commands import tell
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import Wording, wording
from apps.queue import events
from apps.queue.queries.links import tracking_url
from apps.scheduling.queries import offers_made_at

BOOKED = wording(
    "booked", Kind.BOOKING, sentence("{hospital}: booked. {token} with {doctor} on {when}. Where it stands: {link}")
)
PROMOTED = wording(
    "promoted",
    Kind.BOOKING,
    sentence(
        "{hospital}: there is a place for you. {token} with {doctor} on {when}. If you cannot come, please cancel:"
        " {link}"
    ),
)
REBOOKED = wording(
    "rebooked",
    Kind.BOOKING,
    sentence("{hospital}: your booking has moved. {token} is now with {doctor} on {when}. Where it stands: {link}"),
)
DISPLACED = wording(
    "displaced",
    Kind.BOOKING,
    sentence(
        "{hospital}: somebody more urgent needs your time. {token} is now with {doctor} on {when}. We are sorry. {link}"
    ),
)
CANCELLED = wording(
    "cancelled",
    Kind.BOOKING,
    sentence("{hospital}: {token} with {doctor} on {when} is cancelled. We are sorry. Other times, or call us: {link}"),
)
ASKED = wording(
    "asked",
    Kind.BOOKING,
    sentence(
        "{hospital}: a place with {doctor} on {when} is free. Do you want it? Answer by {until}: {link} or at the desk."
    ),
)

SOON = timedelta(hours=24)
"""A message about something so near is sent at once, also at night."""

HOUR = timedelta(hours=1)
FRESH = {Kind.CALLED: timedelta(minutes=5), Kind.AHEAD: timedelta(minutes=15)}
"""How long it is worth saying something to whoever waits in the hall, where it is not an hour."""


@step
def tell_people(
    rows: Sequence[Any], saying: Wording, change: str, *, whenever: bool = False, **words: str | Named
) -> list[Any]:
    """Tell whoever these bookings or visits are for, once for a change; those who have no phone.

    `saying` may name `{hospital}`, `{token}`, `{doctor}`, `{when}`, of a new booking `{link}`, and the `words`; of what
    has several names the one in their language.
    `whenever`: also when the time of the booking is over.
    """
    prefetch_related_objects(rows, "patient", "doctor", "token")
    for row in rows:
        if row.patient.phone:
            _send(row, saying, change, words, whenever=whenever)
    return [row for row in rows if not row.patient.phone]


def _send(row: Any, saying: Wording, change: str, words: Mapping[str, str | Named], *, whenever: bool) -> None:
    facility, language = facility_facts(row.facility_id), row.patient.language
    at = getattr(row, "at", None)  # a visit has no time of its own: whoever it is for is here
    with translation.override(language):
        known = {
            "hospital": named(facility),
            "token": row.token.label,
            "doctor": named(row.doctor) if row.doctor else gettext("the next free doctor"),
            "when": _clock(at, facility.time_zone) if at else "",
            "link": tracking_url(code) if (code := _code_of(row)) else "",
        }
        known |= {word: said if isinstance(said, str) else named(said) for word, said in words.items()}
    tell(
        saying,
        known,
        recipient=row.patient.phone,
        dedupe_key=f"{saying.kind}:{change}:{row.id}",
        language=language,
        facility_id=row.facility_id,
        time_zone=facility.time_zone,
        urgent=saying.kind is not Kind.REMINDER and (at is None or unit().now < at < unit().now + SOON),
        not_after=None if whenever else at or unit().now + FRESH.get(saying.kind, HOUR),
    )


def link_of(page: str) -> str:
    """The address of a page that is everybody's, by its name."""
    return f"{settings.PUBLIC_BASE_URL}{reverse(page)}"


def _clock(at: datetime, time_zone: str) -> str:
    return date_format(at.astimezone(ZoneInfo(time_zone)), "j F, H:i")


def _code_of(row: Any) -> str:
    """The short code of the link that came with a booking."""
    _, code = getattr(row, "link", None) or ("", "")
    return str(code)


@step
def tell_booked(row: Any, words: Wording = BOOKED) -> None:
    """Tell others of the number that a booking has got, and whoever it is for of their place."""
    tell_numbers([row])
    tell_people([row], words, "booked")


@step
def tell_displaced(rows: Sequence[Any]) -> None:
    """Tell those who had to give way to somebody higher."""
    tell_people(rows, DISPLACED, f"displaced {unit().now.isoformat()}")


@step
def tell_cancelled(row: Any) -> None:
    """Tell somebody that the hospital has cancelled their booking, and where other times are."""
    row.link = "", tracking_code(row.id, unit().now)
    tell_people([row], CANCELLED, "cancelled", whenever=True)


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
        words = {
            "hospital": named(facility),
            "doctor": named(entry.doctor),
            "when": _clock(offer.hold.at, facility.time_zone),
            "until": _clock(offer.expires_at, facility.time_zone),
            "link": link_of("me"),
        }
    tell(
        ASKED,
        words,
        recipient=entry.patient.phone,
        dedupe_key=f"{Kind.BOOKING}:offer:{offer.id}",
        language=entry.patient.language,
        facility_id=offer.facility_id,
        time_zone=facility.time_zone,
        urgent=True,
        not_after=offer.expires_at,
    )


@step
def tell_numbers(rows: Iterable[Any]) -> None:
    """Tell others of the numbers that bookings have got."""
    for row in rows:
        emit(events.token_created(row.department_id, row.token_id, row.token.token_number))
