"""What a token is called."""

from apps.scheduling.rules import LETTERS, free_letter


def test_a_department_without_a_letter_gets_the_first_of_its_code_that_is_free_and_readable():
    assert free_letter("ORT", set()) == "R"
    assert free_letter("ORT", {"R"}) == "T"
    assert free_letter("ORT", {"R", "T"}) == "A"
    assert free_letter("ORT", set(LETTERS)) is None
