"""The worker's application, and what beat starts when.

Beat may run twice or be late: every task has its effect once, however often it is started.
"""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opd.settings")

app = Celery("opd", task_cls="opd.jobs:NotedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "keep-partitions": {"task": "core.keep_partitions", "schedule": crontab(minute="10", hour="*/6")},
    "forget-idempotency-keys": {
        "task": "core.forget_idempotency_keys",
        "schedule": crontab(minute="40"),
    },
    "deliver-messages": {"task": "notifications.deliver", "schedule": 10.0, "options": {"expires": 10}},
    "forget-codes": {"task": "patients.forget_codes", "schedule": crontab(minute="5")},
    "settle-payments": {"task": "billing.settle", "schedule": 3.0, "options": {"expires": 3}},
    "ask-gateway": {"task": "billing.ask_gateway", "schedule": 5.0, "options": {"expires": 5}},
    "follow-up-bills": {"task": "billing.follow_up", "schedule": crontab(minute="20"), "options": {"expires": 3600}},
    "sweep-bookings": {"task": "queue.sweep_bookings", "schedule": 15.0, "options": {"expires": 15}},
    "foretell-overdue": {"task": "queue.foretell_overdue", "schedule": 60.0, "options": {"expires": 60}},
    "end-overrides": {"task": "queue.end_overrides", "schedule": 60.0, "options": {"expires": 60}},
    "begin-leaves": {"task": "queue.begin_leaves", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-aside": {"task": "queue.sweep_aside", "schedule": 20.0, "options": {"expires": 20}},
    "end-days": {"task": "queue.end_days", "schedule": crontab(minute="*/5")},
    "watch-queues": {"task": "queue.watch", "schedule": 60.0, "options": {"expires": 60}},
    "remind": {"task": "queue.remind", "schedule": crontab(minute="*/5"), "options": {"expires": 300}},
    "make-slots": {"task": "scheduling.make_slots", "schedule": crontab(minute="15")},
    "forget-old-credentials": {"task": "accounts.forget_old", "schedule": crontab(minute="25", hour="3")},
}
