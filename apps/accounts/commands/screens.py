"""Credentials of screens: what a waiting hall's screen is recognised by. Steps for the app that hangs up boards."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.accounts.commands.credentials import issue, revoke
from apps.accounts.commands.tries import locked_tries, write_tries
from apps.accounts.models import Credential
from apps.accounts.rules.credentials import SCREEN_LIFETIME, SEEN_EVERY, CredentialKind, ScreenUse
from apps.accounts.rules.tries import LOCK, TriesKind
from apps.core.commands import step, unit
from apps.core.crypto import blind_index
from apps.core.errors import TooMany, sentence


class TooManyWrongCodes(TooMany):
    code = "too_many_wrong_codes"
    detail = sentence("Too many wrong codes. Wait 15 minutes, then read the code from the screen once more.")


@step
def issue_screen(*, board_id: UUID, facility_id: UUID, secret_hash: str, label: str, use: ScreenUse) -> Credential:
    """Let the screen that holds a secret show one board, or check people in there, and do nothing else.

    The secret never leaves the screen; here is only its fingerprint (`screen_fingerprint`).
    """
    now = unit().now
    return issue(
        CredentialKind.SCREEN,
        secret_hash=secret_hash,
        facility_id=facility_id,
        subject_type="board",
        subject_id=board_id,
        scope={"use": use, "pairedBy": str(unit().actor.id)},
        issued_at=now,
        expires_at=now + SCREEN_LIFETIME,
        note=label,
    )


@step
def revoke_screen(screen_id: UUID, facility_id: UUID) -> int:
    """End a screen's credential; 0 when there is no such screen that still counts."""
    screen = Q(id=screen_id, facility_id=facility_id, kind=CredentialKind.SCREEN)
    return revoke(screen, unit().now)


@step
def count_code_tried(*, right: bool) -> None:
    """Count a pairing code that the acting administrator typed: five wrong ones lock for a quarter of an hour.

    The caller must let a wrong one stand (return, not raise). Raises `TooManyWrongCodes`, also for the right code.
    """
    actor, now = unit().actor, unit().now
    row = locked_tries(TriesKind.SCREEN_PAIRING, blind_index(str(actor.id), "accounts.failedtries"), now)
    if row.tries.is_locked(now):
        raise TooManyWrongCodes(retry_after=int(LOCK.total_seconds()))
    if right:
        row.delete()
    else:
        write_tries(row, row.tries.after_failure(now))


def screens_seen(screen_ids: Iterable[UUID], now: datetime) -> None:
    """Note that screens are there, at most once a minute each; who is there stays paired.

    No command, as `seen`: nothing is decided, and nothing is worth a row in the audit trail.
    """
    due = Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=now - SEEN_EVERY)
    paired = Credential.objects.filter(due, id__in=list(screen_ids), kind=CredentialKind.SCREEN, revoked_at=None)
    paired.update(last_seen_at=now, expires_at=now + SCREEN_LIFETIME)
