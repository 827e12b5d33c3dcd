"""Which times to suggest (`eta.md` 5.4): a cost in minutes, so that it can be explained; the lowest comes first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

OTHERS = 1.0
OVERTIME = 2.0
AWAY_FROM_WISH = 0.25
"""Minutes of cost for a minute that others wait longer, that the doctor stays longer, that a time is off the wish."""

LOWEST_COST_SCORES = 100
"""The score of a time that costs nothing; a minute of cost takes one off."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A time that somebody could have, and what it would cost, part by part, in minutes."""

    slot_id: UUID
    at: datetime
    wait: float
    others: float = 0.0
    overtime: float = 0.0
    off_wish: float = 0.0

    @property
    def cost(self) -> float:
        """All of it together."""
        return self.wait + OTHERS * self.others + OVERTIME * self.overtime + AWAY_FROM_WISH * self.off_wish

    @property
    def score(self) -> int:
        """The same for people, from 100 down: higher is better."""
        return max(0, round(LOWEST_COST_SCORES - self.cost))


def ranked(suggestions: list[Suggestion]) -> list[Suggestion]:
    """The best first; the earlier of two that cost the same."""
    return sorted(suggestions, key=lambda one: (round(one.cost, 3), one.at))
