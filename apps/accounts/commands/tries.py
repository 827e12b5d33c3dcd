"""Counting how often somebody failed at something: the row, locked, and what is written into it."""

from datetime import datetime

from apps.accounts.models import FailedTries
from apps.accounts.rules.tries import Tries, TriesKind
from apps.core.commands import step


@step
def locked_tries(kind: TriesKind, key: str, now: datetime) -> FailedTries:
    """The row of failures, made where there is none. Made or found, it is locked at once: whoever succeeds at the
    same moment deletes it."""
    FailedTries.objects.bulk_create(
        [FailedTries(kind=kind, key=key, since=now)],
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["kind"],
    )
    return FailedTries.objects.select_for_update().get(kind=kind, key=key)


@step
def write_tries(row: FailedTries, tries: Tries) -> None:
    """Keep what came of a try."""
    row.failures, row.since, row.locked_until = tries.failures, tries.since, tries.locked_until
    row.save(update_fields=["failures", "since", "locked_until"])
