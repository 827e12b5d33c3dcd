"""What stands over an e-mail. It says what it is about and nothing of anybody's health: mailboxes show it to whoever
looks over a shoulder."""

from collections.abc import Mapping

from apps.core.errors import sentence
from apps.notifications.rules import Kind

SUBJECTS: Mapping[Kind, str] = {
    Kind.EMAIL_CODE: sentence("your code"),
    Kind.SECURITY: sentence("your account"),
    Kind.BOOKING: sentence("your booking"),
    Kind.REMINDER: sentence("a reminder"),
    Kind.DOCTOR_AWAY: sentence("your booking has changed"),
    Kind.DELAY: sentence("your time has changed"),
    Kind.CHECKED_IN: sentence("you are checked in"),
    Kind.AHEAD: sentence("your turn comes soon"),
    Kind.CALLED: sentence("it is your turn"),
    Kind.MISSED: sentence("we did not find you"),
    Kind.PAYMENT: sentence("your bill"),
    Kind.ABNORMAL: sentence("please look now"),
}
"""The usual words by what a message is about."""

LONGEST = 120


NAME_FIRST = "{hospital}: "
"""How usual words begin. What stands before a colon in other words may be anything, and is not shown."""


def subject_of(text: str, subject: str, *, own: bool, words: str) -> str:
    """The line over an e-mail: a hospital's own subject as it is; the usual one after the hospital's name, if the words
    that the text was made of begin with it. One line, whatever somebody has typed."""
    hospital = text.partition(": ")[0]
    whole = subject if own or not words.startswith(NAME_FIRST) else f"{hospital}: {subject}"
    return " ".join(whole.split())[:LONGEST]
