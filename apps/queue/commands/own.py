"""A patient's own device comes back to its visit."""

from datetime import datetime

from apps.accounts.commands import rotate
from apps.accounts.queries import actor_of_credential
from apps.accounts.rules.credentials import RESTORE_LIFETIME, CredentialKind
from apps.core.commands import command
from apps.core.errors import Unauthenticated, sentence
from apps.core.policy import Actor, system_actor


class RestoreRefused(Unauthenticated):
    code = "restore_refused"
    detail = sentence("This phone does not know your visit any more. Use the code on your slip, or ask at the desk.")


def restore(*, now: datetime, secret: str, device_fingerprint: str = "") -> tuple[str, Actor, datetime]:
    """A new restore token for one that was not used yet: (the token, whose it is, until when it works).

    A used one shown again ends the whole family; another device's is refused. Raises `RestoreRefused`.
    """
    came = rotate_restore(actor=system_actor("restore"), now=now, secret=secret, device_fingerprint=device_fingerprint)
    if came is None:
        raise RestoreRefused
    return came


@command
def rotate_restore(
    *, actor: Actor, now: datetime, secret: str, device_fingerprint: str
) -> tuple[str, Actor, datetime] | None:
    """Rotate a restore token; None when it was refused, with what that entailed written."""
    rotated = rotate(
        kind=CredentialKind.RESTORE,
        secret=secret,
        lifetime=RESTORE_LIFETIME,
        now=now,
        device_fingerprint=device_fingerprint,
    )
    if rotated is None:
        return None
    fresh, credential = rotated
    return fresh, actor_of_credential(credential), credential.expires_at
