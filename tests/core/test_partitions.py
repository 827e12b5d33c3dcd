from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState

from apps.core.models import OutboxEvent
from apps.core.partitions import AppendOnly, CreatePartitioned, MayChange, keep_partitions
from tests.races.threads import at_once

MAY_2031 = datetime(2031, 5, 20, tzinfo=UTC)
TABLE = "core_outboxevent"


def event(at: datetime = datetime(2026, 11, 21, tzinfo=UTC), sequence: int = 1) -> OutboxEvent:
    return OutboxEvent.objects.create(
        occurred_at=at, stream="dept.x", sequence=sequence, type="moved", actor={"type": "system"},
        trace_id="t", entity_type="thing", entity_id=uuid4(), entity_version=1, payload={"state": "WAITING"},
    )  # fmt: skip


def rows(sql: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def partition_of(row: OutboxEvent) -> str:
    return rows(f"SELECT tableoid::regclass::text FROM {TABLE} WHERE id = %s", row.id)[0][0]


def refused(sql: str) -> bool:
    try:
        with transaction.atomic():
            rows(sql)
    except IntegrityError as error:
        return "append-only" in str(error)
    return False


ATTACKS = [
    f"UPDATE {TABLE} SET payload = '{{}}'",
    f"UPDATE {TABLE} SET sequence = sequence + 1, attempts = 1",
    f"UPDATE {TABLE} SET occurred_at = occurred_at + interval '1 month'",
    f"DELETE FROM {TABLE}",
    f"TRUNCATE {TABLE}",
]


@pytest.mark.django_db
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("below", ["", "_2026_11"])
def test_what_only_grows_cannot_be_altered_through_its_table_or_a_partition(attack, below):
    row = event()
    assert refused(attack.replace(TABLE, TABLE + below))
    assert OutboxEvent.objects.get(id=row.id).payload == {"state": "WAITING"}


@pytest.mark.django_db
@pytest.mark.parametrize("attack", ATTACKS)
def test_control_without_the_triggers_every_one_of_these_passes(attack):
    event()
    rows(f"ALTER TABLE {TABLE} DISABLE TRIGGER USER")
    for (name,) in rows("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", TABLE):
        rows(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    assert not refused(attack)


@pytest.mark.django_db
def test_the_columns_named_as_changing_may_change():
    row = event()
    OutboxEvent.objects.filter(id=row.id).update(delivered_at=MAY_2031, attempts=2, error="TimeoutError")
    row.refresh_from_db()
    assert (row.delivered_at, row.attempts, row.error) == (MAY_2031, 2, "TimeoutError")


@pytest.mark.django_db
def test_a_column_added_later_is_guarded_too():
    event()
    rows(f"ALTER TABLE {TABLE} ADD COLUMN colour text")
    assert refused(f"UPDATE {TABLE} SET colour = 'red'")


@pytest.mark.django_db
def test_months_to_come_are_made_once():
    made = keep_partitions(MAY_2031)
    months = ["2031_04", "2031_05", "2031_06", "2031_07", "2031_08"]
    assert [name for name in made if name.startswith(TABLE)] == [f"{TABLE}_{month}" for month in months]
    assert any(name.startswith("audit_auditentry") for name in made)
    assert keep_partitions(MAY_2031) == []
    assert keep_partitions(datetime(2031, 12, 31, 23, tzinfo=UTC))[-1].endswith("2032_03")


@pytest.mark.django_db
def test_rows_that_came_before_their_month_are_moved_into_it_unaltered():
    june, far = event(datetime(2031, 6, 15, tzinfo=UTC)), event(datetime(2040, 1, 1, tzinfo=UTC))
    before = OutboxEvent.objects.filter(id=june.id).values().get()
    assert partition_of(june) == f"{TABLE}_default"
    keep_partitions(MAY_2031)
    assert partition_of(june) == f"{TABLE}_2031_06"
    assert partition_of(far) == f"{TABLE}_default"
    assert OutboxEvent.objects.filter(id=june.id).values().get() == before


@pytest.mark.django_db
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("partition", ["_2031_06", "_default"])
def test_a_month_made_later_is_guarded_as_the_first_ones_were(attack, partition):
    event(datetime(2031, 6, 15, tzinfo=UTC))
    event(datetime(2040, 6, 15, tzinfo=UTC))
    keep_partitions(MAY_2031)
    assert refused(attack.replace(TABLE, TABLE + partition))


@pytest.mark.django_db(transaction=True)
def test_two_keepers_at_once_make_every_month_once():
    row = event(datetime(2031, 6, 15, tzinfo=UTC))
    made, errors = at_once(lambda _: keep_partitions(MAY_2031), 4, facility=None)
    names = [name for one in made for name in one]
    try:
        assert errors == []
        assert len(names) == len(set(names)) > 0
        assert partition_of(row) == f"{TABLE}_2031_06"
    finally:
        for name in names:
            rows(f"DROP TABLE IF EXISTS {name}")


@pytest.mark.django_db
def test_the_operations_can_be_taken_back():
    fields = [("id", models.UUIDField(primary_key=True)), ("at", models.DateTimeField()), ("n", models.IntegerField())]
    operations: list[migrations.operations.base.Operation] = [
        CreatePartitioned("Thing", fields, partitioned_by="at"),
        AppendOnly("Thing", changing=("n",)),
        MayChange("Thing", changing=("at",), before=("n",)),
    ]
    states = [ProjectState()]
    for operation in operations:
        states.append(states[-1].clone())
        operation.state_forwards("core", states[-1])
        with connection.schema_editor() as editor:
            operation.database_forwards("core", editor, states[-2], states[-1])
    rows("INSERT INTO core_thing (id, at, n) VALUES (gen_random_uuid(), now(), 1)")
    another_day, another_number = "UPDATE core_thing SET at = at + interval '1 day'", "UPDATE core_thing SET n = n + 1"
    rows(another_day)
    assert refused(another_number)
    for place in (2, 1, 0):
        with connection.schema_editor() as editor:
            operations[place].database_backwards("core", editor, states[place + 1], states[place])
        if place == 2:
            rows(another_number)
            assert refused(another_day)
    assert rows("SELECT 1 FROM pg_class WHERE relname LIKE 'core_thing%%'") == []
    assert rows("SELECT 1 FROM pg_proc WHERE proname LIKE 'core_thing%%'") == []
