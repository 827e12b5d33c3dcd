"""What somebody's second factor is, for signing in and for their own pages."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django_otp.plugins.otp_static.models import StaticToken

from apps.accounts.models import Authenticator, Staff
from apps.accounts.rules.second_factor import DIGITS, ENFORCED
from apps.core.policy import Role


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Since when somebody has an authenticator app (None: never), how many recovery codes are left, and whether
    their role may go without."""

    since: datetime | None
    recovery_codes: int
    is_enforced: bool


def authenticator_of(staff_id: UUID) -> Authenticator | None:
    """Somebody's authenticator, or None."""
    return Authenticator.objects.filter(user_id=staff_id, confirmed=True).first()


def second_factor_of(staff: Staff) -> SecondFactor:
    """How somebody's second factor stands."""
    app = authenticator_of(staff.id)
    left = StaticToken.objects.filter(device__user=staff).count() if app else 0
    return SecondFactor(app and app.created_at, left, Role(staff.role) in ENFORCED)


def code_of_app(app: Authenticator, now: datetime) -> str:
    """The next code that an app's owner can use: the present one, or the one after it when that is used up."""
    clock = app.clock(now)
    if clock.t() <= app.last_t:
        clock.drift += 1
    return f"{clock.token():0{DIGITS}}"
