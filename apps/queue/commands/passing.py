"""What a call means for those who are not called: who is overtaken, who is pinned, who missed a call and is back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.audit.commands import record_each
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


_PASSED = f"v.department_id = %(place)s AND v.{IN_LINE} AND v.queued_at < %(queued)s AND v.tier > {Tier.URGENT:d}"
_MEETS = "(v.doctor_id IS NULL OR v.doctor_id = %(doctor)s)"

_PASS = (
    "WITH overtaken AS ("  # noqa: S608
    "  UPDATE queue_visit v SET overtakes = overtakes + 1"
    f" WHERE {_PASSED} AND {_MEETS} AND NOT {ELSEWHERE} RETURNING id, tier, overtakes),"
    " kept AS ("
    "  INSERT INTO queue_overtaking (id, at, facility_id, department_id, visit_id, version, doctor_id,"
    "   cause, actor_type, actor_id, reason, overtaken, undone)"
    "  SELECT gen_random_uuid(), %(at)s, %(facility)s, %(place)s, %(visit)s, %(version)s, %(doctor)s,"
    "   %(cause)s, %(kind)s, %(by)s, %(reason)s, array_agg(id), false FROM overtaken HAVING count(*) > 0),"
    " missing AS ("
    "  UPDATE queue_visit v SET passed_by = passed_by + 1"
    f" WHERE v.department_id = %(place)s AND v.state = '{State.ON_HOLD}' AND v.missed_at IS NOT NULL"
    f"  AND v.back_at IS NULL AND {_MEETS} RETURNING id, passed_by)"
    f" SELECT NULL, count(*), coalesce(max(overtakes) FILTER (WHERE tier = {Tier.REST:d}), 0) FROM overtaken"
    " UNION ALL SELECT id, 0, passed_by FROM missing"
)
"""One statement that the ORM has no word for; run at every call. Whoever is overtaken stays in the database: in a full
hall they are thousands, and all that is asked of them is how often the one was who was overtaken most."""

_PIN = (
    f"UPDATE queue_visit v SET tier = {Tier.PINNED:d}, version = version + 1"  # noqa: S608
    f" WHERE {_PASSED} AND v.tier = {Tier.REST:d} AND v.overtakes >= %(pin)s AND {_MEETS} AND NOT {ELSEWHERE}"
    " RETURNING id, version"
)
"""Those of the same people who were overtaken too often."""


@step
def pass_others(called: Visit, doctor_id: UUID | None, out_of_turn: OutOfTurn | None = None) -> None:
    """Count whom a call goes past. Whoever came before the called one and still waits was overtaken: that is kept in
    the ledger (ADR 37), and who was overtaken too often is pinned; nobody overtakes whoever is just inside another
    station. Who missed a call is back in line after enough others."""
    about: dict[str, Any] = {
        "place": called.department_id,
        "queued": called.queued_at,
        "doctor": doctor_id,
        "at": unit().now,
        "facility": called.facility_id,
        "visit": called.id,
        "version": called.version + 1,
        **_whose_doing(called, out_of_turn),
    }
    with kept_cursor() as cursor:
        cursor.execute(_PASS, about)
        (_, overtaken, most), *missing = cursor.fetchall()
    if not overtaken and not missing:
        return
    policy = department_of(called.department_id).policy
    if most >= policy.pin_after_overtakes:
        _pin(called.department_id, about | {"pin": policy.pin_after_overtakes})
    patience = patience_of(policy)
    due = [visit_id for visit_id, _, times in missing if times >= patience.after]
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


def _whose_doing(called: Visit, out_of_turn: OutOfTurn | None) -> dict[str, Any]:
    """What the ledger's row says of the cause, and by whose doing, as far as it was anybody's."""
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
    return {"cause": str(cause), "by": by, "kind": str(kind), "reason": reason}


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
def _pin(department_id: UUID, about: dict[str, Any]) -> None:
    """Who was overtaken too often stands right behind the urgent ones (requirements D4); recorded as a move."""
    with kept_cursor() as cursor:
        cursor.execute(_PIN, about)
        pinned = dict(cursor.fetchall())
    _retiered(department_id, pinned, Tier.REST, Tier.PINNED, f"overtaken {about['pin']} times or more")


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
    versions = {visit_id: version + 1 for visit_id, version in freed.values_list("id", "version")}
    if versions:
        Visit.objects.filter(id__in=versions).update(tier=Tier.REST, version=F("version") + 1)
        _retiered(called.department_id, versions, Tier.PINNED, Tier.REST, "the call was taken back")


@step
def _retiered(department_id: UUID, versions: dict[UUID, int], before: Tier, after: Tier, reason: str) -> None:
    """An entry in the trail for each, and one event for the queue: everybody who looks at it looks again once."""
    word = "pinned" if after is Tier.PINNED else "unpinned"
    record_each(
        action=f"visit.{word}",
        entity_type="visit",
        versions=versions,
        before={"tier": int(before)},
        after={"tier": int(after)},
        reason=reason,
    )
    emit(events.queue_updated(department_id, word, people=len(versions)))
