"""What a call means for those who are not called: who is overtaken, who is pinned, who missed a call and is back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F

from apps.audit.commands import record
from apps.core.commands import collect, step, unit
from apps.core.outbox import emit
from apps.core.policy import ActorType
from apps.core.statements import kept_cursor
from apps.queue import events
from apps.queue.commands.moving import back_in_line
from apps.queue.models import Overtaking, Visit
from apps.queue.queries.rules import patience_of
from apps.queue.queries.visits import ELSEWHERE, IN_LINE
from apps.queue.rules.fairness import BY_PEOPLE, Cause, cause_of
from apps.queue.rules.missing import Aftermath, aftermath
from apps.queue.rules.order import Tier
from apps.queue.rules.states import QUEUED, State
from apps.scheduling.queries import department_of


@dataclass(frozen=True, slots=True)
class OutOfTurn:
    """That somebody reached past the first in line, and why."""

    reason: str


class _Passed(NamedTuple):
    """Somebody whom a call went past; `missed`: they are set aside since they missed one."""

    id: UUID
    version: int
    tier: int
    overtakes: int
    passed_by: int
    missed: bool


_PASS = (
    "WITH overtaken AS ("  # noqa: S608
    "  UPDATE queue_visit v SET overtakes = overtakes + 1"
    f" WHERE department_id = %(place)s AND {IN_LINE} AND tier > {Tier.URGENT:d} AND queued_at < %(queued)s"
    f"  AND (doctor_id IS NULL OR doctor_id = %(doctor)s) AND NOT {ELSEWHERE} RETURNING id, version, tier, overtakes),"
    " missing AS ("
    "  UPDATE queue_visit SET passed_by = passed_by + 1"
    f" WHERE department_id = %(place)s AND state = '{State.ON_HOLD}' AND missed_at IS NOT NULL AND back_at IS NULL"
    "  AND (doctor_id IS NULL OR doctor_id = %(doctor)s) RETURNING id, version, tier, passed_by)"
    " SELECT id, version, tier, overtakes, 0, false FROM overtaken"
    " UNION ALL SELECT id, version, tier, 0, passed_by, true FROM missing"
)
"""One statement that the ORM has no word for; run at every call."""


@step
def pass_others(called: Visit, doctor_id: UUID | None, out_of_turn: OutOfTurn | None = None) -> None:
    """Count whom a call goes past. Whoever came before the called one and still waits was overtaken: that is kept in
    the ledger, and who was overtaken too often is pinned; nobody overtakes whoever is just inside another station. Who
    missed a call is back in line after enough others."""
    with kept_cursor() as cursor:
        cursor.execute(_PASS, {"place": called.department_id, "queued": called.queued_at, "doctor": doctor_id})
        passed = [_Passed(*row) for row in cursor.fetchall()]
    if not passed:
        return
    policy = department_of(called.department_id).policy
    overtaken = [one for one in passed if not one.missed]
    if overtaken:
        collect(_overtaking(called, doctor_id, overtaken, out_of_turn))
    _pin(
        called.department_id,
        [o for o in overtaken if o.tier == Tier.REST and o.overtakes >= policy.pin_after_overtakes],
    )
    patience = patience_of(policy)
    due = [one.id for one in passed if one.missed and one.passed_by >= patience.after]
    for visit in Visit.objects.select_related("token", "doctor").filter(id__in=due) if due else ():
        if aftermath(patience, now=unit().now, **missed(visit)) is Aftermath.BACK_IN_LINE:
            back_in_line(visit, f"{visit.passed_by} others were called meanwhile")


def missed(visit: Visit) -> dict[str, Any]:
    """What `aftermath` asks about somebody set aside."""
    return {
        "missed_calls": visit.missed_calls,
        "missed_at": visit.missed_at,
        "passed_by": visit.passed_by,
        "back_at": visit.back_at,
    }


def _overtaking(
    called: Visit, doctor_id: UUID | None, overtaken: list[_Passed], out_of_turn: OutOfTurn | None
) -> Overtaking:
    """The ledger's row: by whose doing, as far as it was anybody's."""
    actor = unit().actor
    cause = cause_of(
        tier=called.tier,
        first=out_of_turn is None,
        moved=called.moved,
        needs=bool(called.needs),
        booked=called.booked_for is not None,
    )
    if cause is Cause.OUT_OF_TURN and out_of_turn:
        by, kind, reason = actor.id, actor.type, out_of_turn.reason
    elif cause in BY_PEOPLE and called.ahead_by:
        by, kind, reason = called.ahead_by, ActorType.STAFF, called.ahead_reason
    else:
        by, kind, reason = None, ActorType.SYSTEM, ""
    return Overtaking(
        at=unit().now,
        facility_id=called.facility_id,
        department_id=called.department_id,
        visit_id=called.id,
        version=called.version + 1,
        doctor_id=doctor_id,
        cause=cause,
        actor_type=kind,
        actor_id=by,
        reason=reason,
        overtaken=[one.id for one in overtaken],
    )


@step
def note_displaced(came: Any, gave_way: Iterable[Any], reason: str = "") -> None:
    """A booking took the place of others: that stands in the ledger at once, with how much later they are now."""
    actor = unit().actor
    for row in gave_way:
        assert row.stood_at is not None, "whoever has given way stood somewhere"
        collect(
            Overtaking(
                at=unit().now,
                facility_id=came.facility_id,
                department_id=came.department_id,
                visit_id=came.id,
                version=came.version,
                doctor_id=came.doctor_id,
                cause=Cause.DISPLACED,
                actor_type=actor.type,
                actor_id=actor.id,
                reason=reason,
                overtaken=[row.id],
                minutes=max(0, round((row.at - row.stood_at) / timedelta(minutes=1))),
            )
        )


@step
def _pin(department_id: UUID, due: list[_Passed]) -> None:
    """Who was overtaken too often stands right behind the urgent ones (requirements D4); recorded as a move."""
    if not due:
        return
    Visit.objects.filter(id__in=[one.id for one in due]).update(tier=Tier.PINNED, version=F("version") + 1)
    for one in due:
        _retier(department_id, one.id, one.version, Tier.REST, Tier.PINNED, one.overtakes)


@step
def take_back(called: Visit, version: int) -> None:
    """A call is undone: whom it overtook was not overtaken, and is no longer pinned for it; who missed a call was
    not passed."""
    row = Overtaking.objects.filter(visit_id=called.id, version=version, undone=False).first()
    if row is None:
        return
    Overtaking.objects.filter(id=row.id, at=row.at).update(undone=True)
    policy = department_of(called.department_id).policy
    there = Visit.objects.filter(id__in=row.overtaken)
    there.filter(overtakes__gt=0).update(overtakes=F("overtakes") - 1)
    freed = there.filter(tier=Tier.PINNED, overtakes__lt=policy.pin_after_overtakes, state__in=sorted(QUEUED))
    for visit_id, before, times in list(freed.values_list("id", "version", "overtakes")):
        Visit.objects.filter(id=visit_id).update(tier=Tier.REST, version=F("version") + 1)
        _retier(called.department_id, visit_id, before, Tier.PINNED, Tier.REST, times)


@step
def _retier(department_id: UUID, visit_id: UUID, version: int, before: Tier, after: Tier, overtakes: int) -> None:
    pinned = after is Tier.PINNED
    record(
        action="visit.pinned" if pinned else "visit.unpinned",
        entity_type="visit",
        entity_id=visit_id,
        before={"version": version, "tier": int(before)},
        after={"version": version + 1, "tier": int(after), "overtakes": overtakes},
        reason=f"overtaken {overtakes} times" if pinned else "the call was taken back",
    )
    emit(events.queue_updated(department_id, "pinned" if pinned else "unpinned", visitId=str(visit_id)))
