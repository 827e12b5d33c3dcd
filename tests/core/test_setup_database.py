import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from opd.management.commands.setup_database import grant

ROLE = "opd_test_application"
ROW = (
    "INSERT INTO core_outboxevent (id, occurred_at, stream, sequence, type, actor, trace_id, entity_type, entity_id,"
    " entity_version, payload, attempts, error) VALUES (gen_random_uuid(), '2026-11-21', 's', 1, 't', '{}', 't', 'e',"
    " gen_random_uuid(), 1, '{}', 0, '')"
)
ENTRY = (
    "INSERT INTO audit_auditentry (id, at, actor_type, actor_role, actor_via, action, entity_type, entity_id, reason,"
    " trace_id) VALUES (gen_random_uuid(), '2026-11-21', 'system', '', '', 'a', 'e', '1', '', 't')"
)
STREAM = "INSERT INTO core_stream (name, sequence) VALUES ('s', 1)"

ALLOWED = [
    ROW,
    ENTRY,
    STREAM,
    "SELECT * FROM core_outboxevent, audit_auditentry, audit_seal",
    "UPDATE core_outboxevent SET delivered_at = now(), leased_until = NULL, attempts = 1, error = 'x'",
    "UPDATE core_stream SET sequence = 2",
    "DELETE FROM core_stream",
    "DELETE FROM audit_unsealed",
    "SELECT nextval('audit_entry_number')",
]
FORBIDDEN = [
    "UPDATE core_outboxevent SET payload = '{}'",
    "DELETE FROM core_outboxevent",
    "TRUNCATE core_outboxevent",
    "TRUNCATE core_stream",
    "UPDATE audit_auditentry SET reason = 'x'",
    "DELETE FROM audit_auditentry",
    "UPDATE audit_seal SET hash = 'x'",
    "DELETE FROM audit_seal",
    "UPDATE encounters_signednote SET content = ''",
    "DELETE FROM encounters_signednote",
    "TRUNCATE encounters_signednote CASCADE",
    "ALTER TABLE encounters_signednote DISABLE TRIGGER USER",
    "UPDATE encounters_noteversion SET content = ''",
    "DELETE FROM encounters_addendum",
    "UPDATE encounters_prescription SET content = ''",
    "DELETE FROM audit_seal_2026_11",
    "INSERT INTO audit_seal_2026_11 SELECT * FROM audit_seal",
    "ALTER TABLE audit_auditentry DISABLE TRIGGER USER",
    "DROP TABLE audit_seal",
    "CREATE TABLE something (id int)",
    "SET session_replication_role = replica",
    "SELECT setval('audit_entry_number', 1)",
]


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def application(db):
    """A session of the application's role, in a transaction that is rolled back with the role in it."""
    run(f"CREATE ROLE {ROLE}")
    with connection.cursor() as cursor:
        grant(cursor, ROLE)
        grant(cursor, ROLE)
    run(ROW)
    run(ENTRY)
    run(f"SET LOCAL ROLE {ROLE}")


@pytest.mark.parametrize("statement", ALLOWED)
def test_the_application_may_do_what_it_needs(application, statement):
    run(statement)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_may_not_alter_what_only_grows_nor_any_table(application, statement):
    with pytest.raises(DatabaseError) as refused:
        run(statement)
    assert "permission denied" in str(refused.value) or "must be owner" in str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_setting_up_twice_is_setting_up_once():
    call_command("setup_database", verbosity=0)
    call_command("setup_database", verbosity=0)
