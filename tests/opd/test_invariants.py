"""Each invariant is broken on purpose, beneath the database's guards, and is found."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.audit.commands import seal
from apps.core.relay import Relay
from apps.scheduling.models import AllocationPolicy
from opd.invariants import INVARIANTS, Look, check, records
from opd.subscriptions import handlers_for
from tests.billing.till import price, till_of
from tests.bookings import book, cancel, open_slot
from tests.ward import Ward, open_ward

PATHS = "visits stand where their transitions lead"
SLOTS = "a slot's count is of those who have a place"
SWEPT = "what is over was swept"
BOOKS = "the books are balanced and agree with the papers"
ALIKE = "transitions, audit entries and events are one to one"

SABOTAGE: list[tuple[str, str]] = [
    (PATHS, "UPDATE queue_visit SET state = 'CANCELLED' WHERE state = 'COMPLETED'"),
    (PATHS, "UPDATE queue_visit SET version = version - 1 WHERE state = 'COMPLETED'"),
    (PATHS, "DELETE FROM queue_visittransition WHERE verb = 'start'"),
    (PATHS, "DELETE FROM queue_visittransition WHERE verb = 'check_in'"),
    (PATHS, "DELETE FROM queue_visittransition"),
    (PATHS, "UPDATE queue_visittransition SET version = 2 WHERE verb = 'start'"),
    (PATHS, "UPDATE queue_visittransition SET verb = 'complete' WHERE verb = 'start'"),
    (PATHS, "UPDATE queue_visittransition SET from_state = 'URGENT' WHERE verb = 'call'"),
    (PATHS, "DELETE FROM queue_visit WHERE state = 'COMPLETED'"),
    (
        "a doctor or counter has at most one active visit",
        "DROP INDEX one_active_visit_per_doctor; UPDATE queue_visit SET state = 'CALLED',"
        " doctor_id = (SELECT id FROM scheduling_doctor LIMIT 1) WHERE state = 'WAITING'",
    ),
    (
        "nobody waits twice in a department",
        "DROP INDEX one_open_visit_per_patient_and_department; UPDATE queue_visit SET patient_id ="
        " (SELECT patient_id FROM queue_visit WHERE state = 'WAITING' LIMIT 1) WHERE state = 'WAITING'",
    ),
    ("token numbers run from 1 to the counter", "UPDATE scheduling_tokencounter SET last = last + 1"),
    ("token numbers run from 1 to the counter", "DELETE FROM scheduling_tokencounter"),
    ("token numbers run from 1 to the counter", "DELETE FROM scheduling_token WHERE number = 2"),
    ("token numbers run from 1 to the counter", "UPDATE scheduling_token SET number = 40 WHERE number = 3"),
    ("visits carry their own token's number", "UPDATE queue_visit SET number = number + 1"),
    (ALIKE, "DELETE FROM audit_auditentry WHERE action = 'visit.start'"),
    (ALIKE, "DELETE FROM core_outboxevent WHERE type = 'visit.transitioned' AND payload->>'verb' = 'start'"),
    (ALIKE, "DELETE FROM queue_visittransition WHERE verb = 'complete'"),
    (
        ALIKE,
        "UPDATE core_outboxevent SET payload = payload || '{\"to\": \"WAITING\"}' WHERE payload->>'verb' = 'start'",
    ),
    ("streams are numbered without gaps", "UPDATE core_stream SET sequence = sequence + 1 WHERE sequence > 0"),
    ("streams are numbered without gaps", "DELETE FROM core_outboxevent WHERE sequence = 2"),
    ("streams are numbered without gaps", "DELETE FROM core_outboxevent WHERE sequence = 1"),
    ("streams are numbered without gaps", "UPDATE core_outboxevent SET sequence = 2 WHERE sequence = 3"),
    ("streams are numbered without gaps", "DELETE FROM core_stream"),
    ("events are delivered or parked", "UPDATE core_outboxevent SET delivered_at = NULL WHERE sequence = 1"),
    ("the audit chain verifies", "UPDATE audit_auditentry SET reason = 'another' WHERE action = 'visit.start'"),
    ("the audit chain verifies", "DELETE FROM audit_auditentry WHERE action = 'visit.call'"),
    (SLOTS, "UPDATE scheduling_slot SET taken = 0"),
    (
        SLOTS,
        "ALTER TABLE scheduling_slot DROP CONSTRAINT slot_not_oversold, DROP CONSTRAINT slot_overflow_is_taken;"
        " UPDATE scheduling_slot SET capacity = 0, overflow = 9",
    ),
    (SWEPT, "UPDATE scheduling_appointment SET hold_expires_at = now() - interval '1 day' WHERE state = 'HELD'"),
    (SWEPT, "UPDATE scheduling_offer SET expires_at = now() - interval '1 day'"),
    (SWEPT, "UPDATE scheduling_appointment SET state = 'CANCELLED' WHERE state = 'HELD'"),
    (
        SWEPT,
        "UPDATE scheduling_waitingentry SET since = since - interval '9 days', expires_at = now() - interval '1 day'",
    ),
    (
        SWEPT,
        "UPDATE scheduling_slot SET starts_at = starts_at - interval '90 days', ends_at = starts_at"
        " - interval '90 days' + interval '5 minutes', emergency_level = 'high', usual_capacity = capacity",
    ),
    (
        "stretched slots have the places of their level",
        "UPDATE scheduling_slot SET emergency_level = 'high', usual_capacity = capacity",
    ),
    (BOOKS, "UPDATE billing_journalline SET debit = debit + 0.01 WHERE account = 'cash'"),
    (BOOKS, "UPDATE billing_payment SET amount = amount + 0.01"),
    (BOOKS, "UPDATE billing_invoice SET paid = paid - 0.01"),
    (BOOKS, "DELETE FROM billing_journalline"),
    ("invoice numbers run from 1 to the counter", "UPDATE billing_invoicecounter SET last = last + 1"),
    ("invoice numbers run from 1 to the counter", "UPDATE billing_invoice SET sequence = 2 WHERE sequence = 1"),
    ("UHIDs run from 1 to the counter", "UPDATE patients_uhidcounter SET last = last + 1"),
    (
        "UHIDs run from 1 to the counter",
        "UPDATE patients_patient SET uhid = 'H-26-000009-1' WHERE uhid LIKE '%-000001-_'",
    ),
]


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A ward with a little past: one person seen, one with the doctor, two waiting, one called in vain."""
    with open_ward(doctors=2) as ward:
        visits = [ward.arrive() for _ in range(5)]
        first = ward.call_next()
        assert first
        ward.see(first)
        second = ward.call_next()
        assert second
        ward.start(second)
        ward.call_next(ward.doctors[1])
        assert len(visits) == 5
        price(ward)
        till = till_of(ward)
        till.pay(till.issued(visits[0]))
        book(ward, open_slot(ward))
        _ask_about_a_place(ward)
        relay = Relay(handlers_for, chores=[seal])
        relay.run_once()
        yield ward


def _ask_about_a_place(ward: Ward) -> None:
    """Somebody waits and is asked about a place, as of now."""
    ward.keep_real_time()
    AllocationPolicy.objects.create(facility=ward.facility, department=ward.department, asks_first=True)
    slot = open_slot(ward, hours=24 * 30, capacity=1)
    row = book(ward, slot).appointment
    book(ward, slot)
    cancel(ward, row)


def look(ward: Ward) -> Look:
    return Look([ward.facility.id], timezone.now(), settled=True)


def broken(ward: Ward) -> set[str]:
    return {finding.name for finding in check(look(ward)) if not finding.holds}


def test_everything_holds_in_a_ward_that_was_only_moved_by_commands(ward):
    assert broken(ward) == set()


@pytest.mark.parametrize(("name", "sabotage"), SABOTAGE, ids=[sabotage[:70] for _, sabotage in SABOTAGE])
def test_what_is_broken_beneath_the_guards_is_found(
    ward: Ward, without_append_only: Callable[[str], None], name: str, sabotage: str
):
    without_append_only(sabotage)
    assert name in broken(ward)


def test_every_invariant_is_broken_by_some_test():
    elsewhere = {"no session idles in a transaction", "partitions are made ahead"}
    assert {name for name, _ in SABOTAGE} | elsewhere == set(INVARIANTS)


def test_a_session_that_idles_in_a_transaction_is_found(ward, monkeypatch):
    params = connection.get_connection_params()
    with psycopg.connect(**{key: params[key] for key in params if key not in {"cursor_factory", "context"}}) as idle:
        idle.execute("SELECT 1")
        assert broken(ward) == set(), "for a while it may"
        monkeypatch.setattr(records, "IDLE_WITHIN", timedelta(0))
        assert broken(ward) == {"no session idles in a transaction"}


def test_a_month_without_a_partition_is_found(ward):
    years_later = Look([ward.facility.id], datetime(2031, 5, 1, tzinfo=UTC), settled=True)
    assert {f.name for f in check(years_later) if not f.holds} == {"partitions are made ahead", SWEPT}


def test_a_young_event_may_still_wait_unless_all_is_expected_to_be_settled(ward):
    ward.keep_real_time()
    ward.arrive()
    waiting = {"events are delivered or parked"}
    assert {f.name for f in check(Look([ward.facility.id], ward.now)) if not f.holds} == set()
    assert {f.name for f in check(look(ward)) if not f.holds} == waiting
    later = Look([ward.facility.id], ward.now + timedelta(seconds=31))
    assert {f.name for f in check(later) if not f.holds} == waiting


def test_another_facility_is_not_looked_at(ward, without_append_only):
    without_append_only("UPDATE scheduling_tokencounter SET last = last + 1")
    with open_ward() as other:
        assert broken(other) == set()


def test_the_command_tells_each_invariant_and_names_the_first_offender(ward, without_append_only):
    out = StringIO()
    call_command("check_invariants", facility=ward.facility.code, stdout=out)
    assert len(out.getvalue().splitlines()) == len(INVARIANTS)
    without_append_only("UPDATE scheduling_tokencounter SET last = last + 1")
    with pytest.raises(CommandError, match=r"token numbers run from 1 to the counter: department .* 5 tokens"):
        call_command("check_invariants", stdout=StringIO())
    with pytest.raises(CommandError, match="no facility NOWHERE"):
        call_command("check_invariants", facility="NOWHERE", stdout=StringIO())
