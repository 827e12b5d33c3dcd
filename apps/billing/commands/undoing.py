"""What money rests on is not taken back (requirements D2)."""

from datetime import datetime
from uuid import UUID

from apps.billing.models import Invoice, Payment, Refund
from apps.core.commands import step
from apps.core.errors import Conflict, sentence


class MoneyRestsOnIt(Conflict):
    code = "undo_refused"
    detail = sentence("This cannot be taken back: the bill was paid since, or money was given back. Ask at the till.")


@step
def object_to_undoing(visit_id: UUID, since: datetime) -> None:
    """Refuse to take back a move of a visit on which money rests. Nobody pays its bill until that is decided.

    Raises `MoneyRestsOnIt`."""
    bills = list(Invoice.objects.select_for_update().filter(lines__visit_id=visit_id).order_by("id"))
    if not bills:
        return
    paid = Payment.objects.filter(invoice__in=bills, received_at__gte=since)
    back = Refund.objects.filter(payment__invoice__in=bills, refunded_at__gte=since)
    if paid.exists() or back.exists():
        raise MoneyRestsOnIt
