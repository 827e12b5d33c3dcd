"""What somebody's own page shows of their place, and when that is another page."""

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from hashlib import blake2s
from uuid import UUID

NEAR = 6
"""People ahead up to whom the page draws each of them. Further away only the count changes from call to call."""

STEP = timedelta(minutes=5)
"""What windows are rounded to: one whose beginning has passed begins now, and is another window five minutes later."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All that may change on somebody's page without another one of their own moves."""

    id: UUID
    version: int
    state: str
    ahead: int | None
    """People who may be called before them; None for who does not wait."""
    is_open: bool
    """Whether the department is."""
    at_work: str
    """How their doctor is: available, on a break, away; empty without one."""
    back_at: datetime | None
    room_id: UUID | None
    others_seen: bool
    """Whether anybody is just being seen, told to who waits."""
    told: tuple[object, ...] = ()
    """What they are told of their time, whatever it is."""
    begins: datetime | None = None
    """When the window that they are told begins."""

    def page(self, now: datetime) -> str:
        """A word that is another one when the page has to be made anew, and the same as long as no more than the count
        of those before them and the numbers just being seen have changed."""
        ahead = None if self.ahead is None else min(self.ahead, NEAR + 1)
        begun = (now - datetime.min.replace(tzinfo=now.tzinfo)) // STEP if self.begins and self.begins <= now else 0
        facts = (*astuple(self)[:3], ahead, *astuple(self)[4:], begun)
        return blake2s(repr(facts).encode(), digest_size=8).hexdigest()
