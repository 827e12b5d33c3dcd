"""What the house does by itself: when each job ran last, what came of it, whether it is late (requirements NTF-5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django_celery_beat.models import PeriodicTask

from apps.core.errors import sentence
from apps.reporting.models import JobRun

NAMES: dict[str, str] = {
    "core.keep_partitions": sentence("Makes room for the months to come"),
    "core.forget_idempotency_keys": sentence("Forgets answers that nobody will ask for again"),
    "notifications.deliver": sentence("Sends what the senders have left over"),
    "patients.forget_codes": sentence("Forgets codes to sign in that are over"),
    "billing.settle": sentence("Books what the payment service has told"),
    "billing.ask_gateway": sentence("Has payment links made, sends refunds, asks about payments that were not told"),
    "billing.follow_up": sentence("Reminds people once of a bill that is open after a day"),
    "queue.sweep_bookings": sentence("Ends holds and offers that are over, and gives places on"),
    "queue.foretell_overdue": sentence("Works out expected times anew that have passed"),
    "queue.end_overrides": sentence("Takes back places that were opened for a while"),
    "queue.begin_leaves": sentence("Begins leaves that have come"),
    "queue.sweep_aside": sentence("Calls again who missed a call, and notes who did not come"),
    "queue.end_days": sentence("Ends the day"),
    "queue.remind": sentence("Reminds people of bookings that are near"),
    "queue.watch": sentence("Looks whether a queue goes wrong"),
    "scheduling.make_slots": sentence("Makes the slots of the days to come"),
    "accounts.forget_old": sentence("Forgets sign-ins and devices that are over"),
}
"""What each job does, in a sentence, by its task's name."""

GRACE = timedelta(minutes=2)
"""How much later than planned a job may begin before somebody should look."""

MONTH = timedelta(days=30)
"""What stands for once a month, however long that one is."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job: what it does, how often, and how it went the last time. `result` is what it counted, as text."""

    task: str
    does: str
    every: timedelta
    began_at: datetime | None
    seconds: float | None
    result: str
    failed_at: datetime | None
    error: str
    late: bool


def note_run(task: str, began_at: datetime, ended_at: datetime, result: str, error: str) -> None:
    """Keep how a job went. No command: it decides nothing, and what it reports has been done and audited by others."""
    failed = ended_at if error else None
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {JobRun._meta.db_table} AS j (task, began_at, ended_at, result, failed_at, error, runs)"  # noqa: S608
            " VALUES (%s, %s, %s, %s, %s, %s, 1) ON CONFLICT (task) DO UPDATE SET began_at = EXCLUDED.began_at,"
            " ended_at = EXCLUDED.ended_at, result = EXCLUDED.result, runs = j.runs + 1,"
            " failed_at = COALESCE(EXCLUDED.failed_at, j.failed_at),"
            " error = CASE WHEN EXCLUDED.error = '' THEN j.error ELSE EXCLUDED.error END",
            [task, began_at, ended_at, result[:120], failed, error[:120]],
        )


def jobs(now: datetime) -> Iterator[Job]:
    """Every job that is planned, in the order of their names. One has run late if its last turn is long over."""
    runs = {run.task: run for run in JobRun.objects.all()}
    planned = PeriodicTask.objects.filter(enabled=True, task__contains=".").exclude(task__startswith="celery.")
    for plan in planned.select_related("interval", "crontab").order_by("task"):
        run = runs.get(plan.task)
        yield Job(
            task=plan.task,
            does=NAMES.get(plan.task, plan.task),
            every=_every(plan),
            began_at=run.began_at if run else None,
            seconds=(run.ended_at - run.began_at).total_seconds() if run else None,
            result=run.result if run else "",
            failed_at=run.failed_at if run else None,
            error=run.error if run else "",
            late=_is_late(plan, run.began_at if run else plan.date_changed, now),
        )


def _every(plan: PeriodicTask) -> timedelta:
    """How often a job is begun, as far as people need to know: a plan by the clock says which minutes, hours and
    days."""
    if plan.interval:
        return timedelta(**{plan.interval.period: plan.interval.every})
    for field, unit in ((plan.crontab.minute, "minutes"), (plan.crontab.hour, "hours")):
        if field == "*" or field.startswith("*/"):
            return timedelta(**{unit: int(field.removeprefix("*").removeprefix("/") or 1)})
    if len(plan.schedule.day_of_month) == 1:
        return MONTH
    return timedelta(days=7 if len(plan.schedule.day_of_week) == 1 else 1)


def _is_late(plan: PeriodicTask, since: datetime, now: datetime) -> bool:
    return plan.schedule.remaining_estimate(since) < -GRACE
