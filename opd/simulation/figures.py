"""What a played day comes to: how many were seen, how long they waited."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.queue.rules.states import State


@dataclass(frozen=True, slots=True)
class Figures:
    """A facility's visits by where they ended, ways through several stations, people who said they would be late and
    who were moved by hand, and waits to the first call in minutes (None: nobody was called)."""

    visits: int
    completed: int
    no_shows: int
    cancelled: int
    journeys: int
    went_out: int
    moved: int
    wait_p50: float | None
    wait_p90: float | None


def figures_of(facility_id: UUID) -> Figures:
    """The figures of everything a facility has seen so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM queue_visit WHERE facility_id = %s GROUP BY state", [facility_id])
        states: dict[str, int] = dict(cursor.fetchall())
        cursor.execute(
            "SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM first.at - v.queued_at))"
            " FROM queue_visit v JOIN LATERAL (SELECT min(at) AS at FROM queue_visittransition t"
            " WHERE t.visit_id = v.id AND t.to_state = 'CALLED') first ON first.at IS NOT NULL"
            " WHERE v.facility_id = %s",
            [facility_id],
        )
        (waits,) = cursor.fetchone()
        cursor.execute(
            "SELECT (SELECT count(*) FROM queue_journey WHERE facility_id = %s),"
            " (SELECT count(*) FROM queue_visittransition WHERE facility_id = %s AND to_state = 'ON_HOLD'"
            "   AND was ? 'back_at'),"
            " (SELECT count(*) FROM queue_visit WHERE facility_id = %s AND moved)",
            [facility_id] * 3,
        )
        journeys, went_out, moved = cursor.fetchone()
    p50, p90 = [round(seconds / 60, 1) for seconds in waits] if waits else (None, None)
    return Figures(
        visits=sum(states.values()),
        completed=states.get(State.COMPLETED, 0),
        no_shows=states.get(State.NO_SHOW, 0),
        cancelled=states.get(State.CANCELLED, 0),
        journeys=journeys,
        went_out=went_out,
        moved=moved,
        wait_p50=p50,
        wait_p90=p90,
    )
