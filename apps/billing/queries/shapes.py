"""What billing answers, as the contract writes it: money as texts with two decimals."""

from typing import Any

from rest_framework import serializers

from apps.core.shapes import MoneyOut, Shape, TextOrNull


class LineOut(Shape):
    """One thing that was done."""

    description = serializers.CharField()
    freeRevisit = serializers.BooleanField(source="free_revisit")
    visitId = serializers.UUIDField(source="visit_id", allow_null=True)
    quantity = serializers.IntegerField()
    unitPrice = MoneyOut(source="unit_price", allow_null=True, help_text="Null: it has no price yet.")
    discount = MoneyOut()
    taxRate = MoneyOut(source="tax_percent")
    tax = MoneyOut()
    total = MoneyOut()


class PaidBackOut(Shape):
    """Money that went back."""

    refundId = serializers.UUIDField(source="id")
    paymentId = serializers.UUIDField(source="payment_id")
    amount = MoneyOut()
    reason = serializers.CharField()
    at = serializers.DateTimeField(source="refunded_at")


class PaymentOut(Shape):
    """Money that came."""

    paymentId = serializers.UUIDField(source="id")
    invoiceId = serializers.UUIDField(source="invoice_id")
    status = serializers.SerializerMethodField()
    method = serializers.CharField()
    amount = MoneyOut()
    refunded = MoneyOut()
    reference = serializers.CharField()
    at = serializers.DateTimeField(source="received_at")

    def get_status(self, payment: Any) -> str:
        """What is written down has come."""
        return "CAPTURED"


class LinkOut(Shape):
    """A link to pay by; `link` is its address once the gateway has made it. The payment gets its id."""

    paymentId = serializers.UUIDField(source="id")
    invoiceId = serializers.UUIDField(source="invoice_id")
    status = serializers.CharField(source="state")
    amount = MoneyOut()
    link = TextOrNull(source="url")


class ReceivedOut(Shape):
    """An event is kept."""

    received = serializers.BooleanField()


class InvoiceOut(Shape):
    """An invoice without its lines, for lists."""

    id = serializers.UUIDField()
    number = TextOrNull()
    status = serializers.CharField()
    date = serializers.DateField(source="day")
    tokenNumber = serializers.CharField(
        source="token.token_number", allow_null=True, help_text="Null: it was paid before there was a number."
    )
    patientId = serializers.UUIDField(source="patient_id")
    departmentId = serializers.UUIDField(source="department_id")
    currency = serializers.CharField()
    subtotal = MoneyOut()
    discountTotal = MoneyOut(source="discount_total")
    taxTotal = MoneyOut(source="tax_total")
    grandTotal = MoneyOut(source="grand_total")
    paid = MoneyOut()
    refunded = MoneyOut()
    balance = MoneyOut()
    version = serializers.IntegerField()


class AskedOut(Shape):
    """A discount, given or asked for."""

    discountId = serializers.UUIDField(source="id")
    amount = MoneyOut()
    state = serializers.CharField()


class WholeInvoiceOut(InvoiceOut):
    """An invoice with everything on it."""

    lines = LineOut(many=True, source="shown_lines")
    payments = PaymentOut(many=True, source="payments.all")
    links = LinkOut(many=True, source="links.all")
    discounts = AskedOut(many=True, source="discounts.all")


class PostingOut(Shape):
    """One side of one account."""

    account = serializers.CharField()
    debit = MoneyOut()
    credit = MoneyOut()


class JournalOut(Shape):
    """One deed in the books."""

    journalId = serializers.UUIDField(source="id")
    at = serializers.DateTimeField()
    deed = serializers.CharField()
    sourceId = serializers.UUIDField(source="source_id")
    lines = PostingOut(many=True, source="lines.all")


class DayBookOut(Shape):
    """A day's books."""

    date = serializers.DateField()
    debits = MoneyOut()
    credits = MoneyOut()
    entries = JournalOut(many=True)
