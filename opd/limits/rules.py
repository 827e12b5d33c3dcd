"""Who may ask how often: document 000 (5.3) and D8. Pure.

Whoever is known is counted by their session, a device by its credential, a link's holder by the link; only who is
nobody in particular is counted by address, since a whole hospital comes through one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from apps.core.policy import Actor, ActorType, Role

WINDOW = 60
"""Seconds that the limits below are for."""


class Share(StrEnum):
    """A kind of asker, as the metric names it."""

    STAFF = "staff"
    PATIENT = "patient"
    DISPLAY = "display"
    HALL = "hall"
    REPORTS = "reports"


PER_MINUTE: dict[Share, int] = {
    Share.STAFF: 500,
    Share.PATIENT: 100,
    Share.DISPLAY: 10,
    Share.HALL: 3_000,
    Share.REPORTS: 60,
}
"""Requests a minute for each of them: a doctor; a session of the desk, a patient or a link; a board; an address."""

UNCOUNTED = ("/health", "/metrics", "/static/")
"""Asked by the house itself, or by every page many times."""

BOARDS = "/display/"
REPORTS = "/csp-report"
LINK = re.compile(r"/(?:t|api/v1/appointments/(?:track|refresh-queue))/(?P<link>[\w.-]{8,200})/?", re.ASCII)
"""Addresses that carry their holder's key."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a request is counted as: whose share, and by what they are told apart."""

    share: Share
    whose: str


def is_counted(path: str) -> bool:
    """Whether a request to this address counts at all."""
    return not path.startswith(UNCOUNTED)


def count_of(actor: Actor | None, path: str, address: str) -> Count:
    """What a request is counted as. A doctor is one person at however many screens; a desk's account may be several
    people's, so there each session counts for itself."""
    if path == REPORTS:
        return Count(Share.REPORTS, address)
    if actor is None:
        return Count(Share.HALL, address)
    if actor.role is Role.DOCTOR:
        return Count(Share.STAFF, str(actor.id))
    session = str(actor.credential_id or actor.id)
    if actor.type is ActorType.STAFF:
        return Count(Share.STAFF, session)
    is_board = actor.type is ActorType.SCREEN and path.startswith(BOARDS)
    return Count(Share.DISPLAY if is_board else Share.PATIENT, session)


def link_in(path: str) -> str:
    """The key in an address that carries one; "" in others."""
    found = LINK.fullmatch(path)
    return found["link"] if found else ""


def at_most(share: Share, scale: float) -> int:
    """Requests a minute, multiplied for benchmarks and for larger houses; never none."""
    return max(1, int(PER_MINUTE[share] * scale))
