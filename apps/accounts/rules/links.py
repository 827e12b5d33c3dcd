"""Links that carry their own proof: ids and times under a keyed seal, nothing about a person."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import Struct
from uuid import UUID

from apps.accounts.rules.credentials import CODE_ALPHABET, CODE_LENGTH, CredentialKind

_BODY = Struct(">16s16sQQ")
_SEAL_BYTES = 24
TOKEN_LENGTH = (_BODY.size + _SEAL_BYTES) * 4 // 3
"""Characters of a sealed token. A multiple of four, so that base64 has no spare bits to play with."""

_SPELLING = re.compile(f"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class SignedLink:
    """What a link says: which credential it stands for, what it is about (a visit, a department), and when."""

    kind: CredentialKind
    credential_id: UUID
    subject_id: UUID
    issued_at: datetime
    expires_at: datetime


def seal(link: SignedLink, key: str) -> str:
    """A link as one word for an address: 72 bytes in base64url. Times keep whole seconds, in UTC."""
    body = _BODY.pack(
        link.credential_id.bytes,
        link.subject_id.bytes,
        int(link.issued_at.timestamp()),
        int(link.expires_at.timestamp()),
    )
    return base64.urlsafe_b64encode(body + _seal(body, link.kind, key)).decode()


def unseal(token: str, kind: CredentialKind, keys: Sequence[str]) -> SignedLink | None:
    """The link in a token sealed under any of these keys, or None when it is anything else.

    Says nothing about time: ask `is_live` of its credential.
    """
    if not _SPELLING.fullmatch(token):
        return None
    raw = base64.urlsafe_b64decode(token)
    body, sealed = raw[: _BODY.size], raw[_BODY.size :]
    if not any(hmac.compare_digest(sealed, _seal(body, kind, key)) for key in keys):
        return None
    credential, subject, issued, expires = _BODY.unpack(body)
    return SignedLink(
        kind,
        UUID(bytes=credential),
        UUID(bytes=subject),
        datetime.fromtimestamp(issued, UTC),
        datetime.fromtimestamp(expires, UTC),
    )


def _seal(body: bytes, kind: CredentialKind, key: str) -> bytes:
    """192 bits. The kind is sealed too: a tracking link is never taken for a check-in link."""
    return hmac.new(bytes.fromhex(key), kind.encode() + b"\0" + body, hashlib.sha256).digest()[:_SEAL_BYTES]


def short_code(credential_id: UUID, key: str) -> str:
    """The short code of a link, for slips and messages.

    Made from the id of the link's row under the key, so that a slip can be printed again although the table
    keeps only the code's fingerprint: whoever has a copy of the table alone learns no code.
    """
    return derived_code(b"code\0" + credential_id.bytes, CODE_LENGTH, key)


def derived_code(source: bytes, length: int, key: str) -> str:
    """A short code that follows from what it stands for, under the key alone."""
    number, code = int.from_bytes(hmac.new(bytes.fromhex(key), source, hashlib.sha256).digest(), "big"), ""
    for _ in range(length):
        number, letter = divmod(number, len(CODE_ALPHABET))
        code += CODE_ALPHABET[letter]
    return code
