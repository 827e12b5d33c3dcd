from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.models import IdempotencyKey
from apps.core.tasks import ANSWERS_KEPT, keep_partitions_ahead
from opd.celery import app
from tests.races.threads import at_once


def test_everything_that_beat_starts_exists():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_have_each_effect_once():
    long_ago = timezone.now() - ANSWERS_KEPT - timedelta(minutes=1)
    for number in range(200):
        IdempotencyKey.objects.create(scope="s", key=str(number), fingerprint="f", answer="{}", created_at=long_ago)
    IdempotencyKey.objects.create(scope="s", key="new", fingerprint="f", answer="{}", created_at=timezone.now())
    app.loader.import_default_modules()
    upkeep = [app.tasks[name] for name in ("core.forget_idempotency_keys", "core.keep_partitions")]
    done, errors = at_once(lambda index: (upkeep[index // 2].name, upkeep[index // 2].run()), 4, facility=None)
    assert errors == []
    assert sum(count for name, count in done if name == "core.forget_idempotency_keys") == 200
    assert IdempotencyKey.objects.get().key == "new"


@pytest.mark.django_db
def test_the_months_to_come_are_there_from_the_first_migration_on():
    assert keep_partitions_ahead() == 0
