"""Places in slots: counted rightly, given up in time, as many as their level says."""

from datetime import timedelta

from django.conf import settings

from opd.invariants.looking import Look, count, first_of, rows_of

SWEPT_WITHIN = timedelta(minutes=5)
"""How long holds, offers, waits and overrides may stand after their end, beside a worker that sweeps."""


_SLOTS = """
SELECT id, taken, capacity, overflow, live, beyond FROM (
    SELECT s.id, s.taken, s.capacity, s.overflow, coalesce(sum(a.places), 0) AS live,
        coalesce(sum(a.places) FILTER (WHERE a.overflow), 0) AS beyond
    FROM scheduling_slot s
    LEFT JOIN scheduling_appointment a ON a.slot_id = s.id AND a.state IN ('HELD', 'BOOKED', 'ARRIVED')
    WHERE s.facility_id = ANY(%s)
    GROUP BY s.id
) AS counted
WHERE taken <> live OR taken > capacity + beyond
"""


def slots(look: Look) -> tuple[str, str]:
    """A slot's count is of those who have a place in it."""
    seen = count("SELECT count(*) FROM scheduling_slot WHERE facility_id = ANY(%s)", [look.facilities])
    wrong = rows_of(_SLOTS, [look.facilities])
    return f"{seen} slots", first_of(wrong, "slot {0} says {1} taken of {2}, {4} places are had, {5} of them beyond")


_SWEPT = """
SELECT 'hold ' || id, hold_expires_at FROM scheduling_appointment
WHERE facility_id = ANY(%(facilities)s) AND state = 'HELD' AND hold_expires_at < %(due)s
UNION ALL
SELECT 'offer ' || o.id, o.expires_at FROM scheduling_offer o JOIN scheduling_appointment a ON a.id = o.hold_id
WHERE o.facility_id = ANY(%(facilities)s) AND o.state = 'OPEN' AND (o.expires_at < %(due)s OR a.state <> 'HELD')
UNION ALL
SELECT 'wait ' || id, expires_at FROM scheduling_waitingentry
WHERE facility_id = ANY(%(facilities)s) AND state = 'WAITING' AND expires_at < %(due)s
UNION ALL
SELECT 'override of slot ' || id, ends_at FROM scheduling_slot
WHERE facility_id = ANY(%(facilities)s) AND emergency_level <> '' AND ends_at < %(due)s
ORDER BY 2 LIMIT 1
"""


def swept(look: Look) -> tuple[str, str]:
    """Holds, offers, waits and overrides do not outlive their end."""
    due = look.now - SWEPT_WITHIN - timedelta(minutes=settings.SWEEPS_SPARE_MINUTES)
    wrong = rows_of(_SWEPT, {"facilities": look.facilities, "due": due})
    held = "SELECT count(*) FROM scheduling_appointment WHERE facility_id = ANY(%s) AND state = 'HELD'"
    return f"{count(held, [look.facilities]):,} held", first_of(wrong, "{0} was over at {1} and still stands")


_STRETCHED = """
SELECT id, capacity, usual_capacity, emergency_level FROM scheduling_slot
WHERE facility_id = ANY(%s) AND (emergency_level = '' AND usual_capacity IS NOT NULL
    OR emergency_level <> '' AND capacity IS DISTINCT FROM
        ceil(usual_capacity * CASE emergency_level WHEN 'critical' THEN 1.5 WHEN 'high' THEN 1.25 END))
LIMIT 1
"""


def stretched(look: Look) -> tuple[str, str]:
    """A stretched slot has as many places as its level says."""
    stretched = "SELECT count(*) FROM scheduling_slot WHERE facility_id = ANY(%s) AND emergency_level <> ''"
    wrong = rows_of(_STRETCHED, [look.facilities])
    seen = f"{count(stretched, [look.facilities]):,} stretched"
    return seen, first_of(wrong, "slot {0} has {1} places, usually {2}, level {3}")
