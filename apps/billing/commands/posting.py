"""Writing into the books: one journal for one deed."""

from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.billing.models import Journal, JournalLine
from apps.billing.rules.books import Deed, Postings
from apps.core.commands import step, unit


@step
def post(facility_id: UUID, deed: Deed, source_id: UUID, postings: Postings) -> None:
    """Write a deed's journal. Nothing is written of a deed without sums. The database refuses one that is not balanced
    or is written twice."""
    if not postings:
        return
    now = unit().now
    journal = Journal.objects.create(
        facility_id=facility_id,
        at=now,
        day=facility_facts(facility_id).day_of(now),
        deed=deed,
        source_id=source_id,
    )
    JournalLine.objects.bulk_create(
        JournalLine(journal=journal, account=p.account, debit=p.debit, credit=p.credit) for p in postings
    )
