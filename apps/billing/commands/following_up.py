"""Whoever has not paid a bill after a day is reminded of it, once (requirements NTF-4)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import OuterRef, TextField, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from apps.accounts.queries import facility_facts
from apps.billing.models import Invoice
from apps.billing.queries.invoices import taken_back_of, unpaid
from apps.billing.rules.money import shown
from apps.core.commands import command, step
from apps.core.errors import sentence
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.commands import tell
from apps.notifications.queries import nothing_said
from apps.notifications.rules import Kind
from apps.notifications.rules.quiet import held_until
from apps.notifications.rules.wordings import wording

UNPAID = wording(
    "unpaid",
    Kind.PAYMENT,
    sentence(
        "{hospital}: bill {number} is still open: {amount}. Pay at the desk or here: {link} If you have paid, forget"
        " this message."
    ),
)

AFTER = timedelta(days=1)
UNTIL = timedelta(days=7)
"""How long after it was issued a bill is followed up, and until when: older ones are talked about by people."""

AT_ONCE = 200
"""Bills of one transaction."""

_KEY = f"{Kind.PAYMENT}:unpaid:"


@command
def follow_up(*, actor: Actor, now: datetime) -> int:
    """Remind those whose bill is open after a day; how many. Safe to run twice, late, or twice at once: of one bill
    nobody hears twice. Nobody is told at night, since it may be paid by the morning."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    assert actor.facility_id is not None, "a sweep goes facility by facility"
    facility = facility_facts(actor.facility_id)
    begin, end = settings.QUIET_HOURS
    if held_until(now, facility.time_zone, begin, end, None) != now:
        return 0
    key = Concat(Value(_KEY), Cast(OuterRef("id"), TextField()))
    chosen = list(unpaid(now - UNTIL, now - AFTER).filter(nothing_said(key))[:AT_ONCE])
    for invoice in chosen:
        _remind(invoice)
    return len(chosen)


@step
def _remind(invoice: Invoice) -> None:
    facility, patient = facility_facts(invoice.facility_id), invoice.patient
    words = {
        "hospital": named(facility, patient.language),
        "number": invoice.number,
        "amount": shown(invoice.balance - taken_back_of(invoice), invoice.currency, patient.language),
        "link": settings.PUBLIC_BASE_URL + reverse("own-bill", args=[invoice.id]),
    }
    tell(
        UNPAID,
        words,
        recipient=patient.phone,
        dedupe_key=_key(invoice),
        language=patient.language,
        facility_id=invoice.facility_id,
        time_zone=facility.time_zone,
    )


def _key(invoice: Invoice) -> str:
    return f"{_KEY}{invoice.id}"
