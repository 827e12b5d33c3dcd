"""Experience as rows and as values."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from apps.eta.models import Experience
from apps.eta.rules.calibrating import Calibration
from apps.eta.rules.learned import Learned
from apps.eta.rules.teaching import DayKept
from apps.eta.rules.versions import VERSIONS, Choice


@dataclass(slots=True)
class Known:
    """What is remembered of all (under None) and of some doctors; to be saved only when it was read locked."""

    rows: dict[UUID | None, Experience]
    values: dict[UUID | None, Learned]
    days: dict[UUID | None, DayKept]
    calibrations: dict[str, Calibration]
    """By version: each learns from its own windows."""
    choice: Choice

    @property
    def pool(self) -> Learned:
        """What is remembered of all doctors together."""
        return self.values[None]

    def save(self, now: datetime) -> None:
        """Write it back."""
        for key, row in self.rows.items():
            row.state = row.state | {"learned": self.values[key].as_json(), "now": self.days[key].as_json()}
            row.updated_at = now
        saved = {name: calibration.as_json() for name, calibration in self.calibrations.items()}
        self.rows[None].state |= {"calibrations": saved, "choice": asdict(self.choice)}
        Experience.objects.bulk_update(self.rows.values(), ["state", "updated_at"])


def recall(facility_id: UUID, doctors: Iterable[UUID], now: datetime, *, lock: bool) -> Known:
    """What is remembered of all, and of these doctors; locked until the transaction ends, if it is to be changed."""
    wanted: list[UUID | None] = [None, *sorted(set(doctors))]
    if lock:
        new = [Experience(facility_id=facility_id, doctor_id=key, updated_at=now) for key in wanted]
        Experience.objects.bulk_create(new, ignore_conflicts=True)
    found = Experience.objects.filter(facility_id=facility_id).order_by("doctor_id")
    rows = {row.doctor_id: row for row in (found.select_for_update() if lock else found) if row.doctor_id in wanted}
    states = {key: rows[key].state if key in rows else {} for key in wanted}
    calibrations = states[None].get("calibrations", {})
    return Known(
        rows,
        {key: Learned.from_json(state.get("learned", {})) for key, state in states.items()},
        {key: DayKept(**state.get("now", {})) for key, state in states.items()},
        {name: Calibration.from_json(calibrations.get(name, {})) for name in VERSIONS},
        Choice(**states[None].get("choice", {})),
    )
