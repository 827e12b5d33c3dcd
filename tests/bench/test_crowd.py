"""B1 and B6 with two thousand people in one department: what each page and each command takes then."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.live.queries import find, own_places
from apps.queue import commands as queue
from apps.queue.models import Visit
from apps.queue.queries.links import tracking_code_of
from apps.scheduling.models import QueuePolicy
from tests.bench.replay import recorded
from tests.bench.results import note_crowd
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

PEOPLE = 2_000
DOCTORS = 8
TIMES = 15
PAGE, COMMAND = 100, 50
"""Milliseconds: B6 and B1."""

Work = dict[str, Callable[[], Any]]


@pytest.fixture
def hall(transactional_db: None) -> Iterator[Ward]:
    """One department with eight doctors, each with somebody in the room, and two thousand who wait."""
    with open_ward() as ward:
        ward.keep_real_time()
        ward.now -= timedelta(seconds=PEOPLE + DOCTORS)
        for _ in range(DOCTORS - 1):
            add_doctor(ward, [ward.department])
        QueuePolicy.objects.update(queue_limit=1_000_000)
        for number in range(PEOPLE + DOCTORS):
            ward.arrive(ward.register(f"Person {number}", 20 + number % 60, phone=f"98{number:08d}"))
            ward.later(seconds=1)
        for doctor in ward.doctors:
            called = ward.call_next(doctor)
            assert called
            ward.start(called)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield ward


def test_everything_with_two_thousand_people_in_one_department(hall: Ward):
    for what, (spent, statements) in measured(pages(hall)).items():
        note_crowd(f"page: {what}", spent, statements, PAGE)
    for what, (spent, statements) in measured(commands(hall)).items():
        note_crowd(f"command: {what}", spent, statements, COMMAND)


def measured(work: Work) -> dict[str, tuple[list[float], int]]:
    """Seconds of each, one after the other and all of them so many times, and the most statements of one. The first
    turn warms up and does not count."""
    spent, most = defaultdict(list), defaultdict(int)
    for _ in range(TIMES + 1):
        for what, once in work.items():
            with recorded() as statements:
                began = time.perf_counter()
                once()
                spent[what].append(time.perf_counter() - began)
            most[what] = max(most[what], len(statements))
    return {what: (times[1:], most[what]) for what, times in spent.items()}


def pages(hall: Ward) -> Work:
    """What the desk, a doctor and somebody who waits open."""
    desk, doctor, admin, anybody = browser_of(hall.meera), browser_of(hall.rao), browser_of(hall.admin), Client()
    place, rao = hall.department.id, hall.doctor.id
    visit = Visit.objects.filter(state="WAITING").order_by("scanned_at")[PEOPLE // 2]
    seen = {
        "Today": (desk, "/admin/desk/today/"),
        "Today, the last of it": (desk, f"/admin/desk/today/?page={PEOPLE // 30}"),
        "Today, somebody's name": (desk, "/admin/desk/today/?q=person 15"),
        "find a person": (desk, "/admin/desk/find/?q=Person 77"),
        "a new walk-in": (desk, f"/admin/desk/walk-in/?patient={visit.patient_id}"),
        "one turn": (desk, f"/admin/desk/visits/{visit.id}/"),
        "a slip": (desk, f"/admin/desk/slip/{visit.id}/"),
        "the queues": (desk, "/admin/desk/queues/"),
        "the order of the queue": (desk, f"/admin/desk/queues/{place}/"),
        "the rules of calling": (admin, f"/admin/desk/queues/{place}/rules/"),
        "who went first": (desk, "/admin/desk/fairness/"),
        "a doctor's day": (desk, f"/admin/desk/day/{rao}/"),
        "doctors away": (desk, "/admin/desk/away/"),
        "the console": (doctor, f"/console/{rao}/"),
        "a person's own page": (anybody, f"/t/{tracking_code_of(visit, hall.now)}/"),
        "API: the queue": (desk, f"/api/v1/departments/{place}/queue"),
        "API: a visit": (desk, f"/api/v1/visits/{visit.id}"),
    }

    def opening(browser: Client, path: str) -> Callable[[], None]:
        def once() -> None:
            assert browser.get(path).status_code == 200, path

        return once

    room = find(f"dept.{place}")
    everybody = list(Visit.objects.values_list("id", flat=True))
    watching = {"what all their phones are told of a call": lambda: own_places(room, everybody)}
    return {what: opening(browser, path) for what, (browser, path) in seen.items()} | watching


def commands(hall: Ward) -> Work:
    """One turn of the work: people come, change places and go, and a doctor sees the next."""
    doctor, people = hall.doctor, [hall.register(f"Late {number}").id for number in range(2 * TIMES + 2)]
    waiting = list(Visit.objects.filter(state="WAITING").order_by("scanned_at")[PEOPLE // 4 :])
    inside = Visit.objects.get(doctor_id=doctor.id, state="IN_CONSULTATION")

    def desk(command: Callable[..., Any], **given: Any) -> None:
        command(actor=hall.meera, now=timezone.now(), **given)

    def rao(command: Callable[..., Any], **given: Any) -> None:
        command(actor=hall.rao, now=timezone.now(), visit_id=inside.id, **given)

    def call_next() -> None:
        nonlocal inside
        found = queue.call_next(actor=hall.rao, now=timezone.now(), doctor_id=doctor.id)
        assert found
        inside = found

    return {
        "check in": lambda: desk(queue.check_in, department_id=hall.department.id, patient_id=people.pop()),
        "emergency": lambda: desk(queue.fast_track, doctor_id=doctor.id, patient_id=people.pop(), reason="Bleeds"),
        "urgent": lambda: desk(queue.triage_up, visit_id=waiting.pop().id, reason="Fever"),
        "cancel": lambda: desk(queue.cancel, visit_id=waiting.pop().id, reason="Has no time"),
        "another place by hand": lambda: desk(
            queue.move_in_queue, some_id=waiting.pop().token_id, new_position=PEOPLE // 2, reason="With a child"
        ),
        "complete": lambda: hall.complete(inside),
        "call next": call_next,
        "call again": lambda: rao(queue.recall),
        "put back": lambda: rao(queue.put_back),
        "call out of order": lambda: rao(queue.call, doctor_id=doctor.id, reason="Asked to"),
        "set aside": lambda: rao(queue.hold, reason="Toilet"),
        "back in line": lambda: rao(queue.resume),
        "call the next again": call_next,
        "start": lambda: rao(queue.start),
    }
