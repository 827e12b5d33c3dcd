"""Documents made from the code."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.queue.rules.states import TRANSITIONS, VERB_PERMISSIONS, State
from opd import documents


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


def test_a_document_that_says_something_else_is_found(tmp_path: Path, settings: Any):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match=r"states\.md, events\.md"):
        call_command("docs", "--check", stdout=StringIO())
    call_command("docs", stdout=StringIO())
    call_command("docs", "--check", stdout=StringIO())
    (tmp_path / "docs" / "states.md").write_text("Anything goes.")
    with pytest.raises(CommandError, match=r"states\.md"):
        call_command("docs", "--check", stdout=StringIO())
