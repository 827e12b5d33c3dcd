"""What came back: counts by operation and status, and every answer that should never be."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Tally:
    """The answers of one run. A run that mostly meets closed doors proves nothing, so the open ones are counted."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)

    def add(self, operation: str, status: int) -> None:
        """One answer."""
        self.statuses[operation][status] += 1

    @property
    def requests(self) -> int:
        """How many answers there were."""
        return sum(sum(counts.values()) for counts in self.statuses.values())

    @property
    def done(self) -> float:
        """The share of requests that were carried out (2xx, and 304)."""
        carried_out = sum(n for counts in self.statuses.values() for status, n in counts.items() if status < 400)
        return carried_out / max(1, self.requests)

    def never_done(self) -> set[str]:
        """Operations that nobody got through to."""
        return {operation for operation, counts in self.statuses.items() if min(counts) >= 400}

    def __str__(self) -> str:
        total = sum(self.statuses.values(), Counter())
        lines = [f"{self.requests} requests, {self.done:.0%} carried out; {dict(sorted(total.items()))}"]
        lines += [f"  {name:<60}{dict(sorted(counts.items()))}" for name, counts in sorted(self.statuses.items())]
        return "\n".join(lines)
