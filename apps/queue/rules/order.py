"""Whose turn it is (requirements D4): two strict tiers, then one key per visit that never changes with time."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """Strict precedence. A lower tier is always called first."""

    EMERGENCY = 0
    URGENT = 1
    PINNED = 2
    REST = 3


class NeedsClass(StrEnum):
    """Why somebody gets a head start; empty for nobody in particular."""

    NONE = ""
    ELDERLY = "elderly"
    CHILD = "child"
    PREGNANT = "pregnant"
    DISABLED = "disabled"


class Source(StrEnum):
    """How a person came to this visit."""

    EMERGENCY = "emergency"
    PAID_PRIORITY = "paid_priority"
    FOLLOW_UP = "follow_up"
    ONLINE = "online"
    WALK_IN = "walk_in"


HEAD_STARTS = {needs: timedelta(minutes=25) for needs in NeedsClass if needs}
"""Unless a department decides otherwise."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One department's rules of order, as durations."""

    grace: timedelta = timedelta(minutes=15)
    late_penalty: timedelta = timedelta(minutes=15)
    walk_in_penalty: timedelta = timedelta(0)
    head_starts: Mapping[NeedsClass, timedelta] = field(default_factory=lambda: dict(HEAD_STARTS))
    pin_after: int = 8
    version: int = 1

    def head_start(self, needs: NeedsClass) -> timedelta:
        """How far somebody of a class is put forward."""
        return self.head_starts.get(needs, timedelta(0))


class Basis(StrEnum):
    """From what somebody's place counts."""

    APPOINTMENT = "appointment"
    CAME_LATE = "came_late"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a key comes about: a moment, plus a penalty, minus a head start."""

    basis: Basis
    counts_from: datetime
    penalty: timedelta
    head_start: timedelta

    @property
    def key(self) -> datetime:
        """The virtual arrival."""
        return self.counts_from + self.penalty - self.head_start


def tier(*, emergency: bool, urgent: bool, pinned: bool = False) -> Tier:
    """The tier of a waiting visit. An emergency is set by staff only; pinned people come right behind the urgent."""
    if emergency:
        return Tier.EMERGENCY
    if urgent:
        return Tier.URGENT
    return Tier.PINNED if pinned else Tier.REST


def standing(
    policy: Policy,
    *,
    arrived_at: datetime,
    appointment_at: datetime | None = None,
    needs: NeedsClass = NeedsClass.NONE,
) -> Standing:
    """What a visit is ordered by inside its tier (requirements D4), and why.

    Booked and there by appointment plus grace: the appointment's time, however early they came. Booked and
    later: their arrival plus the late penalty. Not booked: their arrival plus the walk-in penalty. Minus the
    head start for those with special needs. Constant over time, so whoever waits long enough is next.
    """
    head_start = policy.head_start(needs)
    if appointment_at is None:
        return Standing(Basis.ARRIVAL, arrived_at, policy.walk_in_penalty, head_start)
    if arrived_at <= appointment_at + policy.grace:
        return Standing(Basis.APPOINTMENT, appointment_at, timedelta(0), head_start)
    return Standing(Basis.CAME_LATE, arrived_at, policy.late_penalty, head_start)


def booked_for(
    appointment_at: datetime, late_until: datetime | None, arrived_at: datetime, grace: timedelta
) -> datetime:
    """The time that somebody with a booking stands by: their own; of who comes after its grace, and had said before
    when they would come, that one. So who says so loses what they are late, and nothing besides."""
    if late_until is None or arrived_at <= appointment_at + grace:
        return appointment_at
    return max(appointment_at, late_until)


def places(doctors: Iterable[Hashable]) -> Iterator[int]:
    """The place of everybody in a queue, given in order by whom they wait for (None: any doctor).

    One more than the people ahead who may be called before: whoever waits for a doctor is behind that doctor's
    people and those who take any doctor, and these are behind everybody.
    """
    ahead: Counter[Hashable] = Counter()
    for doctor in doctors:
        yield 1 + (ahead.total() if doctor is None else ahead[doctor] + ahead[None])
        ahead[doctor] += 1


def keys_to_stand(between: datetime | None, following: Sequence[datetime]) -> list[datetime]:
    """Keys that put somebody behind one key and before others in order: their own, then those of the others as far
    as these have to give way (only where keys stand closer than a clock can tell)."""
    if not following:
        return [between + _APART] if between else []
    if between is None:
        return [following[0] - _APART]
    middle = between + (following[0] - between) / 2
    keys = [middle if between < middle < following[0] else between + _TICK]
    for key in following:
        if key > keys[-1]:
            break
        keys.append(keys[-1] + _TICK)
    return keys


_APART = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)
