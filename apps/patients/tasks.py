"""Upkeep of patients' codes, done by the worker."""

from celery import shared_task
from django.utils import timezone

from apps.core.policy import system_actor
from apps.patients import commands


@shared_task(name="patients.forget_codes")
def forget_codes() -> int:
    """Delete codes and counts that are over; how many. Hourly; safe to run twice or late."""
    return commands.forget_codes(actor=system_actor("upkeep"), now=timezone.now())
