"""The paper slip of a visit or a booking: the number, where to go, and the square code of its own page."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.safestring import mark_safe

from apps.accounts.queries import facility_facts, tracking_code
from apps.accounts.rules.qr import qr_svg
from apps.core.languages import in_language, named
from apps.eta.queries import said_of
from apps.patients.queries import facts
from apps.queue.models import Visit
from apps.queue.queries.expected import expected_words
from apps.queue.queries.journeys import ahead_of_visits, room_of
from apps.queue.queries.links import tracking_code_of, tracking_url
from apps.queue.rules.hall import symbol_names

FIRST_PRINT = timedelta(minutes=2)
"""How long after check-in the printed slip still is the first one; later ones are marked as copies."""


def slip_view(visit: Visit, now: datetime, language: str = "", *, linked: bool = True) -> dict[str, Any]:
    """What `templates/components/slip.html` prints, in `language` or else the person's own. A copy carries the same
    code as the first slip: no new one is made.

    Of the person only initials and age: slips are lost. The code is left out once its link has ended, and where who
    asks has not shown that the visit is theirs (`linked`).
    """
    with translation.override(language or visit.patient.language):
        return _visit_words(visit, now) | ({} if linked else _link("") | {"linked": False})


def booking_slip(row: Any, now: datetime) -> dict[str, Any]:
    """The same of a booking, with the time to come at. The code goes on to the visit when the person is here."""
    with translation.override(row.patient.language):
        return _booking_words(row, now)


def _visit_words(visit: Visit, now: datetime) -> dict[str, Any]:
    facility = facility_facts(visit.facility_id)
    person = facts(visit.patient, now)
    room = room_of(visit)
    return _link(tracking_code_of(visit, now)) | {
        "language": translation.get_language(),
        "token": visit.token.label,
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "symbol_names": symbol_names(room.symbol, translation.get_language() or "") if room else {},
        "doctor": named(visit.doctor) if visit.doctor else "",
        "department": named(visit.department),
        "stations": ahead_of_visits(visit),
        "date": date_format(visit.day, "D j M Y"),
        "for_": f"{person['initials']}, {person['age_sex']}",
        "printed_at": facility.clock(now),
        "board_name": in_language(room.hall, room.hall_names) if room else "",
        "copy": now - visit.scanned_at > FIRST_PRINT,
        "expected": expected_words(said_of([visit.id]).get(visit.id), facility, now),
    }


def _booking_words(row: Any, now: datetime) -> dict[str, Any]:
    facility, person, room = facility_facts(row.facility_id), facts(row.patient, now), row.doctor.room
    return _link(tracking_code(row.id, now)) | {
        "language": translation.get_language(),
        "token": row.token.label,
        "room": room.number if room else "",
        "symbol": room.symbol if room else "",
        "symbol_names": symbol_names(room.symbol, translation.get_language() or "") if room else {},
        "doctor": named(row.doctor),
        "department": named(row.department),
        "date": date_format(row.day, "D j M Y"),
        "time": facility.clock(row.at),
        "for_": f"{person['initials']}, {person['age_sex']}",
        "printed_at": facility.clock(now),
        "copy": False,
    }


def _link(code: str) -> dict[str, str]:
    """The address that a tracking code is for, and its square code; both "" when it has ended."""
    url = tracking_url(code) if code else ""
    return {"tracking_url": url, "qr_svg": mark_safe(qr_svg(url)) if url else ""}  # noqa: S308 - drawn by us
