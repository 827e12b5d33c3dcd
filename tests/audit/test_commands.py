from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Event as Flag
from threading import Thread
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from apps.audit import anchor, commands
from apps.audit.commands import ChainBroken, note_refusal, record, record_opened, seal
from apps.audit.models import AuditEntry, Seal, Unsealed
from apps.audit.queries import entries, verify
from apps.audit.rules import Anchor
from apps.core.commands import command
from apps.core.errors import Forbidden
from apps.core.policy import Actor, ActorType, Role
from apps.core.trace import current, start_trace
from tests.core.mechanism import FACILITY, NOW, PATIENCE, moved, wait_for
from tests.proving import PROVE
from tests.races.threads import at_once

RAO = Actor(ActorType.STAFF, UUID(int=3), "Dr Rao", FACILITY, role=Role.DOCTOR, via="simulator")


@command
def change_price(*, actor, now, **said):
    record(action="price.changed", entity_type="price", entity_id=UUID(int=9), **said)


@pytest.mark.django_db
def test_an_entry_says_who_did_what_to_which_record_and_why():
    start_trace("trace-7")
    change_price(actor=RAO, now=NOW, before={"amount": Decimal("1.50")}, after={"at": NOW}, reason="new list")
    entry = AuditEntry.trail.get()
    assert (entry.at, entry.facility_id, entry.trace_id) == (NOW, FACILITY, "trace-7")
    assert (entry.actor_type, entry.actor_id, entry.actor_role, entry.actor_via) == (
        "staff", RAO.id, "DOCTOR", "simulator",
    )  # fmt: skip
    assert (entry.action, entry.entity_type, entry.entity_id) == ("price.changed", "price", str(UUID(int=9)))
    assert (entry.before, entry.after) == ({"amount": "1.50"}, {"at": "2026-11-21T05:30:00Z"})
    assert entry.reason == "new list"
    assert abs(timezone.now() - entry.written_at) < timedelta(minutes=1)
    assert "Rao" not in str(vars(entry)), "values that identify, not names"


@pytest.mark.django_db
def test_an_entry_belongs_to_the_actors_facility_unless_another_is_named():
    change_price(actor=RAO, now=NOW)
    change_price(actor=RAO, now=NOW, facility_id=UUID(int=8))
    assert [e.facility_id for e in AuditEntry.trail.order_by("number")] == [FACILITY, UUID(int=8)]


@pytest.mark.django_db
def test_what_is_undone_leaves_no_entry():
    with pytest.raises(ZeroDivisionError):
        moved(meanwhile=lambda: 1 / 0)
    assert not AuditEntry.trail.exists()
    assert not Unsealed.objects.exists()


@pytest.mark.django_db
def test_the_system_acting_by_itself_is_named_by_what_it_is():
    moved()
    assert AuditEntry.trail.get().actor_via == "test"


@pytest.mark.django_db
def test_an_opened_record_leaves_an_entry_of_its_own():
    record_opened(actor=RAO, now=NOW, entity_type="patient", entity_id=UUID(int=4), reason="consultation")
    entry = AuditEntry.trail.get()
    assert (entry.action, entry.entity_id, entry.reason) == ("patient.opened", str(UUID(int=4)), "consultation")


@pytest.mark.django_db
def test_a_refusal_is_noted_under_the_trace_of_its_request():
    current.set("trace-8")
    note_refusal(RAO, Forbidden(permission="visit.cancel"))
    entry = AuditEntry.trail.get()
    assert (entry.action, entry.entity_type, entry.entity_id, entry.trace_id) == (
        "refused", "permission", "visit.cancel", "trace-8",
    )  # fmt: skip


@pytest.mark.django_db
def test_the_same_refusal_of_the_same_actor_is_one_entry_a_minute(monkeypatch):
    moment = [NOW]
    monkeypatch.setattr(commands.timezone, "now", lambda: moment[0])
    link, screen = (
        Actor(kind, None, kind, FACILITY, credential_id=UUID(int=number))
        for number, kind in enumerate([ActorType.LINK, ActorType.SCREEN], start=50)
    )
    for seconds in (0, 1, 59, 60, 61, 125):
        moment[0] = NOW + timedelta(seconds=seconds)
        for actor in (RAO, link, replace(link, credential_id=UUID(int=60)), screen):
            note_refusal(actor, Forbidden(permission="visit.cancel"))
    note_refusal(RAO, Forbidden(permission="visit.call"))
    told = AuditEntry.trail.filter(entity_id="visit.cancel").values_list("actor_type", "after")
    assert Counter((kind, after and after["credentialId"]) for kind, after in told) == {
        ("staff", None): 3,
        ("link", str(UUID(int=50))): 3,
        ("link", str(UUID(int=60))): 3,
        ("screen", str(UUID(int=51))): 3,
    }
    assert AuditEntry.trail.filter(entity_id="visit.call").count() == 1


def test_a_refusal_stays_a_refusal_when_the_database_is_away(monkeypatch, caplog):
    def away(**_):
        raise OperationalError("no route to host")

    monkeypatch.setattr(commands, "_record_refused", away)
    note_refusal(RAO, Forbidden())
    assert "refusal not recorded" in caplog.text


@pytest.mark.django_db
def test_the_trail_is_shown_newest_first_and_only_to_its_facility():
    for minute, facility in enumerate([FACILITY, FACILITY, UUID(int=8)]):
        change_price(actor=replace(RAO, facility_id=facility), now=NOW + timedelta(minutes=minute))
    assert [entry.at.minute for entry in entries(FACILITY)] == [31, 30]
    assert entries(FACILITY, since=NOW + timedelta(minutes=1)).count() == 1
    assert entries(FACILITY, until=NOW).count() == 1
    assert entries(FACILITY, entity_type="price", entity_id=str(UUID(int=9))).count() == 2
    assert not entries(FACILITY, entity_type="patient").exists()
    with scope(facility=UUID(int=8)):
        assert AuditEntry.objects.count() == 1
    with pytest.raises(ScopeError):
        AuditEntry.objects.count()


@pytest.mark.django_db
def test_sealing_links_every_entry_once_and_anchors_the_head():
    moved(times=3)
    assert seal(NOW) == 3
    assert seal(NOW) == 0
    moved()
    assert seal(NOW) == 1
    assert list(Seal.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4]
    last = Seal.objects.get(position=4)
    assert anchor.read() == Anchor(4, last.hash)
    assert verify(timezone.now()).links == 4


@pytest.mark.django_db
def test_more_entries_than_one_batch_are_sealed_in_one_go(monkeypatch):
    monkeypatch.setattr(commands, "BATCH", 4)
    moved(times=11)
    assert seal(NOW) == 11
    assert verify(timezone.now()).sound


@pytest.mark.django_db
def test_killed_before_the_anchor_was_written_the_chain_stands_and_the_next_sealing_catches_up(monkeypatch):
    moved()
    seal(NOW)
    moved()
    with monkeypatch.context() as killed:
        killed.setattr(anchor, "write", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            seal(NOW)
    assert anchor.read().position == 1
    assert verify(timezone.now()).sound
    assert seal(NOW) == 0
    assert anchor.read().position == 2


@pytest.mark.django_db
def test_nothing_is_built_on_a_chain_that_is_not_the_anchored_one():
    moved()
    seal(NOW)
    moved()
    anchor.write(Anchor(1, "f" * 64))
    with pytest.raises(ChainBroken):
        seal(NOW)
    anchor.write(Anchor(7, "f" * 64))
    with pytest.raises(ChainBroken):
        seal(NOW)
    assert Unsealed.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_after_later_numbered_ones_were_sealed_is_sealed_all_the_same():
    began, go_on = Flag(), Flag()

    def hold() -> None:
        AuditEntry.trail.create(at=NOW, actor_type="system", action="late", entity_type="thing", entity_id="1")
        began.set()
        wait_for(go_on)

    def run() -> None:
        moved("dept.late", meanwhile=hold)
        connection.close()

    late = Thread(target=run)
    late.start()
    wait_for(began)
    moved("dept.early")
    assert seal(NOW) == 1
    highest = AuditEntry.trail.get().number
    go_on.set()
    late.join(PATIENCE)
    assert AuditEntry.trail.get(action="late").number < highest
    assert seal(NOW) == 2
    assert verify(timezone.now()).sound


ENTRIES = 4_000 if PROVE else 400


@pytest.mark.django_db(transaction=True)
def test_three_sealers_beside_five_writers_leave_no_entry_without_its_one_seal():
    writers = 5

    def work(index: int) -> None:
        if index < writers:
            for _ in range(ENTRIES // writers):
                moved(f"dept.{index}")
        else:
            while AuditEntry.trail.count() < ENTRIES or Unsealed.objects.exists():
                seal(timezone.now())

    _, errors = at_once(work, writers + 3, facility=None)
    assert errors == []
    assert Seal.objects.count() == Seal.objects.values("entry_id").distinct().count() == ENTRIES
    verdict = verify(timezone.now())
    assert (verdict.fault, verdict.links) == (None, ENTRIES)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_sealers_build_on_the_same_head(monkeypatch):
    """Both have read the head before either has sealed; the lock is what keeps the second waiting."""
    moved()
    both_read = [Flag(), Flag()]
    waiting_entries = commands.waiting_entries

    def read_then_wait(limit: int):
        found = waiting_entries(limit)
        next(flag for flag in both_read if not flag.is_set()).set()
        both_read[1].wait(PATIENCE)
        return found

    class NoLock:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def execute(self, *_):
            return None

    monkeypatch.setattr(commands, "waiting_entries", read_then_wait)
    monkeypatch.setattr(commands.anchor, "held", NoLock)
    monkeypatch.setattr(commands, "connection", type("Unlocked", (), {"cursor": staticmethod(NoLock)}))
    at_once(lambda index: seal(NOW + timedelta(seconds=index)), 2, facility=None)
    assert Seal.objects.filter(position=1).count() == 2
    assert not verify(timezone.now()).sound
