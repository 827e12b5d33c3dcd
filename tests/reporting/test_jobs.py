"""What the house does by itself leaves word of how it went."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from apps.reporting.admin import _often
from apps.reporting.jobs import NAMES, jobs, note_run
from apps.reporting.models import JobRun
from opd.celery import app
from tests.browsers import browser_of
from tests.ward import open_ward

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


@pytest.fixture
def every_minute() -> PeriodicTask:
    minute = IntervalSchedule.objects.create(every=60, period=IntervalSchedule.SECONDS)
    task = PeriodicTask.objects.create(name="watch", task="queue.watch", interval=minute)
    PeriodicTask.objects.update(date_changed=NOW)
    return task


def the_job(now: datetime):
    (job,) = jobs(now)
    return job


def test_every_job_that_beat_starts_has_a_sentence():
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} == set(NAMES)


def test_a_job_leaves_word_of_what_it_counted_and_of_its_last_failure(every_minute, time_machine_of_celery):
    end = time_machine_of_celery(NOW + timedelta(seconds=2))
    note_run("queue.watch", NOW, end, "3", "")
    note_run("queue.watch", NOW, end, "", "ValueError")
    note_run("queue.watch", NOW, end, "4", "")
    job = the_job(end)
    assert (job.result, job.seconds, job.failed_at, job.error, job.late) == ("4", 2.0, end, "ValueError", False)
    assert JobRun.objects.get().runs == 3


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (2.9, False), (3.1, True)])
def test_a_job_that_nobody_starts_is_late(every_minute, minutes, late, time_machine_of_celery):
    note_run("queue.watch", NOW, NOW, "", "")
    assert the_job(time_machine_of_celery(NOW + timedelta(minutes=minutes))).late is late


@pytest.fixture
def time_machine_of_celery(monkeypatch):
    """Celery's schedules read the clock themselves."""

    def move(now: datetime) -> datetime:
        monkeypatch.setattr(type(current_app._get_current_object()), "now", lambda _app: now)
        monkeypatch.setattr("django_celery_beat.models.now", lambda: now)
        monkeypatch.setattr("celery.schedules.BaseSchedule.now", lambda _schedule: now)
        return now

    return move


@app.task(name="queue.watch.tried")
def answers(fail: bool = False) -> int:
    if fail:
        raise ValueError("Asha Devi, 98765 43210")
    return 7


def test_a_task_notes_itself_also_when_it_fails_and_names_nobody():
    assert answers() == 7
    with pytest.raises(ValueError, match="Asha"):
        answers(fail=True)
    row = JobRun.objects.get()
    assert (row.runs, row.error) == (2, "ValueError")
    assert "Asha" not in str(vars(row))


def test_a_database_that_is_away_is_not_in_the_way_of_the_work(monkeypatch):
    def away(*_args: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("apps.reporting.jobs.note_run", away)
    assert answers() == 7


def test_farida_sees_them_and_meera_does_not(every_minute):
    note_run("queue.watch", NOW, NOW, "5", "")
    with open_ward() as ward:
        assert "Looks whether a queue goes wrong" in browser_of(ward.admin).get("/admin/jobs/").content.decode()
        assert browser_of(ward.meera).get("/admin/jobs/").status_code == 403


@pytest.mark.parametrize(
    ("minute", "hour", "said"),
    [
        ("*/5", "*", "every 5 minutes"),
        ("20", "*", "every hour"),
        ("10", "*/6", "every 6 hours"),
        ("25", "3", "once a day"),
        ("*", "*", "every minute"),
    ],
)
def test_a_plan_by_the_clock_is_said_in_words(every_minute, minute, hour, said):
    plan = CrontabSchedule.objects.create(minute=minute, hour=hour)
    type(every_minute).objects.filter(id=every_minute.id).update(interval=None, crontab=plan)
    with open_ward() as ward:
        assert f"<td>{said}</td>" in browser_of(ward.admin).get("/admin/jobs/").content.decode()


@pytest.mark.parametrize(
    ("days", "said"),
    [({"day_of_week": "1"}, "once a week"), ({"day_of_month": "1"}, "once a month"), ({"day_of_week": "1-5"}, "a day")],
)
def test_a_plan_by_the_calendar_is_not_called_daily(every_minute, days, said):
    plan = CrontabSchedule.objects.create(minute="25", hour="3", **days)
    type(every_minute).objects.filter(id=every_minute.id).update(interval=None, crontab=plan)
    assert _often(the_job(NOW).every).endswith(said)
