"""Counting against limits: steps that take all of several limits or nothing."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.audit.commands import record
from apps.core.commands import step
from apps.patients.models import Allowance
from apps.patients.rules.login_codes import ORDINARY, Limit, exhausted

_TAKE = """
INSERT INTO patients_allowance AS a (key, name, used, most, resets_at, told)
SELECT key, name, 1, most, resets_at, false
  FROM unnest(%(keys)s::text[], %(names)s::text[], %(most)s::int[], %(resets)s::timestamptz[])
    AS t (key, name, most, resets_at)
ON CONFLICT (key) DO UPDATE SET
    used = CASE WHEN a.resets_at <= %(now)s THEN 1 ELSE a.used + 1 END,
    most = EXCLUDED.most,
    told = a.told AND a.resets_at > %(now)s,
    resets_at = CASE WHEN a.resets_at <= %(now)s OR a.key = ANY(%(quiet)s) THEN EXCLUDED.resets_at ELSE a.resets_at END
WHERE a.resets_at <= %(now)s OR a.used < EXCLUDED.most
RETURNING key
"""
"""One statement looks, counts and locks: of many at once none passes uncounted."""

log = logging.getLogger(__name__)


class _Spent(Exception):
    def __init__(self, limit: Limit) -> None:
        super().__init__(limit.name)
        self.limit = limit


@step
def take(limits: Sequence[Limit], now: datetime) -> Limit | None:
    """Count one against every limit. None when each allowed it; else the first that did not, and none is counted.

    The rows stay locked until the command ends. Callers name limits in one order: a phone's first, everybody's last.
    """
    try:
        with transaction.atomic():
            spent = exhausted(limits, _counted(limits, now))
            if spent:
                raise _Spent(spent)
    except _Spent as refusal:
        return refusal.limit
    return None


@step
def give_back(limits: Sequence[Limit]) -> None:
    """Take back what was counted for something that turned out to be in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_allowance SET used = greatest(used - 1, 0) WHERE key = ANY(%s)",
            [[limit.key for limit in limits]],
        )


@step
def alarm(limit: Limit, facility_id: UUID | None) -> None:
    """Say once per window that a limit is used up; measures show it as long as it lasts."""
    if not Allowance.objects.filter(key=limit.key, told=False).update(told=True) or limit.name in ORDINARY:
        return
    log.warning("code limit reached", extra={"limit": str(limit.name), "most": limit.most})
    record(
        action="login_code.limit_reached",
        entity_type="code_limit",
        entity_id=limit.name,
        after={"most": limit.most},
        facility_id=facility_id,
    )


def _counted(limits: Sequence[Limit], now: datetime) -> set[str]:
    values: dict[str, Any] = {
        "keys": [limit.key for limit in limits],
        "names": [str(limit.name) for limit in limits],
        "most": [limit.most for limit in limits],
        "resets": [limit.resets_at(now) for limit in limits],
        "quiet": [limit.key for limit in limits if limit.quiet],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return {key for (key,) in cursor.fetchall()}
