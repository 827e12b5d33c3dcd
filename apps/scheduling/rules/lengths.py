"""How long a visit takes that somebody books: as its type says, or as usual."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Length:
    """What was agreed about the length of a visit: the type, and its minutes when it was booked. Without, it is one
    place of the slot."""

    visit_type_id: UUID | None = None
    minutes: int | None = None


USUAL = Length()
