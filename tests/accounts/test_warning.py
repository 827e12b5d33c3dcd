"""Staff hear by e-mail of what happens to their account."""

from typing import Any

import pytest
from django.utils import timezone, translation

from apps.accounts import commands
from apps.accounts.commands import DeviceWaits
from apps.accounts.models import Staff
from apps.accounts.queries import actor_of_staff
from apps.core.policy import Role
from apps.notifications.models import Message
from apps.notifications.rules import Kind
from tests.accounts.test_devices import sign_in
from tests.factories import PASSWORD, StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_mail(settings: Any) -> None:
    settings.CHANNEL_ADAPTERS |= {"email": settings.CHANNEL_ADAPTERS["sms"]}


def told() -> list[Message]:
    return list(Message.outgoing.filter(kind=Kind.SECURITY))


def change_password(meera: Staff) -> None:
    now = timezone.now()
    here = sign_in(meera)
    actor = actor_of_staff(meera, credential_id=here.credential.id)
    commands.change_password(actor=actor, now=now, current=PASSWORD, new="mazhai-varum-neram")


def test_of_a_changed_password(settings: Any):
    meera = StaffFactory(role=Role.RECEPTION)
    change_password(meera)
    (message,) = told()
    assert (message.recipient, message.channel) == (meera.email, "email")
    assert "password of your account was changed" in message.text
    assert "mazhai" not in message.text


def test_of_a_new_device_once_for_each(settings: Any):
    settings.DEVICE_APPROVAL = True
    meera = StaffFactory(role=Role.RECEPTION)
    for _ in range(2):
        with pytest.raises(DeviceWaits):
            sign_in(meera)
    assert [message.recipient for message in told()] == [meera.email]


def test_a_hospital_without_e_mail_writes_none(settings: Any):
    settings.CHANNEL_ADAPTERS = {"sms": settings.CHANNEL_ADAPTERS["sms"]}
    meera = StaffFactory(role=Role.RECEPTION)
    change_password(meera)
    assert told() == []


def test_in_the_houses_language_whatever_whoever_acts_reads():
    meera = StaffFactory(role=Role.RECEPTION)
    with translation.override("hi"):
        change_password(meera)
    (message,) = told()
    assert "password of your account was changed" in message.text
    assert message.language == "en"
