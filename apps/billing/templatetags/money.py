"""Sums of money as people read them."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import get_language, gettext

from apps.billing.rules.invoices import TAKEN_BACK
from apps.billing.rules.money import shown
from apps.billing.rules.prepaying import CANCELLED

register = template.Library()


@register.filter
def money(amount: Decimal, currency: str = "INR") -> str:
    """A sum in the reader's language: `₹1,25,000.00`. Digits are 0–9 in every language."""
    return shown(amount, currency, get_language() or "en")


@register.filter
def why(refund: Any) -> str:
    """Why money went back: as somebody typed it, or in the reader's language where nobody did."""
    typed = refund.refunded_by and refund.reason not in (CANCELLED, TAKEN_BACK)
    return str(refund.reason) if typed else gettext(refund.reason)
