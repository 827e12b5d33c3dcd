"""B1 over HTTP: fifty requests a second to the real server, and sixteen doctors at one queue."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from apps.queue.models import Visit
from tests.bench.results import note_times
from tests.bench.served import Client, web_process
from tests.ward import Ward, add_doctor, open_ward

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

SECONDS = 20
PEOPLE_PER_SECOND = 10
"""Each takes five requests: check in, call next, start, complete, and somebody looks at the queue."""

DOCTORS = 16
WAITING = 320


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    """One department with sixteen doctors."""
    with open_ward() as opened:
        for _ in range(DOCTORS - 1):
            add_doctor(opened, [opened.department])
        yield opened


def test_fifty_requests_a_second_of_every_kind(ward: Ward):
    people = iter([str(ward.register(name=f"Person {i}").id) for i in range((SECONDS + 4) * PEOPLE_PER_SECOND)])
    for _ in range(20):
        ward.arrive()
    place = str(ward.department.id)
    with web_process() as web, ExitStack() as stack:

        def client(actor: object) -> Client:
            return stack.enter_context(closing(Client(web.port, actor)))  # type: ignore[arg-type]

        desk, nurse = client(ward.meera), client(ward.nurse)
        doctors = [(client(ward.as_doctor(doctor)), doctor.id) for doctor in ward.doctors[:5]]
        work: list[tuple[Callable[[], object], float]] = [
            (lambda: desk.ask("POST", "/visits", {"departmentId": place, "patientId": next(people)}), 1),
            (lambda: nurse.ask("GET", f"/departments/{place}/queue"), 1),
        ]
        work += [(lambda c=c, d=d: c.see_next(d), 1 / len(doctors)) for c, d in doctors]
        at_pace(work, 2)
        everybody = [desk, nurse, *(c for c, _ in doctors)]
        for one in everybody:
            one.seconds.clear()  # the first answers warm the server up
        before = web.cpu()
        at_pace(work, SECONDS)
        spent = web.cpu() - before
    assert [line for one in everybody for line in one.refused] == []
    times = [taken for one in everybody for taken in one.seconds]
    note_times(f"{len(times) / SECONDS:.0f} requests a second of every kind", times, spent, goal=50)


def at_pace(work: list[tuple[Callable[[], object], float]], seconds: float) -> None:
    """Do each of these at its share of the pace, in a thread of its own, one after the other and not all at the same
    instant; who is late makes up for it."""
    begins = time.monotonic()
    ends = begins + seconds

    def keep_doing(number: int, task: Callable[[], object], share: float) -> None:
        pause = threading.Event()
        due = begins + number / len(work) / (PEOPLE_PER_SECOND * share)
        while due < ends:
            pause.wait(max(0.0, due - time.monotonic()))
            task()
            due += 1 / (PEOPLE_PER_SECOND * share)

    threads = [threading.Thread(target=keep_doing, args=(at, *one)) for at, one in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_sixteen_doctors_at_one_queue_are_refused_nothing_and_see_everybody_once(ward: Ward):
    for _ in range(WAITING):
        ward.arrive()
    seen: Counter[str | None] = Counter()
    with web_process() as web, ExitStack() as stack:
        doctors = [
            (stack.enter_context(closing(Client(web.port, ward.as_doctor(doctor)))), doctor.id)
            for doctor in ward.doctors
        ]

        def until_nobody_waits(client: Client, doctor_id: object) -> None:
            while visit := client.see_next(doctor_id):
                seen[visit] += 1

        for client, doctor_id in doctors:
            for _ in range(2):
                seen[client.see_next(doctor_id)] += 1
            client.seconds.clear()  # the first answers warm the server up
        threads = [threading.Thread(target=until_nobody_waits, args=one) for one in doctors]
        before = web.cpu()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spent = web.cpu() - before
    assert [line for client, _ in doctors for line in client.refused] == []
    assert (len(seen), set(seen.values())) == (WAITING, {1})
    assert Visit.objects.filter(state="COMPLETED").count() == WAITING
    times = [taken for client, _ in doctors for taken in client.seconds]
    note_times("16 clients at one queue, as fast as it goes", times, spent, goal=200)
