"""Whoever is soon called hears of it: once when three are before them, once when one is."""

from apps.core.events import department_stream
from apps.core.models import OutboxEvent
from apps.core.relay import Relay
from apps.notifications.models import Message
from opd.subscriptions import handlers_for
from tests.ward import Ward, add_doctor


def come(ward: Ward, people: int) -> None:
    for number in range(people):
        ward.arrive(ward.register(name=f"Person {number}", phone=f"98765 4321{number}"))


def told(ward: Ward) -> list[tuple[str, int]]:
    """Who was told what: the last digit of the phone, and how many are before them."""
    Relay(handlers_for, clock=lambda: ward.now).run_once()
    sent = Message.objects.filter(kind="ahead").order_by("created_at", "dedupe_key")
    return sorted((message.recipient[-1], int(message.dedupe_key.split(":")[1])) for message in sent)


def test_the_next_and_those_with_three_before_them_are_told_once(ward: Ward):
    come(ward, 6)
    assert told(ward) == []
    first = ward.call_next()
    assert first
    assert told(ward) == [("1", 1), ("2", 1), ("3", 3), ("4", 3)]
    assert told(ward) == [("1", 1), ("2", 1), ("3", 3), ("4", 3)]
    ward.see(first)
    ward.call_next()
    assert told(ward) == [("1", 1), ("2", 1), ("3", 1), ("3", 3), ("4", 3), ("5", 3)]


def test_an_event_that_is_delivered_again_tells_nobody_again(ward: Ward):
    come(ward, 3)
    ward.call_next()
    before = told(ward)
    OutboxEvent.objects.filter(stream=department_stream(ward.department.id)).update(delivered_at=None)
    assert told(ward) == before


def test_who_waits_for_another_doctor_is_not_before_anybody(ward: Ward):
    nair = add_doctor(ward, [ward.department])
    for number in range(5):
        person = ward.register(name=f"Person {number}", phone=f"98765 4321{number}")
        ward.arrive(person, doctor_id=(nair if number < 4 else ward.doctor).id)
    ward.call_next(nair)
    assert ("4", 1) in told(ward)


def test_who_has_no_phone_is_told_nothing(ward: Ward):
    for _ in range(3):
        ward.arrive()
    ward.call_next()
    assert told(ward) == []
