"""What makes a request repeatable: the answer to it is kept under its key, and whoever repeats it gets that answer."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from apps.core.crypto import decrypt
from apps.core.errors import Conflict, DomainError, sentence
from apps.core.models import IdempotencyKey
from apps.core.policy import Actor
from apps.core.statements import kept_cursor

Answer = dict[str, Any]


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    detail = sentence("This idempotency key was already used for a different request.")


class InFlight(Conflict):
    code = "in_flight"
    detail = sentence("The same request is still being worked on. Ask again in a moment.")


@dataclass(frozen=True, slots=True)
class Once:
    """What makes a request repeatable: its key, the route it came by and a fingerprint of its body."""

    key: str
    route: str
    fingerprint: str

    @classmethod
    def of(cls, key: str, route: str, body: Any) -> "Once":
        """From a decoded JSON body; the order of its keys does not matter."""
        canonical = json.dumps(body, sort_keys=True, cls=DjangoJSONEncoder)
        return cls(key, route, hashlib.sha256(canonical.encode()).hexdigest())


def kept_answer(actor: Actor, once: Once) -> Answer | None:
    """The stored answer of a repeat. Locks the key until the transaction ends, so that a twin is told to wait.

    Raises `KeyReused` (other body) and `InFlight` (the first is still running). The statement sees what was so when it
    began and may get the lock when a twin has just ended: who is refused then asks `is_answered`.
    """
    scope = _scope(actor, once)
    with kept_cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)), k.fingerprint, k.answer"
            " FROM (SELECT 1) AS one LEFT JOIN core_idempotencykey k ON k.scope = %s AND k.key = %s",
            [f"{scope} {once.key}", scope, once.key],
        )
        mine, fingerprint, sealed = cursor.fetchone()
    if fingerprint is None:
        if not mine:
            raise InFlight
        return None
    if fingerprint != once.fingerprint:
        raise KeyReused
    answer: Answer = json.loads(decrypt(sealed, "core.idempotencykey.answer"))
    return answer


def is_answered(actor: Actor, once: Once) -> bool:
    """Whether there is an answer under this key by now."""
    return IdempotencyKey.objects.filter(scope=_scope(actor, once), key=once.key).exists()


def to_keep(actor: Actor, once: Once, answer: Answer, now: datetime) -> IdempotencyKey:
    """The row that keeps an answer, sealed; not written yet."""
    return IdempotencyKey(
        scope=_scope(actor, once),
        key=once.key,
        fingerprint=once.fingerprint,
        answer=json.dumps(answer, cls=DjangoJSONEncoder),
        created_at=now,
    )


def _scope(actor: Actor, once: Once) -> str:
    """Whose key it is. A role is part of it: who has become something else is told nothing of what they once saw."""
    return f"{actor.type}{actor.role or ''}:{actor.id or actor.credential_id or actor.name}:{once.route}"[:200]
