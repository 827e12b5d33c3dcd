"""What Django's `check --deploy --database default` looks at besides its own list."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

ROLE = """
SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication,
       has_schema_privilege(current_user, 'public', 'CREATE'),
       EXISTS (SELECT FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND pg_has_role(current_user, relowner, 'MEMBER')),
       has_table_privilege(current_user, 'audit_auditentry', 'UPDATE, DELETE, TRUNCATE')
FROM pg_roles WHERE rolname = current_user
"""
TOLD = (
    ("opd.E001", "The role of DATABASE_URL may change roles or go past every rule of the database."),
    ("opd.E002", "The role of DATABASE_URL may make tables."),
    ("opd.E003", "The role of DATABASE_URL owns tables, and so could take their guards away."),
    ("opd.E004", "The role of DATABASE_URL may change what stands in the audit trail."),
)
HINT = "Give DATABASE_OWNER_URL to setup_database, and DATABASE_URL a role of its own without rights; see operations."


@register(Tags.database, deploy=True)
def role_can_do_no_more_than_it_must(databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """The application reads and writes rows. Whoever takes it over shall not rewrite what happened."""
    if "default" not in (databases or []):
        return []
    with connection.cursor() as cursor:
        cursor.execute(ROLE)
        found = cursor.fetchone()
    return [Error(text, HINT, id=code) for (code, text), too_much in zip(TOLD, found, strict=True) if too_much]
