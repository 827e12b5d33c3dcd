"""Where somebody goes next: stations one after the other, some of them at once. Values in, values out."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from apps.core.policy import Role
from apps.queue.rules.states import State
from apps.scheduling.rules import DepartmentKind

D = TypeVar("D", bound=Hashable)


class Outcome(StrEnum):
    """How a station of a journey ended."""

    OPEN = ""
    DONE = "done"
    SKIPPED = "skipped"
    LEFT = "left"


OUTCOMES: dict[State, Outcome] = {
    State.COMPLETED: Outcome.DONE,
    State.CANCELLED: Outcome.LEFT,
    State.NO_SHOW: Outcome.LEFT,
}
"""What a visit's end means to its station. Somebody TRANSFERRED is still under way, elsewhere."""

PASSED = frozenset({Outcome.DONE, Outcome.SKIPPED})
"""Outcomes after which the journey goes on."""

COUNTER_ROLES: dict[DepartmentKind, Role] = {
    DepartmentKind.TRIAGE: Role.NURSE,
    DepartmentKind.LABORATORY: Role.LAB,
    DepartmentKind.IMAGING: Role.LAB,
    DepartmentKind.PHARMACY: Role.PHARMACIST,
    DepartmentKind.CASHIER: Role.CASHIER,
}
"""Who staffs the counters of a department. In a consultation there are none."""

TESTS = frozenset({DepartmentKind.LABORATORY, DepartmentKind.IMAGING})
"""Where a doctor sends somebody who then comes back with the result."""

MOST_STEPS = 12
MOST_STATIONS = 24


class Next(StrEnum):
    """What happens once a station has ended."""

    WAIT = "wait"
    RETURN = "return"
    GO_ON = "go_on"
    END = "end"


@dataclass(frozen=True, slots=True)
class Leg:
    """A station as the rule sees it. `detour`: what somebody sent for a test goes back to."""

    step: int
    under_way: bool
    outcome: Outcome
    detour: Hashable = None


def planned(stations: Iterable[tuple[int, D | None]], own: D) -> list[tuple[int, D]]:
    """A journey for somebody who came to `own`: its steps counted from 1, nowhere twice in one step.

    A journey that does not name the department somebody came for begins there.
    """
    wanted = [(step, department or own) for step, department in stations]
    if own not in (department for _, department in wanted):
        wanted.insert(0, (min((step for step, _ in wanted), default=1) - 1, own))
    found = sorted(dict.fromkeys(wanted), key=lambda station: station[0])
    number = {step: at for at, step in enumerate(dict.fromkeys(step for step, _ in found), start=1)}
    return [(number[step], department) for step, department in found]


def what_next(ended: Leg, legs: Sequence[Leg]) -> Next:
    """What follows when a station has ended, given all of the journey with it.

    Stations of one step, or of one errand, are waited for. After the last of them it goes on if one was passed: a
    missing X-ray does not lose whoever has been to the laboratory. Whoever passed none has left.
    """
    beside = [leg for leg in legs if (leg.step, leg.detour) == (ended.step, ended.detour)]
    if any(leg.outcome is Outcome.OPEN for leg in beside):
        return Next.WAIT
    if not any(leg.outcome in PASSED for leg in beside):
        return Next.WAIT if ended.detour is not None else Next.END
    if ended.detour is not None:
        return Next.RETURN
    if any(leg.under_way for leg in legs):
        return Next.WAIT
    return Next.GO_ON if next_step(legs) is not None else Next.END


def next_step(legs: Iterable[Leg]) -> int | None:
    """The first step with a station that is still to come."""
    return min((leg.step for leg in legs if not leg.under_way and leg.outcome is Outcome.OPEN), default=None)


def may_staff(role: Role | None, kind: DepartmentKind) -> bool:
    """Whether somebody's role is the one that counters of this kind of department are staffed by."""
    return role is not None and COUNTER_ROLES.get(kind) is role
