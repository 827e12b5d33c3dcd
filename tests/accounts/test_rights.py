"""Whether a change of rights gives somebody more, as a pure question."""

from dataclasses import replace
from uuid import UUID

import pytest

from apps.accounts.rules.rights import Rights, gives_more
from apps.core.policy import Role

GEN, PED = UUID(int=1), UUID(int=2)
NURSE = Rights(Role.NURSE, all_departments=False, department_ids=frozenset({GEN}), is_active=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"role": Role.ADMIN},
        {"role": Role.DOCTOR},
        {"all_departments": True},
        {"department_ids": frozenset({GEN, PED})},
        {"department_ids": frozenset({PED})},
    ],
)
def test_a_role_a_department_or_a_view_more_is_more(changed):
    assert gives_more(NURSE, replace(NURSE, **changed))


@pytest.mark.parametrize("changed", [{"department_ids": frozenset()}, {"is_active": False}, {}])
def test_less_or_the_same_is_not_more(changed):
    assert not gives_more(NURSE, replace(NURSE, **changed))


def test_a_role_that_may_less_is_not_more():
    admin = replace(NURSE, role=Role.ADMIN)
    assert not gives_more(admin, replace(admin, role=Role.RECEPTION))


def test_being_let_in_again_is_more_and_what_somebody_without_access_gets_is_nothing():
    gone = replace(NURSE, is_active=False)
    assert gives_more(gone, NURSE)
    assert not gives_more(NURSE, replace(gone, role=Role.ADMIN))
