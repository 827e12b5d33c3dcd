"""Addresses of billing."""

from django.urls import path

from apps.billing import api
from apps.billing.views import own

api_urls = [
    path("invoices", api.Invoices.as_view(), name="invoices"),
    path("invoices/<uuid:invoice_id>", api.OneInvoice.as_view(), name="invoice"),
    path("invoices/<uuid:invoice_id>/discounts", api.Discounts.as_view(), name="invoice-discounts"),
    path("invoices/<uuid:invoice_id>/decision", api.Decision.as_view(), name="invoice-decision"),
    path("invoices/<uuid:invoice_id>/issue", api.Issue.as_view(), name="invoice-issue"),
    path("invoices/<uuid:invoice_id>/payments", api.Payments.as_view(), name="invoice-payments"),
    path("payments/<uuid:payment_id>/refunds", api.Refunds.as_view(), name="payment-refunds"),
    path("webhooks/<slug:provider>", api.Webhooks.as_view(), name="webhook"),
    path("ledger", api.Ledger.as_view(), name="ledger"),
]

page_urls = [
    path("me/priority/<uuid:wish_id>/", own.priority, name="own-priority"),
    path("me/bills/", own.bills, name="own-bills"),
    path("me/bills/<uuid:invoice_id>/", own.bill, name="own-bill"),
    path("me/bills/<uuid:invoice_id>/file/", own.file, name="own-bill-file"),
    path("me/bills/<uuid:invoice_id>/pay/", own.pay, name="own-bill-pay"),
]
