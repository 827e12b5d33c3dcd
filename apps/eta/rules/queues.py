"""What the eta app is told of a queue, as plain values: `queue` gathers it, since it stands above."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whose turn is to come: a visit, or a booking of somebody who is not here yet."""

    subject_id: UUID
    token_id: UUID
    kind: str
    tier: int
    key: datetime
    doctor_id: UUID | None
    slot: datetime | None = None
    here: bool = True
    odds: float = 0.0
    missed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AtWork:
    """One doctor and what they are doing."""

    id: UUID
    average: float
    available: bool
    paused: bool
    starts_at: datetime
    """The planned start of the session."""
    ends_at: datetime
    booked: int = 0
    delay: int = 0
    since: datetime | None = None
    """Since when somebody is with them."""
    inside: str = ""
    called_at: datetime | None = None
    """When that person was called, while they are on their way."""
    back_at: datetime | None = None
    """When they said to be back from a break."""

    @property
    def at_work(self) -> bool:
        """Whether their session has begun and is not over."""
        return self.available or self.paused or self.since is not None


@dataclass(frozen=True, slots=True)
class Queue:
    """One department's queue of a day."""

    facility_id: UUID
    department_id: UUID
    day: date
    doctors: Sequence[AtWork]
    people: Sequence[Waiting]
    trigger: str = ""
    cause: str = ""
    changed: Collection[UUID] = ()
    """Who the events were about: they are no reason for themselves."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A doctor's day as it was planned. `length` in minutes."""

    due: datetime
    """When they were to begin: the planned start, or when the first person was there or booked, if that is later."""
    length: float
    booked: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one event teaches: a consultation that ended, a turn that came, somebody who arrived or did not, a doctor
    who left or came back. `at` is when it happened."""

    facility_id: UUID
    at: datetime
    doctor_id: UUID | None = None
    kind: str = ""
    average: float = 15.0
    consulted: float | None = None
    """Minutes."""
    offset: float | None = None
    """Minutes that a booked person came after their time."""
    odds: float | None = None
    came: bool = True
    plan: Plan | None = None
    """With the first call of a doctor's day."""
    newcomer: str = ""
    """`walk_in` or `emergency`: somebody without an appointment was called."""
    ready: datetime | None = None
    """When the person was there."""
    behind: float = 0.0
    """Minutes that they stood behind that."""
    called: datetime | None = None
    """When somebody was called."""
    begun: datetime | None = None
    """When a consultation began."""
    walked: float | None = None
    """Minutes from the call to that."""
    returned: bool | None = None
    """Whether somebody who missed a call came after all, and how many minutes later."""
    away_for: float = 0.0
    left: bool = False
    back: bool = False
    said_back: datetime | None = None
    """A doctor left for a while, until when they said; or is back."""
