"""A place is held, confirmed, offered: never twice, never beyond its time, and whoever waits goes first."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.queries import actor_of_tracking
from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, NotFound
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, ActorType
from apps.queue import commands
from apps.queue.queries.own import departments_of_links
from apps.queue.tasks import sweep_bookings
from apps.scheduling.commands import AlreadyBooked, HoldOver, NotPossibleNow, OfferOver, SlotGone
from apps.scheduling.models import AllocationPolicy, Appointment, Offer, Slot, WaitingEntry
from apps.scheduling.queries import availability, position_of
from apps.scheduling.rules.allocation import BookingSource
from tests.bookings import book, cancel, confirm, hold, open_slot, sweep
from tests.ward import Ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(ward: Ward) -> AllocationPolicy:
    """The department asks before it gives a freed place to somebody."""
    return AllocationPolicy.objects.create(facility=ward.facility, department=ward.department, asks_first=True)


def test_what_is_held_is_nobody_elses_and_has_a_number_only_once_confirmed(ward):
    slot = open_slot(ward, capacity=1)
    row = hold(ward, slot)
    assert (row.state, row.token_id) == ("HELD", None)
    assert row.hold_expires_at == ward.now + timedelta(minutes=10)
    assert book(ward, slot).waiting
    with pytest.raises(SlotGone):
        hold(ward, slot)
    booked = confirm(ward, row)
    assert (booked.state, booked.token.number, booked.hold_expires_at) == ("BOOKED", 1, None)
    assert Slot.objects.get(id=slot.id).taken == 1
    assert OutboxEvent.objects.filter(type="TOKEN_CREATED").count() == 1
    told = AuditEntry.objects.filter(entity_id=row.id).values_list("action", flat=True)
    assert set(told) == {"appointment.held", "appointment.booked"}


def test_a_hold_displaces_nobody_and_nobody_displaces_a_hold(ward):
    slot, later = open_slot(ward, 24, 1), open_slot(ward, 26, 1)
    held = hold(ward, slot)
    assert book(ward, slot, "paid_priority").appointment.slot_id == later.id
    held.refresh_from_db()
    assert held.slot_id == slot.id
    with pytest.raises(SlotGone):
        hold(ward, later, source="paid_priority")


def test_a_hold_that_is_over_cannot_be_confirmed_swept_or_not(ward):
    slot = open_slot(ward, capacity=1)
    row = hold(ward, slot)
    ward.later(minutes=10)
    with pytest.raises(HoldOver):
        confirm(ward, row)
    assert Appointment.objects.get(id=row.id).state == "HELD"
    sweep(ward)
    with pytest.raises(HoldOver):
        confirm(ward, row)
    assert Appointment.objects.get(id=row.id).state == "CANCELLED"


def test_the_sweep_gives_the_place_to_who_waits_and_finds_nothing_the_second_time(ward):
    slot = open_slot(ward, capacity=1)
    hold(ward, slot)
    waiting = book(ward, slot).waiting
    ward.later(minutes=10)
    assert sweep(ward) == 1
    waiting.refresh_from_db()
    assert waiting.state == "ALLOCATED"
    assert Slot.objects.get(id=slot.id).taken == 1
    assert sweep(ward) == 0


def test_whoever_books_beside_a_hold_that_is_over_comes_after_who_waits(ward):
    slot = open_slot(ward, capacity=1)
    hold(ward, slot)
    waiting = book(ward, slot).waiting
    ward.later(minutes=11)
    newcomer = book(ward, slot)
    assert newcomer.waiting
    waiting.refresh_from_db()
    assert waiting.state == "ALLOCATED"


def test_availability_counts_a_hold_until_it_is_over_and_writes_nothing(ward, django_assert_num_queries):
    slot = open_slot(ward, capacity=1)
    hold(ward, slot)

    def spots() -> Any:
        found = availability(ward.doctor.id, slot.day, BookingSource.ONLINE, ward.now)["slots"][0]
        return found["availableSpots"], found["currentOccupancy"]

    assert spots() == (0, 1)
    ward.later(minutes=10)
    with django_assert_num_queries(2):
        assert spots() == (1, 0)
    assert Appointment.objects.get().state == "HELD"


def test_nobody_holds_beside_a_booking_with_the_same_doctor_that_day(ward):
    slot, asha = open_slot(ward), ward.register()
    hold(ward, slot, patient=asha)
    with pytest.raises(AlreadyBooked):
        hold(ward, slot, patient=asha)


def test_what_is_confirmed_is_not_confirmed_again(ward):
    row = hold(ward, open_slot(ward))
    confirm(ward, row)
    with pytest.raises(NotPossibleNow):
        confirm(ward, row)


def test_the_worker_sweeps_every_hospital(ward):
    row = hold(ward, open_slot(ward))
    Appointment.objects.filter(id=row.id).update(hold_expires_at=ward.now - timedelta(days=400))
    sweep_bookings()
    assert Appointment.objects.get(id=row.id).state == "CANCELLED"
    assert sweep_bookings() == 0


def test_on_a_clean_day_nothing_young_is_swept_and_a_place_that_is_over_is_free_all_the_same(ward, settings):
    settings.SWEEPS_SPARE_MINUTES = 60
    ward.keep_real_time()
    ward.now -= timedelta(minutes=30)
    slot = open_slot(ward, capacity=1)
    young = hold(ward, slot)
    assert sweep_bookings() == 0
    assert Appointment.objects.get(id=young.id).state == "HELD"
    ward.keep_real_time()
    assert book(ward, slot).appointment.slot_id == slot.id
    assert Appointment.objects.get(id=young.id).state == "CANCELLED"


def test_on_a_clean_day_what_is_old_is_swept_as_ever(ward, settings):
    settings.SWEEPS_SPARE_MINUTES = 60
    ward.keep_real_time()
    ward.now -= timedelta(minutes=61)
    old = hold(ward, open_slot(ward))
    sweep_bookings()
    assert Appointment.objects.get(id=old.id).state == "CANCELLED"


def test_who_waited_too_long_leaves_the_list(ward):
    slot = open_slot(ward, 24 * 9, capacity=1)
    book(ward, slot)
    entry = book(ward, slot).waiting
    ward.later(days=7)
    assert position_of(entry, ward.now) is None
    sweep(ward)
    entry.refresh_from_db()
    assert entry.state == "EXPIRED"
    assert AuditEntry.objects.filter(action="waiting.expired").count() == 1


def test_only_the_house_sweeps(ward):
    with pytest.raises(Forbidden):
        commands.sweep(actor=ward.meera, now=ward.now, department_id=ward.department.id)
    assert sweep(ward) == 0


# --- asked first


def offered(ward: Ward, waiting: int = 3, capacity: int = 1) -> tuple[Slot, list[WaitingEntry]]:
    """A place was freed, and these people wait, in order."""
    slot = open_slot(ward, capacity=capacity)
    rows = [book(ward, slot).appointment for _ in range(capacity)]
    entries = []
    for _ in range(waiting):
        ward.later(seconds=1)
        entries.append(book(ward, slot).waiting)
    cancel(ward, rows[0])
    return slot, entries


def accept(ward: Ward, entry: WaitingEntry) -> Any:
    return commands.accept_place(actor=ward.meera, now=ward.now, waiting_id=entry.id)


def test_a_freed_place_is_held_for_the_first_who_waits_until_they_say_yes(ward, asking):
    slot, (first, second, _) = offered(ward)
    offer = Offer.objects.get()
    assert (offer.entry_id, offer.state, offer.expires_at) == (first.id, "OPEN", ward.now + timedelta(minutes=10))
    assert Slot.objects.get(id=slot.id).taken == 1
    with pytest.raises(OfferOver):
        accept(ward, second)
    row, _ = accept(ward, first)
    first.refresh_from_db()
    assert (row.state, row.patient_id, first.state, first.appointment_id) == (
        "BOOKED",
        first.patient_id,
        "ALLOCATED",
        row.id,
    )


def test_the_next_is_asked_when_an_offer_is_over_and_nobody_twice_about_the_same(ward, asking):
    slot, entries = offered(ward, waiting=2)
    for entry in entries:
        assert Offer.objects.get(state="OPEN").entry_id == entry.id
        ward.later(minutes=10)
        with pytest.raises(OfferOver):
            accept(ward, entry)
        sweep(ward)
    assert not Offer.objects.filter(state="OPEN").exists()
    assert Slot.objects.get(id=slot.id).taken == 0
    assert {entry.state for entry in WaitingEntry.objects.all()} == {"WAITING"}


def test_of_several_who_are_asked_the_first_to_accept_wins_and_the_others_wait_on(ward, asking):
    AllocationPolicy.objects.update(offered_to=2)
    slot, (first, second, third) = offered(ward)
    assert set(Offer.objects.values_list("entry_id", flat=True)) == {first.id, second.id}
    row, _ = accept(ward, second)
    assert row.patient_id == second.patient_id
    with pytest.raises(OfferOver):
        accept(ward, first)
    with pytest.raises(OfferOver):
        accept(ward, third)
    assert Offer.objects.get(entry=first).state == "TAKEN"
    assert Slot.objects.get(id=slot.id).taken == 1
    first.refresh_from_db()
    assert first.state == "WAITING"


def test_who_declines_waits_on_and_the_next_is_asked(ward, asking):
    _, (first, second, _) = offered(ward)
    commands.decline_place(actor=ward.meera, now=ward.now, waiting_id=first.id)
    assert Offer.objects.get(state="OPEN").entry_id == second.id
    commands.leave_waiting_list(actor=ward.meera, now=ward.now, waiting_id=second.id)
    assert Offer.objects.get(entry=second).state == "DECLINED"
    first.refresh_from_db()
    assert first.state == "WAITING"


def test_confirming_the_place_that_was_offered_takes_it(ward, asking):
    _, (first, *_) = offered(ward)
    row = confirm(ward, Offer.objects.get().hold)
    first.refresh_from_db()
    assert (row.state, first.state) == ("BOOKED", "ALLOCATED")


# --- links


def test_one_link_shows_the_booking_its_successor_and_then_the_visit(ward):
    slot, other = open_slot(ward, 1, 1), open_slot(ward, 2, 1)
    row = book(ward, slot).appointment
    token, code = row.link
    assert (holder := actor_of_tracking(code, ward.now)).subject_id == row.id
    assert departments_of_links([holder]) == {holder.credential_id: ward.department.id}
    fresh, _ = commands.reschedule(actor=ward.meera, now=ward.now, booking_id=row.id, slot_id=other.id)
    assert fresh.link == (token, code) or actor_of_tracking(token, ward.now).subject_id == fresh.id
    assert actor_of_tracking(code, ward.now).subject_id == fresh.id
    arrived = commands.arrive(actor=ward.meera, now=ward.now, booking_id=fresh.id)
    assert arrived.tracking_code == code
    assert actor_of_tracking(code, ward.now).subject_id == arrived.visit.id


def test_a_link_lives_as_long_as_the_day_the_booking_was_moved_to(ward):
    slot, far = open_slot(ward, 1, 1), open_slot(ward, 24 * 9, 1)
    row = book(ward, slot).appointment
    commands.reschedule(actor=ward.meera, now=ward.now, booking_id=row.id, slot_id=far.id)
    assert actor_of_tracking(row.link[1], ward.later(days=9))


def test_a_patient_holds_and_confirms_their_own_and_nobody_elses(ward):
    asha, other = (
        ward.register(name=name, phone=f"+9198111222{end}") for name, end in (("Asha", "31"), ("Ravi", "32"))
    )
    slot = open_slot(ward, 0.2)
    holders = [holder_of(person) for person in (asha, other)]
    row = commands.request_hold(
        actor=holders[0], now=ward.now, doctor_id=ward.doctor.id, slot_id=slot.id, source="online"
    )
    assert row.patient_id == asha.id
    with pytest.raises(NotFound):
        commands.confirm_booking(actor=holders[1], now=ward.now, booking_id=row.id)
    assert commands.confirm_booking(actor=holders[0], now=ward.now, booking_id=row.id).state == "BOOKED"
    with pytest.raises(Forbidden):
        commands.request_hold(
            actor=holders[1], now=ward.now, doctor_id=ward.doctor.id, slot_id=slot.id, source="emergency"
        )


def holder_of(person: Any) -> Actor:
    """Who proved to hold somebody's phone."""
    return Actor(ActorType.PATIENT, None, "patient", person.facility_id, phone_index=person.phone_index)
