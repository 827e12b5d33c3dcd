"""Upkeep of patients' codes, done by the worker."""

from celery import shared_task
from django.utils import timezone

from apps.core.policy import system_actor
from apps.notifications.commands import forget_unconfirmed
from apps.patients import commands


@shared_task(name="patients.forget_codes")
def forget_codes() -> int:
    """Delete codes, counts and unconfirmed addresses that are over; how many. Hourly; safe to run twice or late."""
    actor, now = system_actor("upkeep"), timezone.now()
    return commands.forget_codes(actor=actor, now=now) + forget_unconfirmed(actor=actor, now=now)
