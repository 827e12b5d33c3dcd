"""Every write of money."""

from apps.billing.commands.discounting import decide_discount, give_discount
from apps.billing.commands.following_up import follow_up
from apps.billing.commands.giving_back import give_back_things
from apps.billing.commands.invoicing import issue_invoice, price_line
from apps.billing.commands.linking import ask_link, send_again, take_in
from apps.billing.commands.opening import note_bill_opened
from apps.billing.commands.paying import pay_out, refund, take_payment
from apps.billing.commands.prepaying import charge_booking, give_back_booking
from apps.billing.commands.settling import look_into, settle_link
from apps.billing.commands.things import bill_visit, charge_ordered, collect_things, draft_invoice

__all__ = [
    "ask_link",
    "bill_visit",
    "charge_booking",
    "charge_ordered",
    "collect_things",
    "decide_discount",
    "draft_invoice",
    "follow_up",
    "give_back_booking",
    "give_back_things",
    "give_discount",
    "issue_invoice",
    "look_into",
    "note_bill_opened",
    "pay_out",
    "price_line",
    "refund",
    "send_again",
    "settle_link",
    "take_in",
    "take_payment",
]
