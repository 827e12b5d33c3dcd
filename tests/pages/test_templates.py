"""Templates and scripts keep to the content policy, and to what is there."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template

from apps.core.templatetags.parchi import STATE_ICONS, SYMBOL_NAMES
from apps.queue.queries.shown import STATE_KINDS
from apps.scheduling.rules import Symbol

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
DRAWINGS = (ROOT / "templates" / "components" / "symbols.svg").read_text()


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_carries_a_style_or_a_script(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_static_file_that_is_named_exists(path: Path) -> None:
    named = re.findall(r'{% (?:static|page_version) ((?:"[^"]+" ?)+)%}', path.read_text())
    files = [file for names in named for file in re.findall(r'"([^"]+)"', names)]
    assert [file for file in files if finders.find(file) is None] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_icon_that_is_named_is_drawn(path: Path) -> None:
    named = re.findall(r'{% icon "([\w-]+)" %}|icon_name="([\w-]+)"', path.read_text())
    assert [icon for pair in named for icon in pair if icon and f'id="i-{icon}"' not in DRAWINGS] == []


def test_every_room_has_a_picture_and_a_name() -> None:
    assert set(SYMBOL_NAMES) == {str(symbol) for symbol in Symbol}
    assert set(re.findall(r'id="r-(\w+)"', DRAWINGS)) == set(SYMBOL_NAMES)


def test_every_kind_of_state_has_an_icon() -> None:
    assert set(STATE_KINDS.values()) <= set(STATE_ICONS)
    assert [icon for icon in STATE_ICONS.values() if f'id="i-{icon}"' not in DRAWINGS] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_scripts_neither_evaluate_text_nor_import_by_name(path: Path) -> None:
    """Files are served under hashed names, so modules meet in the page, not by `import`."""
    source = path.read_text()
    assert not re.search(
        r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write|^import |\bimport\(", source, re.M
    )


def test_the_letter_and_the_number_of_a_big_token_stand_apart() -> None:
    assert render("{% big_token token %}", token="G42") == "<i>G</i>42"
    assert render("{% big_token token %}", token="") == "<i></i>"


def test_what_people_typed_is_escaped_in_a_token_tag() -> None:
    assert "<b>" not in render("{% token_tag token state %}", token="<b>", state='"><b>')


def test_a_room_without_a_picture_draws_none() -> None:
    assert render("{% room_symbol symbol %}", symbol="") == ""
    assert 'aria-label="Boat"' in render("{% room_symbol symbol 'Boat' %}", symbol="boat")


def test_the_way_to_the_door_draws_six_people_and_counts_the_rest() -> None:
    drawn = render("{% path_to_door people token %}", people=9, token="G46")
    assert drawn.count("<hr>") == 7
    assert '<b data-beyond="6">+3</b>' in drawn
    assert 'aria-label="The door, 9 people waiting, then you"' in drawn
    assert 'data-way="The door, # people waiting, then you"' in drawn
    alone = render("{% path_to_door people token %}", people=0, token="G46")
    assert 'aria-label="The door, then you"' in alone


def test_of_each_way_that_is_closed_the_desk_hears() -> None:
    drawn = render('{% include "desk/_notices.html" %}', resting=["email", "sms"])
    assert drawn.count("<li") == 2
    assert "Text messages do not go out" in drawn
    assert "The mail server does not answer" in drawn


def test_seconds_are_told_as_minutes() -> None:
    assert render("{{ seconds|minutes_seconds }}", seconds=372) == "6:12"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_dates_are_written_so_that_nobody_takes_the_day_for_the_month(path: Path) -> None:
    assert not re.search(r"\b(SHORT_)?DATE(TIME)?_FORMAT\b", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_page_that_names_keys_hears_them(path: Path) -> None:
    """Pages that extend another one than the base have its script."""
    source = path.read_text()
    names_keys = source.startswith('{% extends "base.html" %}') and "aria-keyshortcuts=" in source
    assert not names_keys or "js/keys.js" in source


def test_every_form_has_a_key_of_its_own() -> None:
    first, second = render("{% once_key %} {% once_key %}").split()
    assert first != second
