"""Whoever loses their access while a socket is open loses the socket too, within five seconds."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.commands import change_password, sign_out
from apps.accounts.models import Credential, Staff
from apps.accounts.queries.actors import actor_of_credential
from apps.core.policy import Actor, Role
from tests.factories import PASSWORD
from tests.live.clients import DOCTOR, done, open_socket
from tests.live.house import NAMES, House, department

pytestmark = pytest.mark.usefixtures("hub")

NEW_PASSWORD = "malai-nila-velicham"


def _elsewhere(house: House) -> Actor:
    """Meera at another machine."""
    credential = Credential.objects.select_related("staff").latest("issued_at")
    return actor_of_credential(credential)


def change_the_password(house: House) -> None:
    house.cookie()  # from another browser, so that the session of the socket is one of the others
    change_password(actor=_elsewhere(house), now=timezone.now(), current=PASSWORD, new=NEW_PASSWORD)


def leave(house: House) -> None:
    Staff.objects.filter(id=house.meera.id).update(is_active=False)


def be_away_too_long(house: House) -> None:
    long_ago = timezone.now() - timedelta(hours=13)
    Credential.objects.update(issued_at=long_ago, expires_at=long_ago + timedelta(hours=12))


def sit_idle(house: House) -> None:
    Credential.objects.update(last_seen_at=timezone.now() - timedelta(minutes=31))


def sign_out_elsewhere(house: House) -> None:
    sign_out(actor=_elsewhere(house), now=timezone.now())


ENDS = [change_the_password, leave, be_away_too_long, sit_idle, sign_out_elsewhere]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_a_socket_ends_with_the_access_of_its_holder(house, hub, end: Callable[[House], None]):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        await done(end, house)
        ended = hub.loop.time()
        assert await client.closed() == 4401
        assert hub.loop.time() - ended < 5


async def test_a_role_of_one_department_ends_what_is_followed_of_another(house, hub):
    async with open_socket(DOCTOR, await done(house.cookie)) as client:
        await client.subscribe(house.dept)
        elsewhere = [department(house.facility.id, NAMES[1])]
        rows = Staff.objects.filter(id=house.meera.id)
        await done(rows.update, role=Role.DOCTOR, all_departments=False, department_ids=elsewhere)
        ended = hub.loop.time()
        assert await client.closed() == 4403
        assert hub.loop.time() - ended < 5
