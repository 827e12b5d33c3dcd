"""What stands in the tables: to see that a refused request has left everything as it was."""

from django.apps import apps
from django.db import connection

LEFT_OUT = {
    "accounts_credential": "last_seen_at",
    "accounts_staff": "last_login",
}
"""Columns that say when somebody was last here; a request that is refused was made nevertheless."""

BY_BEING_REFUSED = frozenset({"audit_auditentry", "audit_unsealed", "accounts_failedtries", "patients_allowance"})
"""Tables in which a refusal itself is noted."""

Census = dict[str, tuple[int, int]]


def census() -> Census:
    """Every table of ours: how many rows, and a sum over their contents."""
    tables = sorted(
        {model._meta.db_table for model in apps.get_models() if model.__module__.startswith("apps.")} - BY_BEING_REFUSED
    )
    counts = " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(sum(hashtextextended({_contents(table)}, 0)), 0) FROM {table} t"
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(counts)
        return {table: (rows, contents) for table, rows, contents in cursor.fetchall()}


def _contents(table: str) -> str:
    column = LEFT_OUT.get(table)
    return f"(to_jsonb(t) - '{column}')::text" if column else "t::text"


def differences(before: Census, after: Census) -> str:
    """Which tables are not as they were, "" for none."""
    return ", ".join(
        f"{table} ({before[table][0]} → {rows} rows)"
        for table, (rows, _) in after.items()
        if after[table] != before[table]
    )
