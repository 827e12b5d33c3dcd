"""What the relay does for the queue beside handing events on, about every second."""

from datetime import datetime

from django_scopes import scope

from apps.core.policy import system_actor
from apps.eta.queries import departments_with_news
from apps.queue.commands.expecting import tell_times


def tell_changed_times(now: datetime) -> int:
    """Tell the screens of departments in which people are told another time; how many departments. Safe to run twice
    and by several relays at once."""
    told = 0
    for facility_id, department_id in departments_with_news():
        with scope(facility=facility_id):
            actor = system_actor("expected times", facility_id)
            told += tell_times(actor=actor, now=now, department_id=department_id)
    return told
