"""Counts requests in Redis, and does without when it is away: the queue goes on, and somebody is told.

Sign-in and codes do not rely on this: they are counted in PostgreSQL and closed when that is away.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import cache

from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from prometheus_client import Counter, Gauge
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from opd.limits.rules import Count, at_most

PATIENCE = 0.1
"""Seconds that one step of asking Redis may take; a healthy one answers in a thousandth."""

PAUSE = 5.0
"""Seconds after a failure until one request tries again; meanwhile nobody waits."""

UP = Gauge("opd_rate_limiter_up", "Whether requests are counted (Redis answers).", multiprocess_mode="livemin")
UP.set(1)  # until a process has asked Redis, nothing went uncounted
LIMITED = Counter("opd_rate_limited", "Requests that came too fast and were refused.", ["share"])
log = logging.getLogger("limits")


class Limiter:
    """The counts of one Redis. Every question costs one round trip, and none while Redis is away."""

    def __init__(self, url: str) -> None:
        storage = RedisStorage(
            url,
            key_prefix="opd-limits",
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on to the client as it is
        )
        self._window = SlidingWindowCounterRateLimiter(storage)
        self._trying = threading.Lock()
        self._again_at = 0.0
        self._is_up = True

    def take(self, count: Count) -> float:
        """Count a request; returns 0, or if it is one too many the seconds to wait."""
        return self._ask(count, self._take)

    def wait(self, count: Count) -> float:
        """The same without counting it."""
        return self._ask(count, self._wait)

    def _take(self, item: RateLimitItemPerMinute, whose: str) -> float:
        return 0 if self._window.hit(item, whose) else self._until_free(item, whose)

    def _wait(self, item: RateLimitItemPerMinute, whose: str) -> float:
        return 0 if self._window.test(item, whose) else self._until_free(item, whose)

    def _until_free(self, item: RateLimitItemPerMinute, whose: str) -> float:
        return max(1.0, self._window.get_window_stats(item, whose).reset_time - time.time())

    def _ask(self, count: Count, question: Callable[[RateLimitItemPerMinute, str], float]) -> float:
        """The answer, or 0 while Redis is away: then one request at a time finds out whether it is back."""
        if self._is_up:
            return self._answer(count, question)
        if time.monotonic() < self._again_at or not self._trying.acquire(blocking=False):
            return 0
        try:
            return self._answer(count, question)
        finally:
            self._trying.release()

    def _answer(self, count: Count, question: Callable[[RateLimitItemPerMinute, str], float]) -> float:
        item = RateLimitItemPerMinute(at_most(count.share, settings.RATE_SCALE), namespace=count.share)
        try:
            seconds = question(item, count.whose)
        except (RedisError, OSError) as error:
            self._again_at = time.monotonic() + PAUSE
            self._note(False, type(error).__name__)
            return 0
        self._note(True)
        return seconds

    def _note(self, is_up: bool, why: str = "") -> None:
        if is_up is self._is_up:
            return
        self._is_up = is_up
        UP.set(is_up)
        if is_up:
            log.warning("requests are counted again")
        else:
            log.error("requests are not counted: Redis is away", extra={"error": why})


@cache
def limiter(url: str) -> Limiter:
    """This process's limiter on a Redis."""
    return Limiter(url)
