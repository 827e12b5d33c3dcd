"""Whether the house stands: for balancers, orchestrators and whoever is called at night."""

from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from apps.core.policy import PUBLIC
from apps.core.views import page

REDIS_PATIENCE = 0.5
"""Seconds. Redis may be gone, and then nobody waits for it."""


@page(policy=PUBLIC)
def live(request: HttpRequest) -> JsonResponse:
    """This process answers. Asks nothing of anybody else."""
    return _answer(True)


@page(policy=PUBLIC)
def ready(request: HttpRequest) -> JsonResponse:
    """Requests can be served: PostgreSQL is there. Redis is reported; without it screens poll."""
    database = _database_answers()
    return _answer(database, database=database, redis=_redis_answers())


@page(policy=PUBLIC)
def startup(request: HttpRequest) -> JsonResponse:
    """The database is there and has the tables that this version needs."""
    migrated = _database_answers() and _is_migrated()
    return _answer(migrated, migrated=migrated)


def _answer(well: bool, **parts: bool) -> JsonResponse:
    body: dict[str, Any] = {"status": "ok" if well else "unavailable"}
    body |= {name: "ok" if is_well else "unavailable" for name, is_well in parts.items()}
    return JsonResponse(body, status=200 if well else 503, headers={"Cache-Control": "no-store"})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(_redis().ping())
    except (redis.RedisError, OSError):
        return False


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE
    )


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
