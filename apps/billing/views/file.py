"""An invoice with its receipt as a PDF file, at the till. Mounted in the admin."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.audit.commands import record_opened
from apps.billing.commands import note_bill_opened
from apps.billing.queries.invoices import seen_by
from apps.billing.queries.sheet import TEMPLATE, invoice_sheet
from apps.billing.rules.invoices import InvoiceStatus
from apps.core import paper
from apps.core.errors import NotFound
from apps.core.policy import Permission
from apps.core.views import actor_of, page


@page(policy=Permission.INVOICE_CHANGE)
def file(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """What the receipt's page prints, on a sheet of A4. Raises `NotFound` for a draft."""
    actor, now = actor_of(request), timezone.now()
    found = seen_by(actor, invoice_id)
    if found.status == InvoiceStatus.DRAFT:
        raise NotFound
    sheet = invoice_sheet(found, now)
    made = paper.pdf(TEMPLATE, sheet)
    record_opened(actor=actor, now=now, entity_type="invoice", entity_id=invoice_id)
    note_bill_opened(actor=actor, now=now, invoice=found, by="bill file", each=True)
    return paper.download(made, sheet["name"])
