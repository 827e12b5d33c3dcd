"""Addresses that stand on paper and in messages."""

from django.conf import settings


def tracking_url(code: str) -> str:
    """The short public address of a visit's own page, as it stands on the slip."""
    return f"{settings.PUBLIC_BASE_URL}/t/{code}/"


def checkin_url(token: str) -> str:
    """The address of a check-in link, as a hall's square code carries it."""
    return f"{settings.PUBLIC_BASE_URL}/checkin?h={token}"
