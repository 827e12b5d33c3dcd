"""What people say about a visit: one of three faces, and words if they like."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

LONGEST_COMMENT = 500
"""Letters."""


class Face(IntEnum):
    """How a visit was; a larger number is better."""

    BAD = 1
    FAIR = 2
    GOOD = 3


@dataclass(frozen=True, slots=True)
class Opinion:
    """What people said of one place: how many chose each face."""

    good: int
    fair: int
    bad: int

    @property
    def said(self) -> int:
        """How many said anything."""
        return self.good + self.fair + self.bad

    @property
    def content(self) -> int | None:
        """The share of good faces in whole per cent; None where nobody said anything."""
        return round(100 * self.good / self.said) if self.said else None


def opinion(faces: Iterable[int]) -> Opinion:
    """The opinion that these faces make."""
    counts = Counter(faces)
    return Opinion(counts[Face.GOOD], counts[Face.FAIR], counts[Face.BAD])
