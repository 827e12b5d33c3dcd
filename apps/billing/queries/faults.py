"""What was set aside, in words for the till."""

from django.utils.translation import gettext_lazy as _

from apps.billing.rules.gateway import Fault

FAULT_NAMES = {
    str(Fault.UNKNOWN_LINK): _("for no link of ours"),
    str(Fault.WRONG_AMOUNT): _("not the sum that was asked for"),
    str(Fault.WRONG_CURRENCY): _("in another currency"),
    str(Fault.PAID_TWICE): _("paid a second time"),
    str(Fault.NOTHING_DUE): _("paid, but nothing was due any more"),
    str(Fault.OTHER_PAYMENT): _("about another payment"),
    str(Fault.MORE_THAN_PAID): _("more given back than was paid"),
    str(Fault.OTHER_REFUND): _("a second refund for one of ours"),
    str(Fault.REFUND_FAILED): _("a refund that was made there failed"),
}
"""Why something is set aside."""
