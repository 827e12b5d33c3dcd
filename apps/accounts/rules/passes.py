"""Short-lived signed passes (JWT) that name a credential: for API requests, and for opening a socket."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import jwt

from apps.accounts.rules.credentials import SKEW


class Use(StrEnum):
    """What a pass is good for; one made for one use is refused for another."""

    ACCESS = "access"
    SOCKET = "socket"


LIFETIMES = {Use.ACCESS: timedelta(minutes=15), Use.SOCKET: timedelta(seconds=60)}
_ALGORITHM = "HS256"


def signing_key(secret: str, use: Use) -> bytes:
    """The key of one use, derived from the installation's secret."""
    return hmac.new(secret.encode(), f"opd.pass.{use}".encode(), hashlib.sha256).digest()


def make_pass(use: Use, *, credential_id: UUID, holder_id: UUID, now: datetime, secret: str) -> tuple[str, datetime]:
    """A pass for the holder of a credential, and when it ends."""
    expires_at = now + LIFETIMES[use]
    claims = {
        "aud": str(use),
        "sub": str(holder_id),
        "sid": str(credential_id),
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    return jwt.encode(claims, signing_key(secret, use), algorithm=_ALGORITHM), expires_at


def credential_of_pass(token: str, use: Use, *, now: datetime, secret: str) -> UUID | None:
    """The credential that a pass names; None when it is forged, over, dated ahead or made for another use."""
    try:
        claims = jwt.decode(
            token,
            signing_key(secret, use),
            algorithms=[_ALGORITHM],
            audience=str(use),
            options={"require": ["exp", "iat", "sub", "sid"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError:
        return None
    begins = datetime.fromtimestamp(claims["iat"], UTC) - SKEW
    ends = datetime.fromtimestamp(claims["exp"], UTC)
    return UUID(claims["sid"]) if begins <= now < ends else None
