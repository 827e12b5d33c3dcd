"""Whether the house says truly how it is."""

import pytest
from django.db import connection
from django.test import Client

from opd import health


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/health/startup"])
@pytest.mark.django_db
def test_a_house_that_stands_says_so_to_anybody(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer["Cache-Control"] == "no-store"


@pytest.fixture
def without_redis(settings):
    """Nothing listens where Redis should be."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    health._redis.cache_clear()
    yield
    health._redis.cache_clear()


@pytest.mark.django_db
def test_a_house_without_redis_is_ready_and_says_what_is_missing(client: Client, without_redis):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "redis": "unavailable"})


@pytest.mark.django_db
def test_a_house_without_its_tables_has_not_started(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts'")
    assert client.get("/health/startup").status_code == 503
    assert client.get("/health/ready").status_code == 200
