"""The chain as pure functions: no database."""

import random
from dataclasses import replace

import pytest

from apps.audit.rules import GENESIS, Anchor, Fault, Link, Verdict, canonical, examine, link_hash

KEY = bytes(range(32))


def chain(length: int = 12, key: bytes = KEY) -> list[Link]:
    links: list[Link] = []
    previous = GENESIS
    for position in range(1, length + 1):
        entry = {"id": f"e{position}", "action": "called", "before": None, "after": '{"state": "CALLED"}'}
        sealed_at = f"{1000 + position}.000000"
        previous = link_hash(key, previous, position, sealed_at, entry)
        links.append(Link(position, sealed_at, previous, f"e{position}", entry))
    return links


def anchor_of(links: list[Link]) -> Anchor:
    return Anchor(links[-1].position, links[-1].hash)


def examined(links: list[Link], anchor: Anchor | None = None) -> tuple[Fault | None, int | None, str | None]:
    verdict = examine(KEY, links, anchor or anchor_of(chain()))
    return verdict.fault, verdict.position, verdict.entry_id


def test_a_whole_chain_is_sound_up_to_its_head():
    links = chain()
    assert examine(KEY, links, anchor_of(links)) == Verdict(12, anchor_of(links))


def test_an_empty_chain_is_sound():
    assert examine(KEY, [], None).sound
    assert examine(KEY, [], Anchor(0, GENESIS)).sound


def test_an_anchor_may_lag_behind():
    assert examine(KEY, chain(), anchor_of(chain(5))).sound


@pytest.mark.parametrize("place", [1, 5, 11, 12])
@pytest.mark.parametrize("column", ["action", "after", "before", "id"])
def test_a_changed_entry_is_named(place, column):
    links = chain()
    link = links[place - 1]
    links[place - 1] = replace(link, entry={**link.entry, column: "altered"})
    assert examined(links) == (Fault.CHANGED, place, f"e{place}")


def test_a_value_taken_away_is_a_change():
    links = chain()
    links[3] = replace(links[3], entry={**links[3].entry, "after": None})
    assert examined(links) == (Fault.CHANGED, 4, "e4")


@pytest.mark.parametrize("place", [1, 5, 12])
def test_a_removed_entry_is_named(place):
    links = chain()
    links[place - 1] = replace(links[place - 1], entry=None)
    assert examined(links) == (Fault.REMOVED, place, f"e{place}")


@pytest.mark.parametrize("place", [1, 5])
def test_a_removed_seal_is_named_by_its_place(place):
    links = chain()
    del links[place - 1]
    assert examined(links) == (Fault.SEAL_MISSING, place, None)


def test_two_rows_that_changed_places_are_named():
    links = chain()
    links[3], links[8] = replace(links[8], position=4), replace(links[3], position=9)
    assert examined(links) == (Fault.REORDERED, 4, "e9")


@pytest.mark.parametrize("place", [1, 5, 12])
def test_a_changed_seal_is_named(place):
    links = chain()
    links[place - 1] = replace(links[place - 1], hash="f" * 64)
    assert examined(links) == (Fault.SEAL_CHANGED, place, f"e{place}")


def test_a_seal_slipped_in_is_named():
    links = chain()
    links.insert(5, replace(links[4], sealed_at="2000.000000"))
    assert examined(links) == (Fault.SEAL_MISPLACED, 5, "e5")


def test_an_entry_added_with_a_forged_seal_is_named():
    links = chain()
    forged = chain(13, key=b"guessed key".ljust(32))[12]
    assert examined([*links, forged]) == (Fault.SEAL_CHANGED, 13, "e13")


@pytest.mark.parametrize("left", [0, 1, 11])
def test_a_cut_tail_shows_against_the_anchor(left):
    assert examined(chain(left)) == (Fault.CUT, left + 1, None)


def test_control_without_the_anchor_a_cut_tail_does_not_show():
    assert examine(KEY, chain(4), anchor_of(chain(4))).sound


def test_a_missing_anchor_is_told():
    assert examine(KEY, chain(), None).fault is Fault.ANCHOR_MISSING


def rewritten(key: bytes) -> list[Link]:
    """The same chain with another sixth entry, and every later seal made to fit."""
    links = chain(key=key)
    previous = links[4].hash
    for place in range(5, 12):
        link = links[place]
        entry = {**link.entry, "action": "altered"} if place == 5 else link.entry
        previous = link_hash(key, previous, link.position, link.sealed_at, entry)
        links[place] = replace(link, entry=entry, hash=previous)
    return links


def test_a_chain_rewritten_by_somebody_who_knows_the_key_shows_against_the_anchor():
    assert examined(rewritten(KEY)) == (Fault.REWRITTEN, 12, "e12")


def test_a_chain_rewritten_by_somebody_who_does_not_shows_at_once():
    links = chain()[:5] + rewritten(b"guessed key".ljust(32))[5:]
    assert examined(links) == (Fault.SEAL_CHANGED, 6, "e6")


def test_rows_are_equal_as_bytes_only_if_they_are_equal():
    chance = random.Random(1)
    pieces = ['"', "\\", ",", ":", "a", "b", "é", "\u2028", "{}", None, ""]
    rows = [{"a": chance.choice(pieces), "b": chance.choice(pieces), "ab": chance.choice(pieces)} for _ in range(500)]
    for left in rows:
        for right in rows[:50]:
            known = {name: value for name, value in left.items() if value is not None}
            other = {name: value for name, value in right.items() if value is not None}
            assert (canonical(left) == canonical(right)) == (known == other)


def test_a_column_added_to_the_table_later_leaves_old_rows_as_they_were():
    assert canonical({"a": "1", "new": None}) == canonical({"a": "1"})
