"""What must hold after any day, any crash and any race: asked of the database itself, one statement each.

Every check looks at whole facilities and answers how much it looked at and the first row that is wrong.
"""

from collections.abc import Callable, Iterator

from opd.invariants import money, places, records, visits
from opd.invariants.looking import Finding, Look

__all__ = ["INVARIANTS", "Finding", "Look", "check"]


def check(look: Look) -> Iterator[Finding]:
    """Every invariant, one after the other."""
    for name, examine in INVARIANTS.items():
        seen, offender = examine(look)
        yield Finding(name, seen, offender)


INVARIANTS: dict[str, Callable[[Look], tuple[str, str]]] = {
    "visits stand where their transitions lead": visits.paths,
    "a doctor or counter has at most one active visit": visits.one_active_visit,
    "nobody waits twice in a department": visits.one_open_visit,
    "token numbers run from 1 to the counter": visits.numbers,
    "visits carry their own token's number": visits.visits_carry_their_tokens,
    "transitions, audit entries and events are one to one": visits.told_alike,
    "streams are numbered without gaps": records.streams,
    "events are delivered or parked": records.delivered,
    "the audit chain verifies": records.sealed,
    "UHIDs run from 1 to the counter": records.uhids,
    "a slot's count is of those who have a place": places.slots,
    "what is over was swept": places.swept,
    "stretched slots have the places of their level": places.stretched,
    "the books are balanced and agree with the papers": money.books,
    "invoice numbers run from 1 to the counter": money.invoice_numbers,
    "no session idles in a transaction": records.nobody_idles,
    "partitions are made ahead": records.months_ahead,
}
"""What must hold, and how it is found out."""
