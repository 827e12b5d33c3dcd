"""Pages of accounts: at the door, on the way in, and one's own access."""

from apps.accounts.views.doors import demo_context, house, login, login_staff, logout
from apps.accounts.views.own import (
    account,
    end_other_sessions,
    end_session,
    forget_device,
    password,
    recovery_codes,
    remove_factor,
    second_factor,
)
from apps.accounts.views.provider import from_provider, to_provider
from apps.accounts.views.way_in import enrol, enter_code

__all__ = [
    "account",
    "demo_context",
    "end_other_sessions",
    "end_session",
    "enrol",
    "enter_code",
    "forget_device",
    "from_provider",
    "house",
    "login",
    "login_staff",
    "logout",
    "password",
    "recovery_codes",
    "remove_factor",
    "second_factor",
    "to_provider",
]
