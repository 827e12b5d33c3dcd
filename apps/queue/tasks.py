"""Upkeep of the queue and of booking, done by the worker."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facilities
from apps.core.policy import system_actor
from apps.eta.queries import overdue_departments
from apps.queue import commands
from apps.queue.queries.overview import calls_left_over
from apps.queue.queries.visits import left_over, set_aside
from apps.queue.queries.watch import departments_to_watch
from apps.scheduling.queries import departments_to_sweep, due_leaves, never_came, over_stretched


@shared_task(name="queue.sweep_bookings")
def sweep_bookings() -> int:
    """End holds, offers and waits that are over, and give their places on; how many got one. Safe to run twice."""
    promoted, spare = 0, timedelta(minutes=settings.SWEEPS_SPARE_MINUTES)
    for facility in facilities():
        with scope(facility=facility.id):
            actor = system_actor("booking sweeper", facility.id)
            for department_id in departments_to_sweep(timezone.now(), spare):
                promoted += commands.sweep(actor=actor, now=timezone.now(), department_id=department_id, spare=spare)
    return promoted


@shared_task(name="queue.end_overrides")
def end_overrides() -> int:
    """Give slots that are over their usual number of places back; how many. Safe to run twice."""
    ended = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor, now = system_actor("slot keeper", facility.id), timezone.now()
            before = now - timedelta(minutes=settings.SWEEPS_SPARE_MINUTES)
            for department_id in sorted(set(over_stretched(before).values_list("department_id", flat=True))):
                ended += commands.end_overrides(actor=actor, now=now, department_id=department_id)
    return ended


@shared_task(name="queue.begin_leaves")
def begin_leaves() -> int:
    """Have doctors go whose leave has come; how many. Safe to run twice or late."""
    gone = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor, now = system_actor("leave keeper", facility.id), timezone.now()
            for doctor_id in sorted(due_leaves(now).values_list("doctor_id", flat=True)):
                gone += commands.begin_leave(actor=actor, now=now, doctor_id=doctor_id)
    return gone


@shared_task(name="queue.sweep_aside")
def sweep_aside() -> int:
    """Have people who missed a call, or said when they are back, dealt with; how many. Safe to run twice."""
    moved = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor = system_actor("no-show sweeper", facility.id)
            for department_id in sorted(
                set(set_aside(timezone.now()).order_by().values_list("department_id", flat=True))
            ):
                moved += commands.sweep_aside(actor=actor, now=timezone.now(), department_id=department_id)
    return moved


@shared_task(name="queue.end_days")
def end_days() -> int:
    """End the days that are over where something is left of them, and calls for help with them; how many departments.
    Safe to run twice or late."""
    ended = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor, now = system_actor("day keeper", facility.id), timezone.now()
            today = facility.day_of(now)
            left = [
                rows.order_by().values_list("department_id", flat=True)
                for rows in (left_over(today), never_came(today))
            ]
            for department_id in sorted({department for rows in left for department in rows}):
                commands.end_day(actor=actor, now=now, department_id=department_id)
                ended += 1
            if calls_left_over(facility, now).exists():
                commands.end_calls_for_help(actor=actor, now=now)
    return ended


@shared_task(name="queue.watch")
def watch() -> int:
    """Look whether a queue goes wrong; how many people were told of. Safe to run twice."""
    told = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor = system_actor("queue watch", facility.id)
            for department_id in departments_to_watch():
                told += commands.watch(actor=actor, now=timezone.now(), department_id=department_id)
    return told


@shared_task(name="queue.foretell_overdue")
def foretell_overdue() -> int:
    """Work out the queues anew in which somebody's likely time has passed; how many there were. Safe to run twice."""
    done = 0
    for facility in facilities():
        with scope(facility=facility.id):
            actor, now = system_actor("expected times", facility.id), timezone.now()
            day = facility.day_of(now)
            for department_id in overdue_departments(day, now):
                commands.foretell_overdue(actor=actor, now=now, department_id=department_id, day=day)
                done += 1
    return done


@shared_task(name="queue.remind")
def remind() -> int:
    """Remind people of bookings that are near; how many. Safe to run twice or late."""
    reminded = 0
    for facility in facilities():
        with scope(facility=facility.id):
            reminded += commands.remind(actor=system_actor("reminders", facility.id), now=timezone.now())
    return reminded
