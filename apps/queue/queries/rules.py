"""A department's rules of calling as the plain values that the queue's rules take."""

from datetime import timedelta
from typing import Any

from apps.queue.rules.missing import Patience
from apps.queue.rules.order import NeedsClass, Policy


def policy_of(row: Any) -> Policy:
    """The order's rules, of a policy's row or of anything with its columns."""
    return Policy(
        grace=timedelta(minutes=row.grace_minutes),
        late_penalty=timedelta(minutes=row.late_penalty_minutes),
        walk_in_penalty=timedelta(minutes=row.walk_in_penalty_minutes),
        head_starts={needs: timedelta(minutes=getattr(row, f"head_start_{needs}")) for needs in NeedsClass if needs},
        pin_after=row.pin_after_overtakes,
        version=row.version,
    )


def patience_of(row: Any) -> Patience:
    """How long people who miss a call are waited for."""
    return Patience(
        after=row.recall_after, most=row.most_missed_calls, grace=timedelta(minutes=row.no_show_grace_minutes)
    )
