"""What `make test` draws of all that could be tried passes over no place and no value, and can be another one."""

import pytest

from tests import proving
from tests.proving import dealt, some


@pytest.mark.parametrize(("places", "values", "each"), [(3, 10, 1), (10, 3, 1), (7, 7, 2), (1, 5, 1), (40, 13, 3)])
def test_every_place_gets_its_hand_and_every_value_is_dealt(places: int, values: int, each: int):
    hands = list(dealt(range(places), range(values), each, prove=False))
    assert [place for place, _ in hands] == list(range(places))
    assert all(len(hand) == len(set(hand)) >= min(each, values) for _, hand in hands)
    assert {value for _, hand in hands for value in hand} == set(range(values))


def test_no_more_is_dealt_than_the_pack_takes_or_each_is_to_have():
    assert sum(len(hand) for _, hand in dealt(range(136), range(13), 1, prove=False)) == 136
    assert sum(len(hand) for _, hand in dealt(range(10), range(66), 1, prove=False)) == 70


def test_to_prove_it_everything_is_tried_everywhere():
    assert list(dealt("ab", [1, 2, 3], 1, prove=True)) == [("a", [1, 2, 3]), ("b", [1, 2, 3])]
    assert some([1, 2, 3], 1, prove=True) == [1, 2, 3]


def test_the_draw_is_always_the_same_and_another_one_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch):
    def drawn(draw: int) -> object:
        monkeypatch.setattr(proving, "DRAW", str(draw))
        return list(dealt(range(20), range(20), 2, prove=False)), some(range(100), 3, prove=False)

    assert drawn(1) == drawn(1)
    assert len({str(drawn(seed)) for seed in range(5)}) == 5


def test_nothing_to_deal_is_no_hand():
    assert list(dealt([], [1], 1, prove=False)) == []
    assert list(dealt(["a"], [], 1, prove=False)) == [("a", [])]
