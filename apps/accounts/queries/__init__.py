"""What other apps may ask of accounts."""

from apps.accounts.queries.actors import (
    LinkInvalid,
    Recognised,
    actor_again,
    actor_of_checkin,
    actor_of_request,
    actor_of_scope,
    actor_of_staff,
    actor_of_ticket,
    actor_of_token,
    actor_of_tracking,
    actors_again,
    recognise,
    tracking_code,
)
from apps.accounts.queries.facilities import (
    FacilityFacts,
    facilities,
    facility_by_code,
    facility_facts,
    house_name,
)
from apps.accounts.queries.second_factor import SecondFactor, authenticator_of, code_of_app, second_factor_of
from apps.accounts.queries.staff import (
    demo_accounts,
    department_choices,
    department_sources,
    staff_actor,
    staff_by_email,
    staff_names,
)

__all__ = [
    "FacilityFacts",
    "LinkInvalid",
    "Recognised",
    "SecondFactor",
    "actor_again",
    "actor_of_checkin",
    "actor_of_request",
    "actor_of_scope",
    "actor_of_staff",
    "actor_of_ticket",
    "actor_of_token",
    "actor_of_tracking",
    "actors_again",
    "authenticator_of",
    "code_of_app",
    "demo_accounts",
    "department_choices",
    "department_sources",
    "facilities",
    "facility_by_code",
    "facility_facts",
    "house_name",
    "recognise",
    "second_factor_of",
    "staff_actor",
    "staff_by_email",
    "staff_names",
    "tracking_code",
]
