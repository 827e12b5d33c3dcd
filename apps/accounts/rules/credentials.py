"""What a credential is, how long it lives, and when it counts."""

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum

from apps.core.policy import ActorType, Permission


class CredentialKind(StrEnum):
    """Everything by which somebody or something is recognised; all of them stand in one table."""

    STAFF_SESSION = "staff_session"
    STAFF_REFRESH = "staff_refresh"
    PATIENT_LOGIN = "patient_login"
    RESTORE = "restore"
    TRACKING = "tracking"
    CHECKIN = "checkin"
    SCREEN = "screen"


class ScreenUse(StrEnum):
    """What a screen is for; stands in the scope of its credential as `use`."""

    BOARD = "board"
    KIOSK = "kiosk"


STAFF_KINDS = frozenset({CredentialKind.STAFF_SESSION, CredentialKind.STAFF_REFRESH})
"""Credentials of a member of staff; all others are bound to a subject."""

COOKIE_KINDS = frozenset({CredentialKind.STAFF_SESSION, CredentialKind.PATIENT_LOGIN})
"""What a browser's session cookie may hold."""

BEARER_KINDS = frozenset({CredentialKind.PATIENT_LOGIN, CredentialKind.RESTORE})
"""Random secrets that a request may show as its bearer token, until they are rotated."""

ACTOR_TYPES: dict[CredentialKind, ActorType] = {
    CredentialKind.STAFF_SESSION: ActorType.STAFF,
    CredentialKind.STAFF_REFRESH: ActorType.STAFF,
    CredentialKind.PATIENT_LOGIN: ActorType.PATIENT,
    CredentialKind.RESTORE: ActorType.PATIENT,
    CredentialKind.TRACKING: ActorType.LINK,
    CredentialKind.CHECKIN: ActorType.LINK,
    CredentialKind.SCREEN: ActorType.SCREEN,
}
"""What kind of actor each credential makes of its holder."""

GRANTED: dict[CredentialKind, frozenset[Permission]] = {
    CredentialKind.PATIENT_LOGIN: frozenset({Permission.PATIENT_OWN}),
    CredentialKind.TRACKING: frozenset(
        {
            Permission.VISIT_READ_OWN,
            Permission.VISIT_TELL_OWN,
            Permission.VISIT_CANCEL_OWN,
            Permission.BOOKING_CHANGE_OWN,
        }
    ),
    CredentialKind.CHECKIN: frozenset({Permission.VISIT_SELF_CHECK_IN}),
    CredentialKind.SCREEN: frozenset({Permission.BOARD_READ}),
}
"""What a link, a code login or a screen allows by itself, to its subject only."""

KIOSK_GRANTED = frozenset({Permission.KIOSK_CHECK_IN})
"""What a screen allows that is a kiosk: it shows no board."""

SESSION_HOURS = 12
SESSION_LIFETIME = timedelta(hours=SESSION_HOURS)
"""A staff session ends after this, however busy it is."""

SESSION_IDLE = timedelta(minutes=30)
"""A staff session ends after this long without a request that a person made."""

REFRESH_LIFETIME = timedelta(days=7)
SCREEN_LIFETIME = timedelta(days=400)
"""A screen that nobody has seen for this long has to be paired anew; browsers keep no cookie longer."""

RESTORE_LIFETIME = timedelta(hours=24)
PATIENT_HOURS = 24
PATIENT_LIFETIME = timedelta(hours=PATIENT_HOURS)
"""A patient's sign-in ends after this; a new code begins another."""

TRACKING_DAYS_AFTER = 1
"""A tracking link works until the end of this many days after the visit's day, by the facility's clock."""

SKEW = timedelta(seconds=60)
"""How far ahead another machine's clock may be. What is dated later than this is forged or broken."""

SEEN_EVERY = timedelta(minutes=1)
"""A credential's last use is written at most this often."""

CODE_ALPHABET = "23456789bcdfghjkmnpqrstvwxyz"
"""Of short codes: nothing that looks like something else, and no vowels, so that no word comes out."""

CODE_LENGTH = 10
"""Of short codes: 28^10, a little over 48 bits."""


def granted_to(kind: CredentialKind, use: str) -> frozenset[Permission]:
    """What a credential allows by itself; `use` says which kind of screen it is of."""
    return KIOSK_GRANTED if use == ScreenUse.KIOSK else GRANTED.get(kind, frozenset())


def fingerprint(secret: str, purpose: str, pepper: str) -> str:
    """What is stored in place of a secret: keyed, so that a copied table does not help to guess short codes."""
    return hmac.new(bytes.fromhex(pepper), f"{purpose}\0{secret}".encode(), hashlib.sha256).hexdigest()


def is_live(
    *,
    kind: CredentialKind,
    issued_at: datetime,
    expires_at: datetime,
    revoked_at: datetime | None,
    last_seen_at: datetime | None,
    now: datetime,
) -> bool:
    """Whether a credential still counts: begun, not over, not revoked, and not left idle if it is a session."""
    if revoked_at is not None or not issued_at - SKEW <= now < expires_at:
        return False
    return kind is not CredentialKind.STAFF_SESSION or now - (last_seen_at or issued_at) < SESSION_IDLE


def is_due(last_seen_at: datetime | None, now: datetime) -> bool:
    """Whether a credential's last use is old enough to be written anew."""
    return last_seen_at is None or now - last_seen_at >= SEEN_EVERY
