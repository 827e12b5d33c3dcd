"""Those who are here when their doctor is called away are spread evenly."""

from hypothesis import given
from hypothesis import strategies as st

from apps.queue.rules.spreading import spread


def test_each_goes_to_the_doctor_for_whom_the_fewest_wait_by_then():
    assert spread(["a", "b", "c"], {"nair": 2, "khan": 1}) == {"a": "khan", "b": "nair", "c": "khan"}


def test_without_anybody_at_work_all_are_for_whoever_is_free():
    assert spread(["a", "b"], {}) == {"a": None, "b": None}


@given(st.integers(0, 40), st.dictionaries(st.text(max_size=2), st.integers(0, 20), min_size=1, max_size=6))
def test_nobody_is_left_out_and_no_line_grows_while_another_is_shorter(people: int, load: dict[str, int]):
    found = spread(range(people), load)
    assert list(found) == list(range(people))
    lines = {doctor: load[doctor] + list(found.values()).count(doctor) for doctor in load}
    grown = [lines[doctor] for doctor in load if lines[doctor] > load[doctor]]
    assert not grown or max(grown) <= min(lines.values()) + 1
