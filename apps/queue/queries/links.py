"""Addresses that stand on paper, on screens and in messages, and who comes by them."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from apps.accounts.queries import LinkInvalid, door_of, holder_of_checkin, read_checkin
from apps.accounts.rules.links import SignedLink
from apps.core.policy import Actor
from apps.scheduling.queries import facility_of_department


def tracking_url(code: str) -> str:
    """The short public address of a visit's own page, as it stands on the slip."""
    return f"{settings.PUBLIC_BASE_URL}/t/{code}/"


def checkin_url(token: str) -> str:
    """The address of a check-in link, as a hall's square code carries it."""
    return f"{settings.PUBLIC_BASE_URL}/checkin?h={token}"


def door_url(department_id: UUID, now: datetime) -> str:
    """The address that a screen's code of this moment carries."""
    return f"{settings.PUBLIC_BASE_URL}/checkin/{door_of(department_id, now)}"


def comes_by(token: object) -> tuple[Actor, SignedLink]:
    """Whoever holds a check-in link, and what it says. Raises `LinkInvalid`, also when there is no such department."""
    link = read_checkin(token)
    facility_id = facility_of_department(link.subject_id)
    if facility_id is None:
        raise LinkInvalid
    return holder_of_checkin(link, facility_id), link
