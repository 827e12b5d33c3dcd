"""Writes of accounts: signing in and out, people and facilities, and credentials as steps for other apps."""

from apps.accounts.commands.credentials import (
    LinkExpired,
    LinkUsed,
    issue_checkin_link,
    issue_restore,
    issue_tracking,
    revoke,
    revoke_links_to,
    rotate,
    use_checkin_link,
)
from apps.accounts.commands.people import EmailTaken, open_facility, register_staff, serve_departments
from apps.accounts.commands.signing_in import (
    RefreshRefused,
    SignedIn,
    SignInLocked,
    SignInRefused,
    change_password,
    encode_password,
    refresh,
    seen,
    sign_in_staff,
    sign_out,
)
from apps.accounts.commands.upkeep import forget_old

__all__ = [
    "EmailTaken",
    "LinkExpired",
    "LinkUsed",
    "RefreshRefused",
    "SignInLocked",
    "SignInRefused",
    "SignedIn",
    "change_password",
    "encode_password",
    "forget_old",
    "issue_checkin_link",
    "issue_restore",
    "issue_tracking",
    "open_facility",
    "refresh",
    "register_staff",
    "revoke",
    "revoke_links_to",
    "rotate",
    "seen",
    "serve_departments",
    "sign_in_staff",
    "sign_out",
    "use_checkin_link",
]
