"""What the tests of live screens stand on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from apps.live.hub import Hub, here
from tests.live.clients import PATIENCE, done, listeners
from tests.live.house import House, open_house


@pytest.fixture
def house(transactional_db: None, settings: Any) -> House:
    """A facility with two departments, and views of them."""
    settings.LIVE_VIEWS = "tests.live.house.VIEWS"
    return open_house()


@pytest.fixture(autouse=True)
def limits_as_they_are(settings: Any) -> None:
    """Here limits are tested."""
    settings.RATE_SCALE = 1.0


@pytest.fixture
async def hub(house: House) -> AsyncIterator[Hub]:
    """The hub of the test's own event loop, ended with it: PostgreSQL too has forgotten its connection."""
    hub = here()
    yield hub
    await hub.stop()
    async with asyncio.timeout(PATIENCE):
        while await done(listeners):
            pass
    await sync_to_async(connections.close_all)()  # Channels' test client leaves it open in its thread
