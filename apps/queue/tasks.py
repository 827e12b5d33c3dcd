"""Upkeep of the queue and of booking, done by the worker."""

from celery import shared_task
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facilities
from apps.core.policy import system_actor
from apps.queue import commands
from apps.scheduling.queries import departments_to_sweep, over_stretched


@shared_task(name="queue.sweep_bookings")
def sweep_bookings() -> int:
    """End holds, offers and waits that are over, and give their places on; how many got one. Safe to run twice."""
    promoted = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor = system_actor("booking sweeper", facility.id)
            for department_id in departments_to_sweep(timezone.now()):
                promoted += commands.sweep(actor=actor, now=timezone.now(), department_id=department_id)
    return promoted


@shared_task(name="queue.end_overrides")
def end_overrides() -> int:
    """Give slots that are over their usual number of places back; how many. Safe to run twice."""
    ended = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor, now = system_actor("slot keeper", facility.id), timezone.now()
            for department_id in sorted(set(over_stretched(now).values_list("department_id", flat=True))):
                ended += commands.end_overrides(actor=actor, now=now, department_id=department_id)
    return ended
