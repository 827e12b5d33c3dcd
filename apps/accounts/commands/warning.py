"""Staff hear by e-mail of what happens to their account, in case it was somebody else (requirements ACC-1, ACC-5)."""

from uuid import uuid4

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from apps.accounts.models import Staff
from apps.accounts.queries.facilities import facility_facts
from apps.core.commands import step
from apps.core.errors import sentence
from apps.core.languages import named
from apps.notifications.commands import send
from apps.notifications.queries import offers
from apps.notifications.rules import Channel, Kind

PASSWORD_CHANGED = sentence(
    "{hospital}: the password of your account was changed. If it was not you, tell your administrator now."
)
NEW_DEVICE = sentence(
    "{hospital}: somebody with your password wants to sign in on a new device, number {number}. If it is not you, tell"
    " your administrator now and change your password."
)
CODE_APP_RESET = sentence(
    "{hospital}: an administrator has taken the code app off your account. If you did not ask for it, tell them now."
)


@step
def warn(staff: Staff, saying: str, **words: str) -> None:
    """Leave an e-mail to somebody of the staff, where the hospital sends any. It holds no code and no link, and is in
    the house's language: who acts may read another."""
    if staff.facility_id is None or not offers(Channel.EMAIL):
        return
    with translation.override(settings.LANGUAGE_CODE):
        text = gettext(saying).format(hospital=named(facility_facts(staff.facility_id)), **words)
    send(
        kind=Kind.SECURITY,
        channel=Channel.EMAIL,
        recipient=staff.email,
        text=text,
        dedupe_key=f"security:{uuid4()}",
        language=settings.LANGUAGE_CODE,
        facility_id=staff.facility_id,
        urgent=True,
    )
