"""Upkeep of the mechanism, run by Celery; each safe to run twice, late, or twice at once."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.core.models import IdempotencyKey
from apps.core.partitions import keep_partitions

ANSWERS_KEPT = timedelta(hours=48)
"""How long the answer to a request with an idempotency key is repeated."""


@shared_task(name="core.keep_partitions")
def keep_partitions_ahead() -> int:
    """Make the months to come; the number of partitions made."""
    return len(keep_partitions(timezone.now()))


@shared_task(name="core.forget_idempotency_keys")
def forget_idempotency_keys() -> int:
    """Drop answers that nobody will ask for again; how many."""
    forgotten, _ = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()
    return forgotten
