"""Upkeep of accounts, done by the worker."""

from celery import shared_task
from django.utils import timezone

from apps.accounts import commands
from apps.core.policy import system_actor


@shared_task(name="accounts.forget_old")
def forget_old() -> None:
    """Delete credentials that ended long ago. Daily; safe to run twice or late."""
    commands.forget_old(actor=system_actor("upkeep"), now=timezone.now())
