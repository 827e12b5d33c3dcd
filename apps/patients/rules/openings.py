"""Who opened a record, told to the person whose it is: plain words for what stands in the audit trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.errors import sentence
from apps.core.policy import Role

ROLE_WORDS: dict[str, str] = {
    Role.ADMIN: sentence("administration"),
    Role.DOCTOR: sentence("doctor"),
    Role.RECEPTION: sentence("front desk"),
    Role.NURSE: sentence("nurse"),
    Role.CASHIER: sentence("cashier"),
    Role.PHARMACIST: sentence("pharmacy"),
    Role.LAB: sentence("laboratory"),
}

WHAT: dict[str, str] = {
    "": sentence("%(who)s opened your file"),
    "visit": sentence("%(who)s had your file before them"),
    "history": sentence("%(who)s read about your earlier visits"),
    "note": sentence("%(who)s read the notes of a visit"),
    "vitals": sentence("%(who)s looked at your vital signs"),
    "health": sentence("%(who)s looked at your allergies and conditions"),
    "results": sentence("%(who)s looked at your test results"),
    "results list": sentence("%(who)s saw a test of yours in a list"),
    "prescription": sentence("%(who)s read a prescription"),
    "prescription print": sentence("%(who)s opened a prescription to print it"),
    "prescription file": sentence("%(who)s took a prescription as a file"),
    "bill": sentence("%(who)s saw a bill on which tests or medicines stand"),
    "bill print": sentence("%(who)s opened a bill to print it"),
    "bill file": sentence("%(who)s took a bill as a file"),
    "emergency": sentence("%(who)s read your whole record in an emergency"),
}
"""By the first words of the right that the trail names, as `note_opened` is told it."""

WITHOUT_A_VISIT = frozenset({"bill", "bill print", "bill file"})
"""What is looked at when people have long gone home, too: that they were not here then says nothing."""

BREAK_GLASS = sentence("%(who)s opened your whole record in an emergency")

CONSULTATION = sentence("because you were in consultation with them")
PRESENT = sentence("because you were here for a visit")
NO_VISIT = sentence("You were not here for a visit then.")
"""Why, as far as the visits tell."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit: from when to when somebody was here, since when with the doctor, and who on the staff that is."""

    came: datetime
    left: datetime | None
    began: datetime | None
    doctor: UUID | None


def what_was_done(action: str, right: str) -> str:
    """What somebody did, as a sentence about `%(who)s` that is to be translated."""
    if action.endswith("break_glass"):
        return BREAK_GLASS
    if right in WHAT:
        return WHAT[right]
    return WHAT.get(right.split(" ", 1)[0], WHAT[""])


def why(at: datetime, who: UUID | None, stays: Iterable[Stay]) -> str:
    """Why, by where the person was at that moment; to be translated."""
    here = [stay for stay in stays if stay.came <= at and (stay.left is None or at <= stay.left)]
    if any(stay.began and stay.began <= at and stay.doctor == who for stay in here):
        return CONSULTATION
    return PRESENT if here else NO_VISIT
