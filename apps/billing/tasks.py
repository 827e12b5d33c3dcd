"""The worker's part of money: what the gateway told is settled, and what is wished of it is asked. No lock is held and
no transaction open while the gateway is asked; one that hangs costs a few seconds, then half a minute's
peace from all workers."""

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facilities, facility_facts
from apps.billing import razorpay
from apps.billing.commands import following_up, linking, prepaying, settling
from apps.billing.models import GatewayRefund, PaymentLink
from apps.billing.queries.gateway import (
    links_over,
    links_to_make,
    links_to_reconcile,
    links_to_settle,
    refunds_to_send,
)
from apps.billing.queries.prepaid import wishes_over, wishes_paid
from apps.billing.razorpay import GatewayFailed
from apps.billing.rules.gateway import LinkState
from apps.billing.rules.money import in_paise
from apps.core.policy import Actor, system_actor
from apps.notifications.commands.breaking import may_try, went_well, went_wrong

MOST = 20
"""Things of a kind that are asked of the gateway in one go."""

BUDGET = 4.0
"""Seconds after which nothing more is begun in one go: a slow gateway does not hold the worker."""

GATEWAY = "gateway"
"""What the gateway's breaker is called, which all workers share with those of the messages."""

log = logging.getLogger(__name__)


@shared_task(name="billing.settle")
def settle() -> int:
    """Act on what the gateway told, and on what follows of it: wishes that were paid get their place, what was not paid
    in time is over. How many events were settled. Safe to run twice, late, or twice at once."""
    done = 0
    for actor in _each_facility():
        house: Any = actor.facility_id
        for link_id in links_to_settle(house):
            done += _alone(settling.settle_link, actor, link_id=link_id)
        for wish_id in wishes_paid(house):
            _alone(prepaying.place_wish, actor, wish_id=wish_id)
        for wish_id in wishes_over(house, timezone.now()):
            _alone(prepaying.let_lapse, actor, wish_id=wish_id)
        for link_id in links_over(house, timezone.now()):
            _alone(linking.let_link_expire, actor, link_id=link_id)
    return done


def _alone(deed: Callable[..., Any], actor: Actor, **about: UUID) -> Any:
    """Do one thing, and go on to the others where it fails: they are other people's. 0 then, and tried again."""
    try:
        return deed(actor=actor, now=timezone.now(), **about)
    except Exception:
        log.exception("not settled", extra={name: str(value) for name, value in about.items()})
        return 0


@shared_task(name="billing.ask_gateway")
def ask_gateway() -> int:
    """Have links made and refunds sent, and ask about links of which nothing was heard; how many were dealt with."""
    done, until = 0, time.monotonic() + BUDGET
    for actor in _each_facility() if razorpay.is_set_up() else ():
        for job, later in _jobs(actor):
            if time.monotonic() > until or not may_try(GATEWAY, timezone.now()):
                return done
            done += _tried(job, later)
    return done


@shared_task(name="billing.follow_up")
def follow_up() -> int:
    """Remind those whose bill is open after a day; how many. Safe to run twice, late, or twice at once."""
    return sum(following_up.follow_up(actor=actor, now=timezone.now()) for actor in _each_facility())


def _tried(job: Callable[[], None], later: Callable[[bool], None]) -> bool:
    """Do one thing at the gateway, or note when it is tried again."""
    try:
        job()
    except GatewayFailed as failed:
        log.warning("gateway refused", extra={"error": failed.code})
        later(failed.final)
        if failed.final:
            went_well(GATEWAY)  # it answers
        else:
            went_wrong(GATEWAY, timezone.now(), after=1)
        return False
    went_well(GATEWAY)
    return True


def _jobs(actor: Actor) -> Iterator[tuple[Callable[[], None], Callable[[bool], None]]]:
    """What is due, each with what is done when the gateway fails."""
    for link in links_to_make(timezone.now())[:MOST]:
        yield partial(_make, actor, link), partial(_later, actor, link)
    for row in refunds_to_send(timezone.now())[:MOST]:
        yield partial(_send, actor, row), partial(_not_sent, actor, row)
    for link in links_to_reconcile(timezone.now())[:MOST]:
        yield partial(_reconcile, actor, link), partial(_later, actor, link)


def _make(actor: Actor, link: PaymentLink) -> None:
    wish = link.invoice.prepayments.first() if not link.invoice.number else None
    back = wish.page_url if wish else settings.PUBLIC_BASE_URL + reverse("own-bill", args=[link.invoice_id])
    made = razorpay.make_link(
        link.id,
        paise=in_paise(link.amount),
        currency=link.currency,
        about=link.invoice.number or facility_facts(link.facility_id).name,
        back_url=back,
        until=max(link.expires_at, timezone.now() + razorpay.SHORTEST),
    )
    linking.note_link(actor=actor, now=timezone.now(), link_id=link.id, reference=made.reference, url=made.url)


def _later(actor: Actor, link: PaymentLink, final: bool) -> None:
    linking.try_later(actor=actor, now=timezone.now(), link_id=link.id, gives_up=final)


def _send(actor: Actor, row: GatewayRefund) -> None:
    """Ask for a refund, unless another worker does so at this moment."""
    refund, paise = row.refund, in_paise(row.refund.amount)
    if not linking.claim_refund(actor=actor, now=timezone.now(), refund_id=refund.id):
        return
    reference = razorpay.give_back(refund.payment.reference, paise=paise, refund_id=refund.id, again=row.again)
    linking.note_sent(actor=actor, now=timezone.now(), refund_id=refund.id, reference=reference)


def _not_sent(actor: Actor, row: GatewayRefund, final: bool) -> None:
    linking.note_sent(actor=actor, now=timezone.now(), refund_id=row.refund_id, gives_up=final)


def _reconcile(actor: Actor, link: PaymentLink) -> None:
    """Ask what was captured, and take it in as if it had been told. One of no more use is cancelled first, so that
    nothing comes by it after that."""
    if link.state == LinkState.VOID:
        razorpay.cancel(link.reference)
    seen = razorpay.seen(link.reference, link.id)
    for told in seen.captured:
        linking.take_in(actor=actor, now=timezone.now(), event_id=f"asked:{told.payment_ref}", told=told)
    linking.try_later(actor=actor, now=timezone.now(), link_id=link.id, status=seen.status)


def _each_facility() -> Iterator[Actor]:
    """The worker in each hospital, one after the other, in its scope."""
    for facility in facilities():
        with scope(facility=facility.id):
            yield system_actor("gateway", facility.id)
