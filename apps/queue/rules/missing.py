"""What becomes of somebody who did not come when called: in line again, or taken off (requirements QUE-4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Aftermath(StrEnum):
    """What happens now to somebody set aside."""

    WAIT = "wait"
    BACK_IN_LINE = "back_in_line"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True)
class Patience:
    """A department's patience with people who miss a call. `after`: others called meanwhile; `most`: missed calls."""

    after: int = 3
    most: int = 2
    grace: timedelta = timedelta(minutes=15)


def aftermath(
    patience: Patience,
    *,
    now: datetime,
    missed_calls: int,
    missed_at: datetime | None,
    passed_by: int,
    back_at: datetime | None = None,
) -> Aftermath:
    """What becomes of somebody who is set aside.

    Who said when they would be back is in line again then, and not before. Who missed a call is in line again after
    so many others or, where few are called, after the grace; who missed too many is taken off after the grace. Who
    was set aside by somebody for another reason (sent for a test) waits until they come back.
    """
    if back_at is not None:
        return Aftermath.BACK_IN_LINE if now >= back_at else Aftermath.WAIT
    if missed_at is None:
        return Aftermath.WAIT
    over = now - missed_at >= patience.grace
    if missed_calls >= patience.most:
        return Aftermath.NO_SHOW if over else Aftermath.WAIT
    return Aftermath.BACK_IN_LINE if over or passed_by >= patience.after else Aftermath.WAIT
