"""What is typed at the till."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.billing.rules.books import Method

LONGEST_REASON = 200

METHODS = [(str(Method.CASH), _("Cash")), (str(Method.CARD), _("Card")), (str(Method.UPI), _("UPI"))]
LINK = (str(Method.LINK), _("Link"))


class SumField(forms.DecimalField):
    """A sum of money above nothing, to the paisa."""

    def __init__(self, **options: Any) -> None:
        limits: dict[str, Any] = {"min_value": Decimal("0.01"), "max_digits": 10, "decimal_places": 2}
        super().__init__(**limits | options)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}


class PaymentForm(forms.Form):
    """Money is taken."""

    method = forms.ChoiceField(label=_("Paid by"), choices=METHODS)
    amount = SumField(label=_("Sum"))
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=60, widget=forms.TextInput({"autocomplete": "off"})
    )


class DiscountForm(forms.Form):
    """Something is taken off."""

    amount = SumField(label=_("Take off"))
    reason = forms.CharField(
        label=_("Why"), max_length=LONGEST_REASON, widget=forms.TextInput({"autocomplete": "off", "dir": "auto"})
    )


class RefundForm(DiscountForm):
    """Money goes back."""

    amount = SumField(label=_("Give back"))
    payment = forms.UUIDField(widget=forms.HiddenInput)


class SendAgainForm(forms.Form):
    """A refund is asked for once more."""

    refund = forms.UUIDField(widget=forms.HiddenInput)


class PayOutForm(forms.Form):
    """What is due is given back."""

    due = forms.UUIDField(widget=forms.HiddenInput)


class LineForm(forms.Form):
    """Something on a draft."""

    line = forms.IntegerField(min_value=1, max_value=2**62, widget=forms.HiddenInput)


class PriceForm(LineForm):
    """Something on a draft gets its price."""

    amount = forms.DecimalField(
        label=_("Price"),
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        widget=forms.NumberInput({"inputmode": "decimal", "autocomplete": "off"}),
    )


class FindingForm(forms.Form):
    """What came of looking into something that was set aside."""

    finding = forms.CharField(
        label=_("What was it?"),
        max_length=LONGEST_REASON,
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )


class DayForm(forms.Form):
    """A day to look at."""

    day = forms.DateField(required=False)
