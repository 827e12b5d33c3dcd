"""Template tags for what looks the same on paper, phone, board and console: slips, rooms' symbols, icons."""

import re
from functools import cache
from hashlib import sha256
from uuid import uuid4

from django import template
from django.template import Context
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core.languages import named, spoken_at

register = template.Library()
register.filter("named", named)

SYMBOL_NAMES = {
    "boat": _("Boat"),
    "mango": _("Mango"),
    "fish": _("Fish"),
    "pot": _("Pot"),
    "bell": _("Bell"),
    "drum": _("Drum"),
}
"""What people call the pictures on the rooms' doors."""

STATE_ICONS = {
    "booked": "clock",
    "waiting": "seat",
    "called": "arrow",
    "with": "steth",
    "counter": "counter",
    "held": "pause",
    "done": "check",
    "missed": "back",
}
"""The icon beside each kind of state: colour never speaks alone."""

MOST_DOTS = 6
"""People drawn on the way to the door; more than these are told as a number."""


@cache
def drawings() -> dict[str, str]:
    """Every drawing of `components/symbols.svg` by its id. The file is ours, so its markup is safe."""
    source = get_template("components/symbols.svg").template.source  # type: ignore[attr-defined]
    return dict(re.findall(r'<symbol id="([\w-]+)"[^>]*>(.*?)</symbol>', source, re.DOTALL))


def _svg(drawing: str, css: str, label: str = "") -> SafeString:
    """A drawing as inline SVG: named by its label, or hidden from readers when words stand beside it."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    path = mark_safe(drawings()[drawing])  # noqa: S308 - from our own file
    return format_html('<svg class="{}" viewBox="0 0 24 24" focusable="false" {}>{}</svg>', css, role, path)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An interface icon as inline SVG, the size of the text around it; words stand beside it."""
    return _svg(f"i-{name}", "ico line")


@register.simple_tag
def room_symbol(name: str, label: str = "") -> SafeString:
    """The picture of a room, or nothing where there is none; `label` names it where no words do."""
    return _svg(f"r-{name}", "sym", str(label)) if name else SafeString()


@register.filter
def symbol_name(name: str) -> str:
    """The word for a room's picture, in the reader's language."""
    return str(SYMBOL_NAMES.get(name, name))


@register.simple_tag
def token_tag(token: str, state: str = "") -> SafeString:
    """A token as the small notched slip; `state` is a kind of STATE_ICONS and gives its colour."""
    return format_html('<span class="tag" data-state="{}">{}</span>', state, token)


@register.simple_tag
def big_token(token: str) -> SafeString:
    """A token to be read from afar: letter and number stand a little apart. `G42` → `<i>G</i>42`."""
    letters, number = re.fullmatch(r"(\D*)(.*)", token or "").groups()  # type: ignore[union-attr]
    return format_html("<i>{}</i>{}", letters, number)


@register.inclusion_tag("components/state.html")
def state_word(kind: str, label: str) -> dict[str, str]:
    """A state as icon and word."""
    return {"kind": kind, "label": label, "icon_name": STATE_ICONS.get(kind, "clock")}


@register.inclusion_tag("components/path.html")
def path_to_door(people_ahead: int, token: str) -> dict[str, object]:
    """The way to the door, one dot for each person before the reader."""
    dots = min(people_ahead, MOST_DOTS)
    more = people_ahead - dots
    way = gettext("The door, then you")
    if people_ahead:
        way = ngettext(
            "The door, one person waiting, then you", "The door, %(people)s people waiting, then you", people_ahead
        )
    return {
        "way": way % {"people": people_ahead},
        "dots": range(dots),
        "beyond": dots,
        "more": more,
        "token": token,
        "way_far": way % {"people": "#"} if more else "",
    }


@register.filter
def minutes_seconds(seconds: int) -> str:
    """Seconds as `6:12`; the page goes on counting where scripts run."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@register.simple_tag(takes_context=True)
def languages_here(context: Context) -> list[tuple[str, str]]:
    """The languages that this page speaks, as (code, own name)."""
    return spoken_at(context["request"].path)


@register.simple_tag
def once_key() -> str:
    """A fresh idempotency key: the form it stands in can be sent twice and acts once."""
    return str(uuid4())


@register.simple_tag
def page_version(*paths: str) -> str:
    """A word that changes when one of these static files does: a screen left on then reloads itself."""
    return sha256("\n".join(static(path) for path in paths).encode()).hexdigest()[:12]
