"""What comes after a played visit: some come again, some are sent elsewhere by a letter, some get a diet plan."""

from collections.abc import Iterator
from typing import Any

from apps.core.commands import Command
from apps.encounters.commands.afterwards import add_diet, refer, set_follow_up

AGAIN = {1: 14, 2: 30, 4: 7}
"""After how many days somebody comes again, by the note of their visit (`bedside.NOTES`)."""

DIETS = {1: "diabetes", 2: "low-salt", 3: "loose-motions"}
"""The diet plan that goes with a note."""

SPECIALISTS = {
    1: ("Eye department, District Medical College", "Type 2 diabetes. Please look at the back of the eyes."),
    2: ("Cardiologist, District Medical College", "Blood pressure not controlled. Please see for an echocardiogram."),
    4: ("Physiotherapist, Civil Hospital", "Osteoarthritis of the knee. Please teach exercises."),
}
"""To whom somebody is sent with a note, and why."""

EVERY_AGAIN, EVERY_DIET, EVERY_LETTER = 3, 4, 7
"""Of those with such a note every so many-th."""


def comes_after(note: int, nth: int) -> Iterator[tuple[Command[..., Any], dict[str, Any]]]:
    """What a doctor drafts beside the n-th note of a kind: commands, and what each is told besides the visit."""
    if note in AGAIN and nth % EVERY_AGAIN == 0:
        yield set_follow_up, {"days": AGAIN[note]}
    if note in DIETS and nth % EVERY_DIET == 0:
        yield add_diet, {"code": DIETS[note]}
    if note in SPECIALISTS and nth % EVERY_LETTER == 0:
        to, reason = SPECIALISTS[note]
        yield refer, {"to": to, "reason": reason}
