"""The hash chain, as pure functions: what is hashed, how links follow each other, and what is wrong with a chain.

Every link is HMAC-SHA256, under a key that the database does not know, over the link before it, its own position
and time, and every column of its entry. Changing, taking away, adding or moving anything breaks it from there on;
a cut tail or a chain made anew shows against the anchor, which stands outside the database.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

Values = Mapping[str, str | None]
"""A row's columns as the database spells them; times as seconds since 1970."""

GENESIS = "0" * 64
"""What the first link follows."""


class Fault(StrEnum):
    """What can be wrong with a chain."""

    CHANGED = "changed"
    REMOVED = "removed"
    REORDERED = "reordered"
    SEAL_CHANGED = "seal changed"
    SEAL_MISSING = "seal missing"
    SEAL_MISPLACED = "seal out of place"
    CUT = "tail cut off"
    REWRITTEN = "rewritten"
    UNSEALED = "unsealed"
    ANCHOR_MISSING = "anchor missing"


@dataclass(frozen=True, slots=True)
class Link:
    """A seal beside the entry it is for; `entry` is None when there is no such entry any more."""

    position: int
    sealed_at: str
    hash: str
    entry_id: str
    entry: Values | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was known outside the database: the chain had this hash at this position."""

    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination found: how many links stand, and the first wrong row with what is wrong with it."""

    links: int
    head: Anchor
    fault: Fault | None = None
    position: int | None = None
    entry_id: str | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None


def canonical(values: Values) -> bytes:
    """A row as bytes that are equal only for equal rows. Empty columns are left out, so that a column added
    to the table later leaves the old rows' bytes as they were."""
    present = {name: value for name, value in values.items() if value is not None}
    return json.dumps(present, sort_keys=True, separators=(",", ":")).encode()


def link_hash(key: bytes, previous: str, position: int, sealed_at: str, entry: Values) -> str:
    """The hash of a link (64 hexadecimal digits) that follows the one with hash `previous`."""
    head = f"{previous} {position} {sealed_at} ".encode()
    return hmac.digest(key, head + canonical(entry), "sha256").hex()


def examine(key: bytes, links: Iterable[Link], anchor: Anchor | None) -> Verdict:
    """Walk a chain from its first link and stop at the first wrong one; then hold it against the anchor."""
    head, anchored = Anchor(0, GENESIS), anchor is None or anchor.position == 0
    rest = iter(links)
    for link in rest:
        if wrong := _wrong(key, head, link, rest, anchor):
            return wrong
        head = Anchor(link.position, link.hash)
        if anchor and anchor.position == link.position:
            if anchor.hash != link.hash:
                return Verdict(head.position, head, Fault.REWRITTEN, link.position, link.entry_id)
            anchored = True
    if not anchored:
        return Verdict(head.position, head, Fault.CUT, head.position + 1)
    if anchor is None and head.position:
        return Verdict(head.position, head, Fault.ANCHOR_MISSING)
    return Verdict(head.position, head)


def _wrong(key: bytes, head: Anchor, link: Link, rest: Iterator[Link], anchor: Anchor | None) -> Verdict | None:
    """What is wrong with the link after `head`, if anything; only then is `rest` read on."""
    place = head.position + 1
    if link.position > place:
        return Verdict(head.position, head, Fault.SEAL_MISSING, place)
    if link.position < place:
        return Verdict(head.position, head, Fault.SEAL_MISPLACED, link.position, link.entry_id)
    if link.entry is None:
        return Verdict(head.position, head, Fault.REMOVED, place, link.entry_id)
    if _follows(key, head.hash, place, link):
        return None
    return Verdict(head.position, head, _blame(key, head, link, list(rest), anchor), place, link.entry_id)


def _follows(key: bytes, previous: str, position: int, link: Link) -> bool:
    if link.entry is None:
        return False
    return hmac.compare_digest(link.hash, link_hash(key, previous, position, link.sealed_at, link.entry))


def _blame(key: bytes, head: Anchor, wrong: Link, following: list[Link], anchor: Anchor | None) -> Fault:
    """Why a hash does not fit: the link that belongs here stands further on; or others vouch for this hash (the
    next link, the anchor), so that the row is what was altered; or the seal itself was."""
    if any(_follows(key, head.hash, wrong.position, link) for link in following):
        return Fault.REORDERED
    vouched = following and _follows(key, wrong.hash, wrong.position + 1, following[0])
    return Fault.CHANGED if vouched or anchor == Anchor(wrong.position, wrong.hash) else Fault.SEAL_CHANGED
