"""Upkeep of scheduling, done by the worker."""

from celery import shared_task
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facilities
from apps.core.policy import system_actor
from apps.scheduling import commands


@shared_task(name="scheduling.make_slots")
def make_slots() -> int:
    """Keep the coming days' slots made, in every facility; how many were made. Safe to run twice or late."""
    made = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor = system_actor("slot maker", facility.id)
            made += commands.make_slots(actor=actor, now=timezone.now(), facility_id=facility.id)
    return made
