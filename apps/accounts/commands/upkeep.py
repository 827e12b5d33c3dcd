"""What is over is forgotten after a while."""

from datetime import datetime, timedelta

from apps.accounts.models import Credential, FailedTries, StaffDevice
from apps.accounts.rules.tries import LOCK, WINDOW
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.policy import Actor, Permission, Scope

KEPT = timedelta(days=30)
"""How long an ended credential can still be looked at: which session, from when to when."""


@command
def forget_old(*, actor: Actor, now: datetime) -> int:
    """Delete credentials that ended a month ago (how many), failures that no longer count, and devices that nobody
    approved in a month. Safe to run twice."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    FailedTries.objects.filter(since__lt=now - WINDOW - LOCK).delete()
    StaffDevice.objects.filter(approved_at__isnull=True, revoked_at__isnull=True, asked_at__lt=now - KEPT).delete()
    gone, _ = Credential.objects.filter(expires_at__lt=now - KEPT).delete()
    if gone:
        record(action="credentials.forgotten", entity_type="credential", entity_id="", after={"count": gone})
    return gone
