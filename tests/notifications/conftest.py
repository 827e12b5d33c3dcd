"""Messages of a hospital, and a provider that does what a test wants."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.core.commands import command
from apps.core.policy import Actor, system_actor
from apps.notifications.channels import DeliveryFailed
from apps.notifications.commands import send
from apps.notifications.models import Message
from apps.notifications.rules import Kind, Outgoing
from tests.ward import Ward, open_ward

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
FACILITY = UUID(int=7)


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        yield opened


class Provider:
    """Takes messages; `refusals` are raised first, one per try."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []
        self.refusals: list[Exception] = []
        self.before: Callable[[], Any] = lambda: None

    def deliver(self, message: Outgoing) -> str:
        self.before()
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append(message)
        return f"ref-{len(self.taken)}"


_provider = Provider()


def deliver(message: Outgoing) -> str:
    """The adapter that settings name."""
    return _provider.deliver(message)


@pytest.fixture
def provider(settings: Any) -> Provider:
    settings.CHANNEL_ADAPTERS = {"sms": f"{__name__}.deliver"}
    _provider.__init__()  # type: ignore[misc]
    return _provider


@command
def _say(*, actor: Actor, now: datetime, fail: bool = False, **what: Any) -> UUID | None:
    told = {"kind": Kind.LOGIN_CODE, "recipient": "+919876543210", "text": "Your code is 123456", "language": "en"}
    message_id = send(**told | {"dedupe_key": f"test:{uuid4()}"} | what)
    if fail:
        raise RuntimeError
    return message_id


def say(now: datetime = NOW, **what: Any) -> UUID | None:
    """A command that has something to say."""
    return _say(actor=system_actor("test", FACILITY), now=now, **what)


def message(message_id: UUID | None) -> Message:
    return Message.outgoing.get(id=message_id)


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


__all__ = ["DeliveryFailed"]
