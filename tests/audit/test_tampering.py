"""Somebody with every right in the database alters the trail behind the triggers; the check names the row."""

import random
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from apps.audit import anchor
from apps.audit.commands import record, seal
from apps.audit.models import AuditEntry, Seal, Unsealed
from apps.audit.queries import SEALED_WITHIN, verify
from apps.audit.rules import Anchor, Fault, Verdict
from apps.core.commands import command
from apps.core.policy import Actor, ActorType, Role
from tests.core.mechanism import FACILITY, NOW, moved
from tests.proving import PROVE

ENTRY, SEAL = AuditEntry._meta.db_table, Seal._meta.db_table
FLIPS, ROUNDS = 1_000, 10 if PROVE else 1
ROWS = 12
MANY = 25_000
RAO = Actor(ActorType.STAFF, UUID(int=3), "Dr Rao", FACILITY, role=Role.DOCTOR, via="simulator")


@command
def _said(*, actor, now, number: int) -> None:
    record(
        action="visit.called", entity_type="visit", entity_id=number, reason="Grüße, வணக்கம்",
        before={"state": "WAITING", "version": number}, after={"state": "CALLED", "list": [1, 2.50, None, "é"]},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def sealed_trail(db: None) -> None:
    for number in range(ROWS):
        _said(actor=RAO, now=NOW + timedelta(minutes=number), number=number)
        if number % 4 == 3:
            seal(timezone.now())


@contextmanager
def as_superuser() -> Iterator[Any]:
    """A session that no trigger holds back."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def tampered(*statements: str) -> Verdict:
    with as_superuser() as cursor:
        for statement in statements:
            cursor.execute(statement)
            assert cursor.rowcount != 0, "nothing was altered"
    return verify(timezone.now())


def entry_at(position: int) -> str:
    return str(Seal.objects.get(position=position).entry_id)


def named(verdict: Verdict) -> tuple[Fault | None, int | None, str | None]:
    return verdict.fault, verdict.position, verdict.entry_id


def test_an_untouched_trail_is_whole():
    verdict = verify(timezone.now())
    assert (verdict.fault, verdict.links) == (None, ROWS)


def test_one_changed_value_is_named():
    entry = entry_at(5)
    verdict = tampered(f"UPDATE {ENTRY} SET reason = 'other' WHERE id = '{entry}'")
    assert named(verdict) == (Fault.CHANGED, 5, entry)


def test_a_deleted_entry_is_named():
    entry = entry_at(5)
    assert named(tampered(f"DELETE FROM {ENTRY} WHERE id = '{entry}'")) == (Fault.REMOVED, 5, entry)


def test_an_entry_deleted_with_its_seal_is_named():
    entry = entry_at(5)
    verdict = tampered(f"DELETE FROM {ENTRY} WHERE id = '{entry}'", f"DELETE FROM {SEAL} WHERE position = 5")
    assert named(verdict) == (Fault.SEAL_MISSING, 5, None)


def copied(**other: str) -> str:
    """An insert of the fifth entry once more, with other values in some columns."""
    columns = [f.column for f in AuditEntry._meta.concrete_fields]
    values = ", ".join(other.get(column, column) for column in columns)
    return f"INSERT INTO {ENTRY} ({', '.join(columns)}) SELECT {values} FROM {ENTRY} WHERE id = '{entry_at(5)}'"


def test_an_entry_slipped_in_without_a_seal_is_named_once_a_seal_is_overdue():
    verdict = tampered(copied(id="'00000000-0000-0000-0000-00000000beef'"))
    assert verdict.sound, "it might have been written this moment"
    later = verify(timezone.now() + SEALED_WITHIN)
    assert named(later) == (Fault.UNSEALED, None, "00000000-0000-0000-0000-00000000beef")


def test_control_an_entry_just_written_is_no_fault_and_gets_its_seal():
    moved()
    assert verify(timezone.now()).sound
    seal(timezone.now())
    assert verify(timezone.now() + SEALED_WITHIN).links == ROWS + 1


def test_an_entry_that_pretends_to_be_from_the_future_is_named():
    verdict = tampered(copied(id="gen_random_uuid()", written_at="now() + interval '9 years'"))
    assert verdict.fault is Fault.UNSEALED


def test_an_entry_slipped_in_with_a_copied_seal_is_named():
    columns = "sealed_at, entry_id, entry_at, hash"
    verdict = tampered(
        copied(id="'00000000-0000-0000-0000-00000000beef'"),
        f"INSERT INTO {SEAL} (position, {columns}) SELECT {ROWS + 1}, sealed_at,"
        f" '00000000-0000-0000-0000-00000000beef', entry_at, hash FROM {SEAL} WHERE position = 5",
    )
    assert named(verdict) == (Fault.SEAL_CHANGED, ROWS + 1, "00000000-0000-0000-0000-00000000beef")


def test_an_entry_removed_before_it_got_its_seal_is_named():
    moved()
    entry = str(Unsealed.objects.get().entry_id)
    assert named(tampered(f"DELETE FROM {ENTRY} WHERE id = '{entry}'")) == (Fault.REMOVED, None, entry)


def test_two_entries_whose_contents_changed_places_are_named():
    one, other = entry_at(3), entry_at(9)
    content = "before, after, reason, entity_id, number, written_at"
    verdict = tampered(
        f"UPDATE {ENTRY} e SET ({content}) = (SELECT {content} FROM {ENTRY} o"
        f" WHERE o.id <> e.id AND o.id IN ('{one}', '{other}')) WHERE id IN ('{one}', '{other}')"
    )
    assert named(verdict) == (Fault.CHANGED, 3, one)


def test_two_seals_that_changed_places_are_named():
    other = entry_at(9)
    verdict = tampered(f"UPDATE {SEAL} SET position = 12 - position WHERE position IN (3, 9)")
    assert named(verdict) == (Fault.REORDERED, 3, other)


@pytest.mark.parametrize("left", [0, 1, ROWS - 1])
def test_a_cut_tail_is_named_by_the_first_place_that_is_gone(left):
    verdict = tampered(
        f"DELETE FROM {ENTRY} WHERE id IN (SELECT entry_id FROM {SEAL} WHERE position > {left})",
        f"DELETE FROM {SEAL} WHERE position > {left}",
    )
    assert named(verdict) == (Fault.CUT, left + 1, None)


def test_emptied_tables_are_noticed():
    assert tampered(f"TRUNCATE {ENTRY}, {SEAL}, {Unsealed._meta.db_table}").fault is Fault.CUT


def test_control_with_the_anchor_cut_too_nobody_could_tell():
    left = Seal.objects.get(position=4)
    anchor.write(Anchor(4, left.hash))
    verdict = tampered(
        f"DELETE FROM {ENTRY} WHERE id IN (SELECT entry_id FROM {SEAL} WHERE position > 4)",
        f"DELETE FROM {SEAL} WHERE position > 4",
    )
    assert verdict.sound


def test_a_chain_made_anew_without_the_key_is_noticed(settings):
    remake(settings, key="ab" * 32)
    assert named(verify(timezone.now())) == (Fault.SEAL_CHANGED, 1, entry_at(1))


def test_a_chain_made_anew_with_the_key_is_noticed_by_the_anchor(settings):
    remake(settings, key=settings.AUDIT_KEY)
    assert verify(timezone.now()).fault is Fault.REWRITTEN


def remake(settings: Any, key: str) -> None:
    """Alter an entry, then seal everything again; the anchor is out of reach."""
    genuine, real_key = anchor.read(), settings.AUDIT_KEY
    with as_superuser() as cursor:
        cursor.execute(f"UPDATE {ENTRY} SET reason = 'other' WHERE id = '{entry_at(5)}'")
        cursor.execute(f"DELETE FROM {SEAL}")
        cursor.execute(f"INSERT INTO {Unsealed._meta.db_table} SELECT id, at FROM {ENTRY}")
    settings.AUDIT_ANCHOR.unlink()
    settings.AUDIT_KEY = key
    seal(timezone.now())
    settings.AUDIT_KEY = real_key
    anchor.write(genuine)


def test_a_missing_anchor_is_told(settings):
    settings.AUDIT_ANCHOR.unlink()
    assert verify(timezone.now()).fault is Fault.ANCHOR_MISSING


def test_the_command_ends_with_an_error_that_names_the_row():
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert f"whole: {ROWS} entries" in out.getvalue()
    entry = entry_at(5)
    tampered(f"UPDATE {ENTRY} SET action = 'other' WHERE id = '{entry}'")
    with pytest.raises(CommandError) as ended:
        call_command("verify_audit")
    assert f"changed at position 5, entry {entry}" in str(ended.value)
    assert ended.value.returncode == 1


@pytest.mark.proof
def test_a_trail_four_times_as_long_is_checked_in_about_four_times_the_time():
    write_entries(MANY)
    short = seconds_to_verify(ROWS + MANY)
    write_entries(3 * MANY)
    long = min(seconds_to_verify(ROWS + 4 * MANY) for _ in range(2))
    assert long < 10 * short, "a check that looks for each row in all of them would take 16 times as long"


def write_entries(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {ENTRY} (id, at, facility_id, actor_type, actor_id, actor_role, actor_via, action,"
            " entity_type, entity_id, before, after, reason, trace_id)"
            " SELECT gen_random_uuid(), now() - n * interval '1 minute', gen_random_uuid(), 'staff', gen_random_uuid(),"
            " 'RECEPTION', '', 'visit.called', 'visit', gen_random_uuid()::text, jsonb_build_object('version', n),"
            " jsonb_build_object('version', n + 1), '', md5(n::text) FROM generate_series(1, %s) n",
            [number],
        )
    assert seal(timezone.now()) == number


def seconds_to_verify(links: int) -> float:
    began = time.perf_counter()
    verdict = verify(timezone.now())
    assert (verdict.fault, verdict.links) == (None, links)
    return time.perf_counter() - began


Column = tuple[type[models.Model], models.Field]
COLUMNS: list[Column] = [(model, field) for model in (AuditEntry, Seal) for field in model._meta.concrete_fields]


def flipped(chance: random.Random, kind: str, value: Any) -> Any:
    """A stored value with one bit of its bytes turned over; None where that makes no value of this kind."""
    if kind in ("timestamp with time zone", "bigint"):
        raw = struct.pack(">q", value)
    elif kind == "uuid":
        raw = bytes.fromhex(value.replace("-", ""))
    else:
        raw = value.encode()
    bit = chance.randrange(len(raw) * 8)
    turned = bytearray(raw)
    turned[bit // 8] ^= 1 << bit % 8
    if kind in ("timestamp with time zone", "bigint"):
        return struct.unpack(">q", turned)[0]
    if kind == "uuid":
        return turned.hex()
    try:
        text = turned.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


READ = {"timestamp with time zone": "(extract(epoch FROM {0}) * 1000000)::bigint", "bigint": "{0}", "uuid": "{0}::text"}
WRITTEN = {
    "timestamp with time zone": "timestamptz 'epoch' + %s * interval '1 microsecond'",
    "bigint": "%s",
    "uuid": "%s::uuid",
    "jsonb": "%s::jsonb",
}


def flip(cursor: Any, chance: random.Random, column: Column, position: int) -> bool:
    """Turn one bit over in one column of the entry or the seal at a position; False where there is no such value."""
    model, field = column
    table, name, kind = model._meta.db_table, field.column, (field.db_type(connection) or "").split("(")[0]
    entry = Seal.objects.values_list("entry_id", flat=True).get(position=position)
    where = f"id = '{entry}'" if model is AuditEntry else f"position = {position}"
    reading = READ.get(kind, "{0}::text").format(name)
    cursor.execute(f"SELECT {reading} FROM {table} WHERE {where}")
    ((value,),) = cursor.fetchall()
    if not value:
        return False
    turned = flipped(chance, kind, value)
    if turned is None:
        return False
    cursor.execute(f"UPDATE {table} SET {name} = {WRITTEN.get(kind, '%s')} WHERE {where} RETURNING {reading}", [turned])
    return cursor.fetchall() != [(value,)]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_every_single_bit_counts(seed):
    chance = random.Random(seed)
    done: dict[str, int] = {}
    undetected: list[str] = []
    while sum(done.values()) < FLIPS:
        column, position = chance.choice(COLUMNS), chance.randint(1, ROWS)
        label = f"{column[0].__name__}.{column[1].name}"
        try:
            with transaction.atomic(), as_superuser() as cursor:
                if not flip(cursor, chance, column, position):
                    continue
                done[label] = done.get(label, 0) + 1
                if verify(timezone.now()).sound:
                    undetected.append(label)
                raise NextFlip
        except (NextFlip, DatabaseError):  # the database itself takes no such value
            continue
    assert undetected == []
    assert set(done) == {f"{model.__name__}.{field.name}" for model, field in COLUMNS}
    assert verify(timezone.now()).sound


class NextFlip(Exception):
    """Undo this one."""
