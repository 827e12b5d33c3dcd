"""Documents made from the code."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.policy import ROLE_FIELDS, ROLE_PERMISSIONS, Fields, Permission, Role
from apps.queue.rules.states import TRANSITIONS, VERB_PERMISSIONS, State
from opd import documents
from opd.meanings import GROUPS, PERMISSIONS


def test_every_edge_is_drawn_and_listed_with_its_verb_and_permission():
    text = documents.states()
    for (origin, target), verb in TRANSITIONS.items():
        assert f"    {origin} --> {target}: {verb}" in text
        assert f"| `{origin}` | `{target}` | `{verb}` | `{VERB_PERMISSIONS[verb]}` |" in text
    assert all(f"\n| `{state}` | " in text for state in State)


def test_every_event_type_is_listed_under_its_app():
    text = documents.events()
    for name, catalogue in documents.catalogues().items():
        assert f"## {name}\n" in text
        assert all(f"| `{type_}` | {told} |" in text for type_, told in catalogue.items())
    assert {"patients", "queue", "scheduling"} <= set(documents.catalogues())


def test_every_permission_and_group_of_fields_is_said_in_words_and_crossed_for_its_roles():
    assert set(PERMISSIONS) == set(Permission)
    assert set(GROUPS) == set(Fields)
    rows = [line.split(" | ") for line in documents.permissions().splitlines() if line.startswith("| ")]
    named = [(re.search(r"\(`(.+)`\)", row[0]), row) for row in rows]
    crossed = {found[1]: [bool(cell.strip(" |")) for cell in row[1:]] for found, row in named if found}
    for permission in Permission:
        has = [permission in ROLE_PERMISSIONS[role] for role in Role]
        assert crossed.get(permission, [False] * len(Role)) == has
    for group in Fields:
        assert crossed[group] == [group in ROLE_FIELDS[role] for role in Role]


def test_a_document_that_says_something_else_is_found(tmp_path: Path, settings: Any):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match=r"states\.md, events\.md, permissions\.md"):
        call_command("docs", "--check", stdout=StringIO())
    call_command("docs", stdout=StringIO())
    call_command("docs", "--check", stdout=StringIO())
    (tmp_path / "docs" / "states.md").write_text("Anything goes.")
    with pytest.raises(CommandError, match=r"states\.md"):
        call_command("docs", "--check", stdout=StringIO())


def test_each_decision_has_a_number_of_its_own_and_says_it():
    pages = sorted((Path(documents.__file__).parent.parent / "docs" / "adr").glob("0*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    assert [int(re.match(r"# (\d+)\.", page.read_text())[1]) for page in pages] == numbers
