"""Valkey comes back after a kill with what it held, and without it where that cannot be read."""

import json
import os
import signal
from collections.abc import Callable

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from opd.local.environment import own_addresses
from opd.local.processes import Supervisor
from opd.local.servers import House, start_valkey

NO_RETRY = Retry(NoBackoff(), 0)
Eventually = Callable[[Supervisor, Callable[[], bool]], None]


@pytest.fixture
def client(house: House) -> redis.Redis:
    """A client of the house's Valkey."""
    return connect(house)


def connect(house: House) -> redis.Redis:
    """Start Valkey and connect to it."""
    start_valkey(house)
    return redis.Redis.from_url(own_addresses(house.home, house.secrets)["REDIS_URL"], retry=NO_RETRY)


def answers(client: redis.Redis) -> bool:
    """Whether it takes a command."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def kill(house: House) -> None:
    """kill -9 the server."""
    os.kill(json.loads((house.home / "processes.json").read_text())["valkey"]["pid"], signal.SIGKILL)


def test_a_killed_server_is_back_soon_with_what_it_held(
    house: House, client: redis.Redis, eventually: Eventually
) -> None:
    client.rpush("work", "one", "two")
    kill(house)
    eventually(house.supervisor, lambda: house.supervisor.falls("valkey") == 1 and answers(client))
    assert client.lrange("work", 0, -1) == [b"one", b"two"]


def test_it_keeps_what_was_put_in_and_lets_no_stranger_in(client: redis.Redis) -> None:
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    port = client.connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port, retry=NO_RETRY) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_data_that_cannot_be_read_is_set_aside(
    house: House, next_house: House, client: redis.Redis, capfd: pytest.CaptureFixture[str]
) -> None:
    house.supervisor.stop({"valkey"})
    for path in (house.home / "valkey" / "appendonlydir").iterdir():
        path.write_text("rubbish")
    assert answers(connect(next_house))
    assert "Valkey cannot read its data" in capfd.readouterr().out
