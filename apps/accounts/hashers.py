"""How passwords are stored, and how many are hashed at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

from apps.core.errors import Unavailable

AT_ONCE = 2
"""Passwords that one process hashes at the same time: each takes 46 MiB and a core."""

PATIENCE = 5.0
"""Seconds that somebody waits for their turn before they are told to come again."""

_turns = BoundedSemaphore(AT_ONCE)


class StaffPasswordHasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB and three passes on one core: about 100 ms, so that ten people signing in at the
    start of a shift neither wait nor fill the machine's memory. OWASP's least is one pass.

    A flood of sign-ins waits here and is turned away (503), so that the rest of the house goes on.
    """

    time_cost = 3
    memory_cost = 47_104
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turn():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _turn():
            return bool(super().verify(password, encoded))


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Unavailable
    try:
        yield
    finally:
        _turns.release()
