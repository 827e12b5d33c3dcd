"""What the hospital's places and people are called in each language."""

from types import SimpleNamespace

from django.utils.translation import override

from apps.core.languages import NamesField, named, named_in

LABORATORY = SimpleNamespace(name="Laboratory", names={"hi": "प्रयोगशाला"})


def test_a_name_is_the_reader_s_and_else_the_one_that_holds_for_all():
    with override("hi"):
        assert named(LABORATORY) == "प्रयोगशाला"
    with override("ta"):
        assert named(LABORATORY) == "Laboratory"
    assert named(LABORATORY, "hi") == "प्रयोगशाला"
    with override(None):
        assert named(LABORATORY) == "Laboratory"


def test_side_by_side_stands_the_first_language_and_those_with_a_name_of_their_own():
    assert named_in(LABORATORY.name, LABORATORY.names, ("en", "hi", "ta")) == {"en": "Laboratory", "hi": "प्रयोगशाला"}
    assert named_in(LABORATORY.name, {}, ("ta", "en")) == {"ta": "Laboratory"}


def test_the_admin_has_a_line_for_each_language_and_keeps_those_that_are_filled():
    field = NamesField().formfield()
    assert field.clean(["", " प्रयोगशाला ", ""]) == {"hi": "प्रयोगशाला"}
    assert field.clean([]) == field.clean(["", "", ""]) == {}
    shown = field.widget.render("names", {"ta": "ஆய்வகம்"}, {"id": "id_names"})
    assert 'name="names_en"' in shown
    assert 'lang="ta"' in shown
    assert 'value="ஆய்வகம்"' in shown
