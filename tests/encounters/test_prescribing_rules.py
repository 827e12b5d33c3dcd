"""What a doctor is warned of."""

import pytest

from apps.core.errors import Invalid
from apps.encounters.rules.prescribing import Item, checked_items, told_by_name, unanswered, warnings

AMOXICILLIN = Item("Amoxicillin 500 mg capsule", "1-1-1", 5, ingredients=("amoxicillin",))
DOLO = Item("Paracetamol 650 mg tablet", "1-0-1", 3, ingredients=("paracetamol",))
COMBI = Item("Ibuprofen + Paracetamol tablet", "1-0-1", 3, ingredients=("ibuprofen", "paracetamol"))
WARFARIN = Item("Warfarin 5 mg tablet", "0-0-1", 30, ingredients=("warfarin",))
BLEEDING = {frozenset({"warfarin", "ibuprofen"}): "Bleeding"}


def kinds(items: list[Item], allergies: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(warned.kind, warned.about) for warned in warnings(items, allergies, BLEEDING)]


def test_an_allergy_speaks_against_its_substance_and_its_group():
    assert kinds([AMOXICILLIN], ("Penicillin",)) == [("allergy", "Penicillin")]
    assert kinds([COMBI], ("NSAIDs (rash)",)) == [("allergy", "NSAIDs (rash)")]
    assert kinds([DOLO], ("Paracetamol syrup",)) == [("allergy", "Paracetamol syrup")]
    assert kinds([DOLO], ("Penicillin", "Peanut")) == []


def test_the_same_ingredient_twice_and_what_does_not_go_together():
    assert kinds([DOLO, COMBI]) == [("duplicate", "paracetamol")]
    assert kinds([COMBI, WARFARIN]) == [("interaction", "Bleeding")]
    assert kinds([WARFARIN, COMBI]) == [("interaction", "Bleeding")]


def test_what_is_typed_by_hand_is_known_by_the_whole_words_of_its_name():
    known = {"paracetamol", "iron"}
    assert told_by_name("AMOXICILLIN clav 625 (Paracetamol)", known) == ("amoxicillin", "paracetamol")
    assert told_by_name("Mefenamic acid forte", known) == ("mefenamic acid",)
    assert told_by_name("Environ drops", known) == ()
    typed = Item("Amoxicillin-clav 625", "1-0-1", 5, ingredients=told_by_name("Amoxicillin-clav 625", known))
    assert kinds([typed], ("Penicillin",)) == [("allergy", "Penicillin")]
    assert kinds([typed, AMOXICILLIN]) == [("duplicate", "amoxicillin")]
    assert kinds([Item("Augmentin (amoxicillin)", "1", 5, ingredients=("amoxicillin",))], ("Augmentin",)) == [
        ("allergy", "Augmentin")
    ]


def test_a_warning_is_answered_once_and_a_new_one_is_not():
    first = warnings([DOLO, COMBI], (), BLEEDING)
    again = warnings([DOLO, COMBI, WARFARIN], (), BLEEDING)
    assert [one.kind for one in unanswered(again, [one.key for one in first])] == ["interaction"]


@pytest.mark.parametrize("item", [Item(" ", "1", 1), Item("X", " ", 1), Item("X", "1", 0), Item("X", "1", 366)])
def test_a_line_that_nobody_could_follow_is_refused(item: Item):
    with pytest.raises(Invalid):
        checked_items([item])


def test_a_line_reads_as_it_is_signed():
    assert Item("ORS powder", "as needed", 1, instructions="sips").line == "ORS powder, as needed, 1 day, sips"
