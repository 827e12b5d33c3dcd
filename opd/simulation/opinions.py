"""What people say on their phones after a visit, each behind their own link."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.queries import actor_of_tracking, tracking_code
from apps.core.errors import DomainError
from apps.core.trace import start_trace
from apps.queue.commands import say_how_it_was
from apps.queue.rules.feedback import Face
from opd.simulation.cast import VIA, Cast

LOOKS_BACK = timedelta(seconds=120)
"""From the end of a visit until somebody says how it was."""

FORGETS = timedelta(minutes=10)
"""Whoever has said nothing by then says nothing any more."""

SAYS_EVERY = 4
"""Every n-th person says it."""

OPINIONS = (
    (Face.GOOD, ""),
    (Face.GOOD, "The doctor listened. Thank you."),
    (Face.FAIR, "Two hours for five minutes. The time on my phone was right."),
    (Face.GOOD, ""),
    (Face.BAD, "No chairs free near room 4, I stood with my mother."),
    (Face.FAIR, ""),
    (Face.GOOD, "बहुत अच्छे लोग हैं।"),
)
"""Faces and words."""

_DUE = """
SELECT v.id FROM queue_visit v JOIN queue_visittransition t ON t.visit_id = v.id AND t.version = v.version
WHERE v.department_id = ANY(%s) AND v.state = 'COMPLETED' AND v.doctor_id IS NOT NULL AND t.via = %s
    AND v.day >= %s AND v.completed_at BETWEEN %s AND %s
    AND NOT EXISTS (SELECT FROM queue_feedback f WHERE f.token_id = v.token_id)
ORDER BY v.completed_at LIMIT 40
"""
"""Whom a simulated doctor saw: whom a person sees speaks for themselves."""


def say(do: Callable[..., Any], visit_id: UUID, number: int, now: datetime) -> None:
    """The n-th opinion, said by the phone of that visit; whose link has ended says nothing."""
    holder = actor_of_tracking(tracking_code(visit_id, now), now)
    if holder:
        face, words = OPINIONS[number % len(OPINIONS)]
        do(say_how_it_was, actor=holder, visit_id=visit_id, face=face, comment=words)


class Opinions:
    """The phones of those who were seen, looked at once a second. Who speaks and what is drawn from the visit's id."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock

    def tick(self, cast: Cast) -> int:
        """Let one of those speak who are due; whether somebody did."""
        now = self.clock()
        with connection.cursor() as cursor:
            since, until = now - FORGETS, now - LOOKS_BACK
            places = [cast.departments[doctor.department] for doctor in cast.practitioners.values()]
            cursor.execute(_DUE, [places, VIA, (since - timedelta(days=1)).date(), since, until])
            due = [(visit_id, _number(visit_id)) for (visit_id,) in cursor.fetchall()]
        speaking = next(((id_, number) for id_, number in due if number % SAYS_EVERY == 0), None)
        return self._say(*speaking, now) if speaking else 0

    def _say(self, visit_id: UUID, number: int, now: datetime) -> int:
        start_trace()
        try:
            say(lambda command, **what: command(now=now, **what), visit_id, number // SAYS_EVERY, now)
        except DomainError:
            return 0
        return 1


def _number(visit_id: UUID) -> int:
    return Random(f"{visit_id}:opinion").randrange(SAYS_EVERY * len(OPINIONS))
