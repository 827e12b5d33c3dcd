"""The till's pages in the admin, the price list and the limits of discounts."""

from django.contrib import admin
from django.urls import path

from apps.billing.models import DiscountLimit, Price, ThingPrice
from apps.billing.views import books, file, till
from apps.core.admin import AuditedModelAdmin

desk_urls = [
    path("desk/till/", till.till, name="till"),
    path("desk/invoices/<uuid:invoice_id>/", till.invoice, name="invoice"),
    path("desk/invoices/<uuid:invoice_id>/receipt/", till.receipt, name="receipt"),
    path("desk/invoices/<uuid:invoice_id>/file/", file.file, name="invoice_file"),
    path("desk/invoices/<uuid:invoice_id>/<slug:action>/", till.deed, name="invoice_deed"),
    path("desk/day-book/", books.day_book, name="day_book"),
    path("desk/day-book/set-aside/<int:event_id>/", books.look_into, name="look_into"),
]
"""Mounted by the admin's site before Django's own addresses."""


@admin.register(Price)
class PriceAdmin(AuditedModelAdmin):
    """What things cost. A price that was used is not deleted; a new row with a later day takes its place."""

    list_display = (
        "department",
        "doctor",
        "visit_type",
        "paid_priority",
        "amount",
        "tax_percent",
        "revisit_days",
        "valid_from",
    )
    list_filter = ("department",)
    search_fields = ("department__name", "doctor__name")
    list_select_related = ("department", "doctor", "visit_type")


@admin.register(ThingPrice)
class ThingPriceAdmin(AuditedModelAdmin):
    """What tests and medicines cost."""

    list_display = ("service", "kind", "amount", "tax_percent", "valid_from")
    list_filter = ("kind",)
    search_fields = ("service",)


@admin.register(DiscountLimit)
class DiscountLimitAdmin(AuditedModelAdmin):
    """How much each role may take off by itself."""

    list_display = ("role", "most_percent")
    search_fields = ("role",)
