"""Two finished visits teach at once: one doctor's and everybody's experience lose nothing."""

from datetime import datetime

import pytest

from apps.core.commands import command
from apps.core.policy import Actor, system_actor
from apps.eta import commands as eta
from apps.eta.commands import learning
from apps.eta.models import Experience
from apps.eta.rules.queues import Lesson
from tests.races.threads import at_once
from tests.ward import Ward, open_ward

THREADS, EACH = 4, 5


@command
def taught(*, actor: Actor, now: datetime, lesson: Lesson) -> None:
    """As the relay does it for one event."""
    eta.learn(lesson, now.date(), now)


def teach_at_once(ward: Ward) -> tuple[list[float], list[Exception]]:
    """How many consultations each experience knows of afterwards, the doctor's first; and what was raised."""
    lesson = Lesson(ward.facility.id, ward.now, ward.doctor.id, "usual", 10.0, consulted=8.0)

    def work(_index: int) -> None:
        for _ in range(EACH):
            taught(actor=system_actor("relay", ward.facility.id), now=ward.now, lesson=lesson)

    _, errors = at_once(work, THREADS, ward.facility.id)
    rows = Experience.objects.filter(facility_id=ward.facility.id).order_by("doctor_id")
    return [row.state["learned"]["ends"] for row in rows], errors


@pytest.mark.usefixtures("transactional_db")
def test_every_finished_visit_is_learnt_from_though_many_end_at_once():
    with open_ward() as ward:
        known, errors = teach_at_once(ward)
    assert errors == []
    assert known == [THREADS * EACH, THREADS * EACH]


@pytest.mark.usefixtures("transactional_db")
def test_without_the_lock_something_is_lost(monkeypatch: pytest.MonkeyPatch):
    """The control: this guard is what the test above tests."""
    locked = learning.recall
    with open_ward() as ward:
        taught(
            actor=system_actor("relay", ward.facility.id),
            now=ward.now,
            lesson=Lesson(ward.facility.id, ward.now, ward.doctor.id),
        )
        monkeypatch.setattr(learning, "recall", lambda *asked, lock: locked(*asked, lock=False))
        known, errors = teach_at_once(ward)
    assert errors == []
    assert min(known) < THREADS * EACH
