"""The role that the application signs in as can do no more than it must."""

import pytest
from django.db import connection

from opd.checks import TOLD, role_can_do_no_more_than_it_must
from opd.management.commands.setup_database import grant

ROLE = "opd_test_checked"


def as_role(*more: str) -> list[str]:
    """What is found of a role that got its rights from us, and then some more."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        grant(cursor, ROLE)
        for statement in more:
            cursor.execute(statement)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        found = role_can_do_no_more_than_it_must(["default"])
        cursor.execute("RESET ROLE")
    return [fault.id for fault in found]


@pytest.mark.django_db
def test_the_rights_that_we_give_are_not_too_many():
    assert as_role() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (f"ALTER ROLE {ROLE} CREATEROLE", "opd.E001"),
        (f"GRANT CREATE ON SCHEMA public TO {ROLE}", "opd.E002"),
        (f"ALTER TABLE core_stream OWNER TO {ROLE}", "opd.E003"),
        (f"GRANT DELETE ON audit_auditentry TO {ROLE}", "opd.E004"),
    ],
)
def test_each_right_too_many_is_found(more, fault):
    assert as_role(more) == [fault]


@pytest.mark.django_db
def test_a_superuser_has_them_all_and_the_database_is_asked_only_where_it_is_named():
    assert [fault.id for fault in role_can_do_no_more_than_it_must(["default"])] == [code for code, _text in TOLD]
    assert role_can_do_no_more_than_it_must() == []
