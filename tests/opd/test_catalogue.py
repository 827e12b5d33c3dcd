"""Gathering what is to be translated, keeping it in step, and finding what is missing."""

import gettext
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from opd import catalogue

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
from apps.core.errors import sentence

A = _("Room")
B = sentence("This room is taken by %(who)s.")
C = ngettext("%(n)s person waits", "%(n)s people wait", 2)
D = pgettext("a month", "May")
E = print("not for translation")
"""

TEMPLATE = """
<h1>{% translate "Waiting hall" %}</h1>
  <p title="{% translate 'Sit down' %}">it's {{ 3|add:_("Filtered") }}
 {% blocktranslate count n=people trimmed %}
   One before you
 {% plural %}
   {{ n }} before you
 {% endblocktranslate %}</p>
"""

PLACE = '<p>{% translate "Your place" %}</p>{% translate "Room" %}'


@pytest.fixture
def house(tmp_path: Path, settings: Any) -> Path:
    """A little project with sentences in it."""
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGES = [("en", "English"), ("hi", "हिन्दी"), ("ta", "தமிழ்")]
    settings.STAFF_LANGUAGES = ["en", "hi"]
    for folder in ("apps", "opd", "templates/desk", "templates/track"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "apps" / "rooms.py").write_text(PYTHON)
    (tmp_path / "templates" / "desk" / "hall.html").write_text(TEMPLATE)
    (tmp_path / "templates" / "track" / "place.html").write_text(PLACE)
    return tmp_path


@pytest.fixture
def translate(house: Path) -> Callable[[str, str], None]:
    """Writes a line into the Hindi catalogue, as a translator does."""

    def write(line: str, translated: str) -> None:
        path = catalogue.po_path("hi")
        text = path.read_text(encoding="utf-8")
        assert line in text
        path.write_text(text.replace(line, translated, 1), encoding="utf-8")

    return write


def ids() -> set[Any]:
    return {message.id for message in catalogue.gather() if message.id}


def test_sentences_are_gathered_from_python_and_templates(house):
    assert ids() == {
        "Room",
        "This room is taken by %(who)s.",
        ("%(n)s person waits", "%(n)s people wait"),
        "May",
        "Waiting hall",
        "Sit down",
        "Filtered",
        "Your place",
        ("One before you", "%(n)s before you"),
    }
    assert catalogue.gather().get("May", "a month")


def test_the_file_says_nothing_of_when_where_and_by_whom(house):
    catalogue.update("hi")
    text = catalogue.po_path("hi").read_text(encoding="utf-8")
    assert "Date" not in text
    assert "Translator" not in text
    assert "rooms.py" not in text
    catalogue.update("hi")
    assert catalogue.po_path("hi").read_text(encoding="utf-8") == text


def test_translations_are_kept_when_sentences_come_and_go(house, translate):
    catalogue.update("hi")
    translate('msgid "Room"\nmsgstr ""', 'msgid "Room"\nmsgstr "कमरा"')
    (house / "opd" / "more.py").write_text('from x import _\nNEW = _("Something new")')
    assert not catalogue.is_in_step("hi")
    catalogue.update("hi")
    text = catalogue.po_path("hi").read_text(encoding="utf-8")
    assert catalogue.is_in_step("hi")
    assert "कमरा" in text
    assert "Something new" in text
    (house / "opd" / "more.py").unlink()
    assert not catalogue.is_in_step("hi")
    catalogue.update("hi")
    assert "Something new" not in catalogue.po_path("hi").read_text(encoding="utf-8")


def test_what_is_missing_unsure_or_misspelt_is_a_gap(house, translate):
    catalogue.update("hi")
    assert len(catalogue.gaps("hi")) == len(ids())
    translate('msgid "Room"\nmsgstr ""', 'msgid "Room"\nmsgstr "कमरा"')
    assert "Room" not in {gap.text for gap in catalogue.gaps("hi")}
    translate('msgid "Sit down"\nmsgstr ""', '#, fuzzy\nmsgid "Sit down"\nmsgstr "बैठिए"')
    assert {gap.why for gap in catalogue.gaps("hi") if gap.text == "Sit down"} == {"marked as unsure"}
    taken = 'msgid "This room is taken by %(who)s."\nmsgstr "'
    translate(f'{taken}"', f'{taken}यह कमरा %(kaun)s के पास है।"')
    assert len([gap for gap in catalogue.gaps("hi") if gap.text.startswith("This room")]) == 1
    translate('msgstr[0] ""', 'msgstr[0] "आपसे पहले एक"')
    assert "One before you" in {gap.text for gap in catalogue.gaps("hi")}


def test_what_is_compiled_is_what_readers_get(house, translate):
    catalogue.update("hi")
    translate('msgid "Room"\nmsgstr ""', 'msgid "Room"\nmsgstr "कमरा"')
    translate('msgid "Sit down"\nmsgstr ""', '#, fuzzy\nmsgid "Sit down"\nmsgstr "बैठिए"')
    with catalogue.compile_catalogue("hi").open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert read.gettext("Room") == "कमरा"
    assert read.gettext("Sit down") == "Sit down"
    assert read.gettext("Waiting hall") == "Waiting hall"


def test_the_check_fails_for_gaps_and_for_a_file_out_of_step(house, translate):
    call_command("catalogue", stdout=StringIO())
    with pytest.raises(CommandError, match="9 sentences need a translator"):
        call_command("catalogue", "--check", stdout=StringIO(), stderr=StringIO())
    for path in (*house.rglob("*.py"), *house.rglob("*.html")):
        path.write_text("")
    with pytest.raises(CommandError, match="out of step"):
        call_command("catalogue", "--check", stdout=StringIO(), stderr=StringIO())
    call_command("catalogue", stdout=StringIO())
    call_command("catalogue", "--check", stdout=StringIO())
    call_command("catalogue", "--compile", stdout=StringIO())
    assert catalogue.po_path("hi").with_suffix(".mo").exists()


def test_a_language_of_patients_alone_needs_what_patients_read_and_nothing_else(house, translate):
    assert {message.id for message in catalogue.gather("ta") if message.id} == {"Your place", "Room"}
    assert len(catalogue.gather("hi")) == len(catalogue.gather())
    call_command("catalogue", stdout=StringIO())
    assert [gap.text for gap in catalogue.gaps("ta")] == ["Your place", "Room"]


def test_the_check_names_what_patients_would_read_in_english(house, translate):
    (house / "apps" / "rooms.py").write_text("")
    (house / "templates" / "desk" / "hall.html").write_text("")
    call_command("catalogue", stdout=StringIO())
    translate('msgid "Your place"\nmsgstr ""', 'msgid "Your place"\nmsgstr "आपकी जगह"')
    translate('msgid "Room"\nmsgstr ""', 'msgid "Room"\nmsgstr "कमरा"')
    told = StringIO()
    with pytest.raises(CommandError, match="ta: 2 sentences"):
        call_command("catalogue", "--check", stdout=StringIO(), stderr=told)
    assert "ta: not translated: Your place" in told.getvalue()


def test_every_file_for_patients_is_there():
    for pattern in catalogue.FOR_PATIENTS:
        assert list(settings.BASE_DIR.glob(pattern)), pattern
