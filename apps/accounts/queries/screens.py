"""The screens of waiting halls, recognised by a cookie of their own.

A screen is never who a request is from: only the pages and sockets of boards ask here. So its cookie opens nothing
else, and whoever signs in on the same machine acts as themselves.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import QuerySet
from django.http import parse_cookie
from django.utils import timezone

from apps.accounts.models import Credential
from apps.accounts.queries.actors import actor_of_credential, actor_of_headers, hash_secret, is_plausible
from apps.accounts.rules.credentials import CredentialKind
from apps.core.policy import Actor, Permission
from apps.core.queries import one


def screen_fingerprint(secret: str) -> str:
    """What is kept of a screen's secret."""
    return hash_secret(CredentialKind.SCREEN, secret)


def secret_of_screen(cookies: Mapping[str, str]) -> str:
    """The secret that a screen's cookie holds; "" for anything else."""
    secret = cookies.get(settings.SCREEN_COOKIE_NAME, "")
    return secret if is_plausible(secret) else ""


def screen_of(cookies: Mapping[str, str]) -> Credential | None:
    """The credential of the screen that these cookies are of, whether it still counts or not."""
    secret = secret_of_screen(cookies)
    return one(_screens().filter(secret_hash=screen_fingerprint(secret))) if secret else None


def screens_of(facility_id: UUID, now: datetime) -> QuerySet[Credential]:
    """A facility's paired screens, the latest first."""
    open_ones = _screens().filter(facility_id=facility_id, revoked_at=None, expires_at__gt=now)
    return open_ones.order_by("-issued_at", "id")


async def actor_at_board(scope: dict[str, Any]) -> Actor | None:
    """Who opens a board's socket: somebody signed in who may look at boards, else the paired screen itself."""
    headers = dict(scope.get("headers", []))
    if not headers.keys() & {b"cookie", b"authorization"}:
        return None
    return await database_sync_to_async(_actor_at_board)(headers, timezone.now())


def _actor_at_board(headers: dict[bytes, bytes], now: datetime) -> Actor | None:
    actor = actor_of_headers(headers, now)
    if actor and actor.may(Permission.BOARD_READ):
        return actor
    screen = screen_of(parse_cookie(headers.get(b"cookie", b"").decode("latin-1")))
    return actor_of_credential(screen) if screen and screen.is_live(now) else None


def _screens() -> QuerySet[Credential]:
    return Credential.objects.filter(kind=CredentialKind.SCREEN)
