"""A bill says what was done to somebody: that it was opened is on record where that person sees it."""

from datetime import datetime

from apps.billing.models import Invoice
from apps.core.policy import Actor
from apps.patients.commands import note_opened


def note_bill_opened(*, actor: Actor, now: datetime, invoice: Invoice, by: str = "bill", each: bool = False) -> None:
    """Say that somebody opened a bill on which tests or medicines stand, once in ten minutes or, as a print or a file
    leaves the house, `each` time. One that names a department only says no more than the visit does."""
    if invoice.shown_lines.exclude(key="").exists():
        note_opened(actor=actor, now=now, patient_id=invoice.patient_id, by=by, each=each)
