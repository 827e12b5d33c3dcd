"""The code on a hall's screen: it opens one department's door, for a minute at most, to as many as scan it."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from struct import Struct
from uuid import UUID

STEP = 30
"""Seconds for which a screen shows the same code. A code opens during its own step and the next one: whoever scans it
as it goes has half a minute to follow it, and a photo of it is worth nothing after a minute."""

CLOCKS_APART = 1
"""Steps that the clock of another server of ours may be ahead. What is dated later than this is forged or broken."""

_BODY = Struct(">16sQ")
_SEAL_BYTES = 24
_LENGTH = (_BODY.size + _SEAL_BYTES) * 4 // 3
_SPELLING = re.compile(f"[A-Za-z0-9_-]{{{_LENGTH}}}")


def step_at(now: datetime) -> int:
    """Which step a moment is in, counted from 1970."""
    return int(now.timestamp()) // STEP


def seconds_left(now: datetime) -> int:
    """For how many seconds from now the code of this moment is shown."""
    return STEP - int(now.timestamp()) % STEP


def seal_door(department_id: UUID, step: int, key: str) -> str:
    """The code of a department for one step, as one word for an address."""
    body = _BODY.pack(department_id.bytes, step)
    return base64.urlsafe_b64encode(body + _seal(body, key)).decode()


def unseal_door(word: str, keys: Sequence[str]) -> tuple[UUID, int] | None:
    """The department and the step of a code sealed under any of these keys, or None when it is anything else."""
    if not _SPELLING.fullmatch(word):
        return None
    raw = base64.urlsafe_b64decode(word)
    body, sealed = raw[: _BODY.size], raw[_BODY.size :]
    if not any(hmac.compare_digest(sealed, _seal(body, key)) for key in keys):
        return None
    department, step = _BODY.unpack(body)
    return UUID(bytes=department), step


def is_open(step: int, now: datetime) -> bool:
    """Whether the code of a step still opens."""
    return -1 <= step - step_at(now) <= CLOCKS_APART


def _seal(body: bytes, key: str) -> bytes:
    """192 bits, of a kind of its own: a code of a screen is never taken for a link."""
    return hmac.new(bytes.fromhex(key), b"door\0" + body, hashlib.sha256).digest()[:_SEAL_BYTES]
