"""How a medicine is taken, told in full."""

import pytest

from apps.encounters.rules.taking import amounts, in_full


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        ("1-0-1", ("1", "0", "1")),
        (" 1 – 1 - ½ ", ("1", "1", "½")),
        ("1/2-0-1½", ("1/2", "0", "1½")),
        ("10-0-10", ("10", "0", "10")),
        ("1-1-1-1", ("1", "1", "1", "1")),
        ("1-0", ()),
        ("once a day", ()),
        ("100-0-1", ()),
        ("", ()),
    ],
)
def test_how_much_at_each_time_of_the_day(frequency: str, expected: tuple[str, ...]) -> None:
    assert amounts(frequency) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BD", "twice a day"),
        ("t.d.s.", "three times a day"),
        ("prn", "only when needed"),
        ("Rub in", "rub it in"),
        ("After food", "after food"),
        ("after food.", "after food"),
        ("with a sip of milk", ""),
        ("", ""),
    ],
)
def test_what_is_written_in_short_is_told_in_full(text: str, expected: str) -> None:
    assert in_full(text) == expected
