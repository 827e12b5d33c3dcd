"""When somebody's turn is expected, in words: on their own page, on the slip, for document 004."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from apps.accounts.queries import FacilityFacts
from apps.eta.queries import Said
from apps.eta.rules.telling import REASONS, Kind


def expected_words(said: Said | None, facility: FacilityFacts, now: datetime) -> dict[str, Any] | None:
    """`{time, note, reason}`: a window or "very soon", what is unusual, and why it changed; None without any."""
    if said is None:
        return None
    clock = facility.clock
    window = {"from": clock(max(said.earliest, now)), "to": clock(max(said.latest, now))}
    soon = said.kind is Kind.SOON
    return {
        "soon": soon,
        "time": gettext("very soon") if soon else gettext("%(from)s to %(to)s") % window,
        "likely": "" if soon else clock(max(said.likely, now)),
        "note": _note(said, facility),
        "reason": gettext(said.reason) if said.reason and not _says_break_again(said) else "",
    }


def _note(said: Said, facility: FacilityFacts) -> str:
    if said.kind is Kind.BREAK and said.until:
        return gettext("The doctor is on a break until %(time)s.") % {"time": facility.clock(said.until)}
    if said.kind is Kind.BREAK:
        return gettext("The doctor is on a break.")
    if said.kind is Kind.NOT_STARTED and said.until:
        return gettext("The doctor has not started yet. Planned: %(time)s.") % {"time": facility.clock(said.until)}
    return ""


def _says_break_again(said: Said) -> bool:
    """Whether the reason only says what the note says already."""
    return said.kind is Kind.BREAK and said.reason == REASONS["paused"]


def minutes_until(said: Said, now: datetime) -> int:
    """Minutes until the likely time, never fewer than none."""
    return max(0, round((said.likely - now).total_seconds() / 60))
