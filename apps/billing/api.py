"""Invoices, payments and the books over the API."""

import hashlib
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import facility_facts
from apps.billing import commands
from apps.billing.queries.books import journals_of, require_whole_house, sums_of
from apps.billing.queries.invoices import in_departments, invoice_of, invoices, seen_by
from apps.billing.queries.shapes import (
    DayBookOut,
    InvoiceOut,
    LinkOut,
    PaidBackOut,
    PaymentOut,
    ReceivedOut,
    WholeInvoiceOut,
)
from apps.billing.rules.books import Method
from apps.billing.rules.discounts import DiscountState
from apps.billing.rules.gateway import is_signed, told_by
from apps.core.api import Endpoint, TextField
from apps.core.errors import DomainError, NotFound, sentence
from apps.core.policy import PUBLIC, Permission, system_actor

LONGEST_REASON = 200
LONGEST_REFERENCE = 60
LONGEST_ID = 80
RAZORPAY = "razorpay"


class BadSignature(DomainError):
    code = "bad_signature"
    status = 401
    detail = sentence("This is not signed as it should be.")


class SumField(serializers.DecimalField):
    """A sum of money in a body: a text, as it is answered, or a number."""

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"max_digits": 10, "decimal_places": 2, "min_value": Decimal("0.01")}
        super().__init__(**usual | kwargs)


class VisitIn(serializers.Serializer[Any]):
    """`{visitId}`"""

    visitId = serializers.UUIDField(source="visit_id")


class VersionIn(serializers.Serializer[Any]):
    """`{version?}`: what the sender has seen."""

    version = serializers.IntegerField(source="expected_version", required=False, min_value=1)


class DiscountIn(VersionIn):
    """`{amount|percent, reason}`"""

    amount = SumField(required=False)
    percent = SumField(required=False, max_value=Decimal(100))
    reason = TextField(max_length=LONGEST_REASON)


class DecisionIn(serializers.Serializer[Any]):
    """`{approve}`"""

    approve = serializers.BooleanField()


class PaymentIn(VersionIn):
    """`{amount, method, reference?}`"""

    amount = SumField()
    method = serializers.ChoiceField([str(method) for method in Method])
    reference = TextField(required=False, max_length=LONGEST_REFERENCE, allow_blank=True)


class RefundIn(serializers.Serializer[Any]):
    """`{amount, reason}`"""

    amount = SumField()
    reason = TextField(max_length=LONGEST_REASON)


class ListIn(serializers.Serializer[Any]):
    """`?status=&date=&patientId=`"""

    status = serializers.ChoiceField(["DRAFT", "ISSUED"], required=False)
    date = serializers.DateField(source="day", required=False)
    patientId = serializers.UUIDField(source="patient_id", required=False)


class DayIn(serializers.Serializer[Any]):
    """`?date=`; today unless told."""

    date = serializers.DateField(required=False)


def whole(invoice: Any) -> dict[str, Any]:
    """An invoice with everything on it, as it stands now."""
    return WholeInvoiceOut.of(invoice_of(invoice.id))


class Bills(Endpoint):
    """What answers with whole invoices."""

    def opened(self, answer: Response) -> Response:
        """An answer that tells everything on an invoice, once it is on record that somebody opened it."""
        commands.note_bill_opened(actor=self.actor, now=self.now, invoice=invoice_of(answer.data["id"]))
        return answer


class Invoices(Bills):
    """Invoices."""

    policy = {"GET": Permission.INVOICE_READ, "POST": Permission.INVOICE_CHANGE}

    @extend_schema(parameters=[ListIn], responses=InvoiceOut(many=True))
    def get(self, request: Request) -> Response:
        """List invoices of the own departments, the newest first."""
        asked = self.read_query(ListIn)
        return self.page(in_departments(invoices().filter(**asked), self.actor), InvoiceOut.of)

    @extend_schema(request=VisitIn, responses={201: WholeInvoiceOut})
    def post(self, request: Request) -> Response:
        """Make a draft of what was done in a visit, or find the invoice that it is on."""
        return self.opened(self.run(commands.draft_invoice, whole, success=201, **self.read(VisitIn)))


class OneInvoice(Bills):
    """An invoice."""

    policy = Permission.INVOICE_READ

    @extend_schema(responses=WholeInvoiceOut)
    def get(self, request: Request, invoice_id: UUID) -> Response:
        """One invoice with its lines, payments and discounts. Reading one with tests or medicines is audited."""
        return self.opened(Response(WholeInvoiceOut.of(seen_by(self.actor, invoice_id))))


class Discounts(Bills):
    """Discounts of an invoice."""

    policy = Permission.INVOICE_DISCOUNT

    @extend_schema(request=DiscountIn, responses={201: WholeInvoiceOut, 202: WholeInvoiceOut})
    def post(self, request: Request, invoice_id: UUID) -> Response:
        """Take something off a draft. Above the own limit it is asked for (202) until somebody else decides."""
        told = self.read(DiscountIn)
        answer = self.run(commands.give_discount, lambda found: whole(found[0]), invoice_id=invoice_id, **told)
        waits = any(discount["state"] == DiscountState.ASKED for discount in answer.data["discounts"])
        answer.status_code = 202 if waits else 201
        return self.opened(answer)


class Decision(Bills):
    """The discount that waits."""

    policy = Permission.INVOICE_DISCOUNT

    @extend_schema(request=DecisionIn, responses=WholeInvoiceOut)
    def post(self, request: Request, invoice_id: UUID) -> Response:
        """Approve or refuse the discount that an invoice waits for."""
        told = self.read(DecisionIn)
        return self.opened(
            self.run(commands.decide_discount, lambda found: whole(found[0]), invoice_id=invoice_id, **told)
        )


class Issue(Bills):
    """Numbers of invoices."""

    policy = Permission.INVOICE_CHANGE

    @extend_schema(request=VersionIn, responses=WholeInvoiceOut)
    def post(self, request: Request, invoice_id: UUID) -> Response:
        """Give a draft its number; from then on it stands."""
        told = self.read(VersionIn)
        return self.opened(self.run(commands.issue_invoice, whole, invoice_id=invoice_id, **told))


class Payments(Endpoint):
    """Payments of an invoice."""

    policy = Permission.PAYMENT_TAKE

    @extend_schema(request=PaymentIn, responses={201: PaymentOut})
    def post(self, request: Request, invoice_id: UUID) -> Response:
        """Take money at the desk, or ask for a link to pay by: its address comes in a moment, with the invoice."""
        told = self.read(PaymentIn)
        if told["method"] == Method.LINK:
            about = {name: told[name] for name in ("amount", "expected_version") if name in told}
            return self.run(commands.ask_link, LinkOut.of, success=201, invoice_id=invoice_id, **about)
        return self.run(commands.take_payment, PaymentOut.of, success=201, invoice_id=invoice_id, **told)


class Webhooks(Endpoint):
    """What payment gateways tell."""

    policy = PUBLIC

    @extend_schema(request=OpenApiTypes.OBJECT, responses=ReceivedOut)
    def post(self, request: Request, provider: str) -> Response:
        """Take in one signed event. It is only kept here, once; the worker acts on it."""
        body = request._request.body
        signature = request.headers.get("X-Razorpay-Signature", "")
        if provider != RAZORPAY:
            raise NotFound
        if not is_signed(body, signature, settings.RAZORPAY_WEBHOOK_SECRET):
            raise BadSignature
        told = told_by(request.data)
        known = request.headers.get("X-Razorpay-Event-Id", "")
        event_id = known if 0 < len(known) <= LONGEST_ID and known.isascii() else hashlib.sha256(body).hexdigest()
        commands.take_in(actor=system_actor(RAZORPAY), now=self.now, event_id=event_id, told=told)
        return Response(ReceivedOut.of({"received": True}))


class Refunds(Endpoint):
    """Refunds of a payment."""

    policy = Permission.PAYMENT_REFUND

    @extend_schema(request=RefundIn, responses={201: PaidBackOut})
    def post(self, request: Request, payment_id: UUID) -> Response:
        """Give money back, never more than came."""
        return self.run(commands.refund, PaidBackOut.of, success=201, payment_id=payment_id, **self.read(RefundIn))


class Ledger(Endpoint):
    """The books."""

    policy = Permission.LEDGER_READ

    @extend_schema(parameters=[DayIn], responses=DayBookOut)
    def get(self, request: Request) -> Response:
        """A day's journals and their sums, which are equal: for those who serve the whole hospital."""
        require_whole_house(self.actor, Permission.LEDGER_READ)
        facility = facility_facts(self.actor.facility_id)  # type: ignore[arg-type]  # staff have one
        day = self.read_query(DayIn).get("date") or facility.day_of(self.now)
        debits, credited = sums_of(day)
        book = {"date": day, "debits": debits, "credits": credited, "entries": journals_of(day)}
        return Response(DayBookOut.of(book))
