"""Numbers are given, and given back only as void."""

from datetime import date
from uuid import UUID

from apps.core.commands import collect, step, unit
from apps.core.statements import kept_cursor
from apps.scheduling.models import Department, Token


@step
def issue_token(*, department: Department, patient_id: UUID, day: date) -> Token:
    """Give the next number of a department and day. The counter's row stays locked until the command ends."""
    with kept_cursor() as cursor:
        cursor.execute(
            "INSERT INTO scheduling_tokencounter AS c (department_id, day, last) VALUES (%s, %s, 1)"
            " ON CONFLICT (department_id, day) DO UPDATE SET last = c.last + 1 RETURNING last",
            [department.id, day],
        )
        (number,) = cursor.fetchone()
    token = Token(
        facility_id=department.facility_id,
        department_id=department.id,
        patient_id=patient_id,
        day=day,
        number=number,
        code=department.code,
        letter=department.letter,
        issued_at=unit().now,
    )
    collect(token)
    return token


@step
def void_token(token: Token) -> None:
    """Note that nobody uses a number any more. Its row stays: every number up to the counter has one."""
    with kept_cursor() as cursor:
        cursor.execute(
            "UPDATE scheduling_token SET voided_at = %s WHERE id = %s AND voided_at IS NULL", [unit().now, token.id]
        )
