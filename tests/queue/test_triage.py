"""Which words make a visit urgent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.queue.rules.triage import spoken, urgent_by

PHRASES = ["chest pain", "breathlessness", "सीने में दर्द", "நெஞ்சு வலி"]


@pytest.mark.parametrize(
    "said",
    ["chest pain", "Chest  PAIN!", "sudden chest pain since morning", "सीने में दर्द", "நெஞ்சு வலி உள்ளது"],
)
def test_the_hospital_s_phrases_are_heard_in_what_people_say(said: str):
    assert urgent_by([said], PHRASES)


@pytest.mark.parametrize("said", ["", "chest", "painful chest", "chestpain", "no complaint", "\u200b"])
def test_half_a_phrase_is_no_phrase(said: str):
    assert urgent_by([said], PHRASES) is None


def test_the_first_phrase_of_the_table_names_the_reason():
    assert urgent_by(["breathlessness", "chest pain"], PHRASES) == "chest pain"


def test_an_empty_rule_makes_nobody_urgent():
    assert urgent_by(["anything at all"], ["", "  ", "!!"]) is None


@given(st.text(max_size=60))
def test_comparing_twice_changes_nothing(text: str):
    assert spoken(spoken(text)) == spoken(text)


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_text_at_all_gets_an_answer(symptoms: list[str]):
    assert urgent_by(symptoms, PHRASES) in {None, *PHRASES}
