"""Breaking the glass: for how long, and for which reasons, somebody sees what they usually may not."""

from datetime import timedelta

from apps.core.errors import Invalid, sentence
from apps.patients.rules.texts import visible

LASTS = timedelta(minutes=30)
"""How long an emergency access is open. Whoever needs more gives a reason again."""

SHORTEST_REASON = 10
LONGEST_REASON = 300
"""Characters."""


def clean_reason(text: str) -> str:
    """A reason that can be judged afterwards. Raises `Invalid`."""
    reason = visible(text)
    if len(reason) < SHORTEST_REASON:
        raise Invalid({"reason": [sentence("Say in a few words why this record is needed now.")]})
    if len(reason) > LONGEST_REASON:
        raise Invalid({"reason": [sentence("At most 300 characters.")]})
    return reason
