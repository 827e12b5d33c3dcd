"""Members of staff, for signing in and for those who work with their ids."""

from collections.abc import Callable
from uuid import UUID

from apps.accounts.models import ROLE_NAMES, Staff
from apps.accounts.queries.actors import actor_of_staff
from apps.accounts.rules.demo import DEMO_DOMAIN
from apps.core.policy import Actor, Role
from apps.core.queries import one

department_sources: list[Callable[[], list[tuple[UUID, str]]]] = []
"""Tell the departments of the facility in scope as (id, name). Departments stand higher: scheduling adds itself."""


def staff_by_email(email: str) -> Staff | None:
    """Whoever signs in with this address, employed or not."""
    return one(Staff.objects.filter(email=email.lower()))


def staff_actor(email: str, via: str = "") -> Actor:
    """A member of staff as an actor, for tools that act in their place. Raises `Staff.DoesNotExist`."""
    return actor_of_staff(Staff.objects.get(email=email.lower(), is_active=True), via=via)


def staff_names(ids: set[UUID]) -> dict[UUID, str]:
    """Names by id."""
    return dict(Staff.objects.filter(id__in=ids).values_list("id", "name"))


def department_choices() -> list[tuple[UUID, str]]:
    """Departments that somebody may be given to work in."""
    return [choice for source in department_sources for choice in source()]


def demo_accounts() -> list[dict[str, str]]:
    """The demonstration's accounts as {email, role}, in the order of the roles."""
    rows = Staff.objects.filter(email__endswith=f"@{DEMO_DOMAIN}", is_active=True).order_by("email")
    ranked = sorted(rows.values_list("role", "email"), key=lambda row: list(Role).index(Role(row[0])))
    return [{"email": email, "role": str(ROLE_NAMES[Role(role)])} for role, email in ranked]
