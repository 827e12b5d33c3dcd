"""The page of all parts: there only in the demonstration, and complete."""

import re
from typing import Any

from django.conf import settings
from django.test import Client

from apps.core.templatetags.parchi import STATE_ICONS, SYMBOL_NAMES, drawings
from opd.styleguide import NAMES, colours

PARTS = settings.BASE_DIR / "templates" / "components"


def test_outside_the_demonstration_there_is_none(db: None, settings: Any) -> None:
    settings.DEMO = False
    assert Client().get("/styleguide/").status_code == 404


def test_every_state_icon_symbol_and_colour_is_shown(db: None, settings: Any) -> None:
    settings.DEMO = True
    page = Client().get("/styleguide/").content.decode()
    assert NAMES.keys() == STATE_ICONS.keys()
    for kind in STATE_ICONS:
        assert f'class="tag" data-state="{kind}"' in page
        assert f'class="state" data-state="{kind}"' in page
    drawn = set(re.findall(r"<path[^>]*>|<circle[^>]*>", page))
    for name, drawing in drawings().items():
        assert set(re.findall(r"<path[^>]*>|<circle[^>]*>", drawing)) <= drawn, name
    assert len(SYMBOL_NAMES) == 6
    assert len(colours()) > 25
    for name, value in colours():
        assert f'fill="{value}"' in page, name


def test_every_component_stands_on_it(db: None, settings: Any) -> None:
    settings.DEMO = True
    used = {template.name for template in Client().get("/styleguide/").templates}
    shown = {f"components/{path.name}" for path in PARTS.glob("*.html")}
    assert shown - used == {"components/news_bar.html", "components/stale_banner.html"}  # live pages only
