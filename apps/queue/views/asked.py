"""What the address of a page asks for; what makes no sense there is left out."""

from datetime import date
from uuid import UUID

from django.http import HttpRequest

from apps.scheduling.queries import TypeOfVisit
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.lengths import USUAL, Length


def asked_id(request: HttpRequest, name: str) -> UUID | None:
    """An id in the query."""
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def asked_day(request: HttpRequest) -> date | None:
    """The `day` in the query, within the years that a calendar has room for."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def asked_source(request: HttpRequest, allowed: list[BookingSource]) -> BookingSource:
    """The `source` in the query, if it is one of these; else online."""
    return next((source for source in allowed if source == request.GET.get("source")), BookingSource.ONLINE)


def asked_kind(request: HttpRequest, allowed: list[TypeOfVisit]) -> TypeOfVisit | None:
    """The type of visit in the query's `type`, if it is one of these; else none, which is one of the usual length."""
    wanted = asked_id(request, "type")
    return next((kind for kind in allowed if kind.id == wanted), None)


def asked_length(request: HttpRequest, allowed: list[TypeOfVisit]) -> Length:
    """The length of the type of visit that is asked for."""
    kind = asked_kind(request, allowed)
    return kind.length if kind else USUAL
