"""Addresses that stand on paper, on screens and in messages, and who comes by them."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from apps.accounts.queries import LinkInvalid, door_of, holder_of_checkin, read_checkin, tracking_code
from apps.accounts.rules.links import SignedLink
from apps.core.policy import Actor
from apps.queue.models import Visit
from apps.scheduling.queries import facility_of_department


def tracking_url(code: str) -> str:
    """The short public address of a visit's own page, as it stands on the slip."""
    return f"{settings.PUBLIC_BASE_URL}/t/{code}/"


def tracking_code_of(visit: Visit, now: datetime) -> str:
    """The code of the page that shows a visit: its own, or that of the station by which the person came in under the
    same number; "" when there is none any more."""
    own = tracking_code(visit.id, now)
    if own or not (visit.journey_id or visit.previous_id):
        return own
    return next(filter(None, (tracking_code(id_, now) for id_ in _others(visit))), "")


def holder_of_link(visit: Visit, now: datetime) -> UUID:
    """The visit whose tracking link shows this one: itself, or an earlier station under the same number."""
    if not (visit.journey_id or visit.previous_id) or tracking_code(visit.id, now):
        return visit.id
    return next((id_ for id_ in _others(visit) if tracking_code(id_, now)), visit.id)


def _others(visit: Visit) -> list[UUID]:
    under = Visit.objects.filter(token_id=visit.token_id).exclude(id=visit.id)
    return list(under.order_by("-scanned_at").values_list("id", flat=True))


def checkin_url(token: str) -> str:
    """The address of a check-in link, as a hall's square code carries it."""
    return f"{settings.PUBLIC_BASE_URL}/checkin?h={token}"


def door_url(department_id: UUID, now: datetime) -> str:
    """The address that a screen's code of this moment carries."""
    return f"{settings.PUBLIC_BASE_URL}/checkin/{door_of(department_id, now)}"


def code_in(typed: str) -> str:
    """The short code in what somebody typed or scanned: the code itself, or the whole address that carries it;
    "" for an address that is none."""
    try:
        path = urlsplit(typed.strip()).path
    except ValueError:  # as of `//[`
        return ""
    last = path.strip("/").rsplit("/", maxsplit=1)[-1]
    return "".join(character for character in last if character.isalnum()).lower()


def comes_by(token: object) -> tuple[Actor, SignedLink]:
    """Whoever holds a check-in link, and what it says. Raises `LinkInvalid`, also when there is no such department."""
    link = read_checkin(token)
    facility_id = facility_of_department(link.subject_id)
    if facility_id is None:
        raise LinkInvalid
    return holder_of_checkin(link, facility_id), link
