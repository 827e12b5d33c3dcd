"""What other apps may ask of accounts."""

from apps.accounts.models import ROLE_NAMES
from apps.accounts.queries.access import OpenSession, devices_in, devices_of, open_sessions
from apps.accounts.queries.actors import (
    LinkInvalid,
    Recognised,
    actor_again,
    actor_of_credential,
    actor_of_request,
    actor_of_scope,
    actor_of_staff,
    actor_of_ticket,
    actor_of_token,
    actor_of_tracking,
    actors_again,
    link_keys,
    recognise,
    tracking_code,
)
from apps.accounts.queries.checkin import (
    DoorClosed,
    behind_door,
    door_of,
    draw_checkin,
    holder_of_checkin,
    read_checkin,
)
from apps.accounts.queries.facilities import (
    FacilityFacts,
    facilities,
    facility_by_code,
    facility_facts,
    house_name,
)
from apps.accounts.queries.me import me_json
from apps.accounts.queries.rights import others_administer, stand_behind
from apps.accounts.queries.screens import (
    actor_at_board,
    screen_fingerprint,
    screen_of,
    screens_of,
    secret_of_screen,
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
    "ROLE_NAMES",
    "DoorClosed",
    "FacilityFacts",
    "LinkInvalid",
    "OpenSession",
    "Recognised",
    "SecondFactor",
    "actor_again",
    "actor_at_board",
    "actor_of_credential",
    "actor_of_request",
    "actor_of_scope",
    "actor_of_staff",
    "actor_of_ticket",
    "actor_of_token",
    "actor_of_tracking",
    "actors_again",
    "authenticator_of",
    "behind_door",
    "code_of_app",
    "demo_accounts",
    "department_choices",
    "department_sources",
    "devices_in",
    "devices_of",
    "door_of",
    "draw_checkin",
    "facilities",
    "facility_by_code",
    "facility_facts",
    "holder_of_checkin",
    "house_name",
    "link_keys",
    "me_json",
    "open_sessions",
    "others_administer",
    "read_checkin",
    "recognise",
    "screen_fingerprint",
    "screen_of",
    "screens_of",
    "second_factor_of",
    "secret_of_screen",
    "staff_actor",
    "staff_by_email",
    "staff_names",
    "stand_behind",
    "tracking_code",
]
