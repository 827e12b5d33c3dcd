"""Booking over HTTP: fifty requests a second to the real server, by people who look, book and give up."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from apps.scheduling.models import Appointment, Slot
from tests.bench.results import note_times
from tests.bench.served import Client, web_process
from tests.bench.test_http import PEOPLE_PER_SECOND, SECONDS, at_pace
from tests.bookings import open_slot
from tests.ward import Ward, add_doctor, open_ward

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

DOCTORS = 5
DAYS = 10


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    """Five doctors with ten days of eight slots each."""
    with open_ward() as opened:
        for _ in range(DOCTORS - 1):
            add_doctor(opened, [opened.department])
        for doctor in opened.doctors:
            for hour in range(DAYS * 24):
                if hour % 24 < 8:
                    open_slot(opened, hours=24 + hour, capacity=10, doctor=doctor)
        yield opened


def test_fifty_requests_a_second_to_look_book_and_give_up(ward: Ward):
    people = deque(str(ward.register(name=f"Person {i}").id) for i in range((SECONDS + 2) * PEOPLE_PER_SECOND * 2))
    days = sorted(set(Slot.objects.values_list("day", flat=True)))
    booked: deque[str] = deque()
    with web_process() as web, ExitStack() as stack:
        desks = [stack.enter_context(closing(Client(web.port, ward.meera))) for _ in range(5)]

        def look(client: Client) -> None:
            day = days[len(client.seconds) % len(days)]
            client.ask("GET", f"/tokens/availability?doctorId={ward.doctor.id}&date={day}")

        def take(client: Client) -> None:
            doctor = ward.doctors[len(people) % DOCTORS]
            body = {"doctorId": str(doctor.id), "patientId": people.popleft(), "source": "online"}
            if answer := client.ask("POST", "/tokens", body):
                booked.append(answer["token"]["tokenId"])

        def give_up(client: Client) -> None:
            if booked:
                client.ask("DELETE", f"/cancellations/{booked.popleft()}", {"reason": "cannot come"})

        work: list[tuple[Callable[[], object], float]] = [
            (lambda: look(desks[0]), 1),
            (lambda: look(desks[1]), 1),
            (lambda: take(desks[2]), 1),
            (lambda: take(desks[3]), 1),
            (lambda: give_up(desks[4]), 1),
        ]
        at_pace(work, 2)
        for desk in desks:
            desk.seconds.clear()  # the first answers warm the server up
        before = web.cpu()
        at_pace(work, SECONDS)
        spent = web.cpu() - before
    assert [line for desk in desks for line in desk.refused] == []
    assert not Appointment.objects.filter(overflow=True).exists()
    times = [taken for desk in desks[2:4] for taken in desk.seconds]
    note_times("a booking, at 50 requests a second to look, book and give up", times, spent, goal=60)
