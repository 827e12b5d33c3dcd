"""Documents that are made from the code, so that they cannot say anything else than it does."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings

from apps.accounts.queries import ROLE_NAMES
from apps.accounts.rules.credentials import ACTOR_TYPES, GRANTED, KIOSK_GRANTED, ScreenUse
from apps.core.policy import (
    ROLE_FIELDS,
    ROLE_PERMISSIONS,
    TYPE_PERMISSIONS,
    ActorType,
    Fields,
    Permission,
    Role,
)
from apps.queue.rules.states import TERMINAL, TRANSITIONS, VERB_PERMISSIONS, State, drawing, verbs_from
from opd.meanings import GROUPS, PERMISSIONS

_MADE = "<!-- Made by `manage.py docs` from {source}. Change that, not this. -->"


def documents() -> dict[Path, str]:
    """Every generated document: where it stands, and its text."""
    folder = settings.BASE_DIR / "docs"
    return {
        folder / "states.md": states(),
        folder / "events.md": events(),
        folder / "permissions.md": permissions(),
    }


def states() -> str:
    """The visit's state machine: a drawing, every edge with who may take it, and what each state allows."""
    edges = [
        (f"`{origin}`", f"`{target}`", f"`{verb}`", f"`{VERB_PERMISSIONS[verb]}`")
        for (origin, target), verb in TRANSITIONS.items()
    ]
    allowed = [
        (f"`{state}`", "nothing: final" if state in TERMINAL else ", ".join(f"`{verb}`" for verb in verbs_from(state)))
        for state in State
    ]
    return (
        "\n\n".join(
            [
                "# The states of a visit",
                _MADE.format(source="`apps/queue/rules/states.py`"),
                f"{len(State)} states, {len(TRANSITIONS)} edges. Whatever is not listed is refused with 409 and what is"
                " allowed instead. A visit begins in `SCANNED`, `WAITING` or `URGENT`.",
                f"```mermaid\n{drawing()}\n```",
                "## Edges",
                _table(("From", "To", "Verb", "Permission"), edges),
                "## What can be done",
                _table(("State", "Verbs"), allowed),
            ]
        )
        + "\n"
    )


def events() -> str:
    """Every type of event, by the app that tells it."""
    parts = [
        "# Events",
        _MADE.format(source="the `CATALOGUE` in each app's `events.py`"),
        "Written in the transaction that made them, numbered by their stream without gaps, delivered at least once and"
        " in order. They carry ids and states, never persons.",
    ]
    for name, catalogue in catalogues().items():
        rows = [(f"`{type_}`", told) for type_, told in catalogue.items()]
        parts += [f"## {name}", _table(("Type", "What it tells"), rows)]
    return "\n\n".join(parts) + "\n"


def permissions() -> str:
    """Who may do what and sees what: the policy's tables in words."""
    roles = [str(ROLE_NAMES[role]) for role in Role]
    may = [
        (f"{PERMISSIONS[permission]} (`{permission}`)", *(_cross(permission in ROLE_PERMISSIONS[r]) for r in Role))
        for permission in Permission
        if any(permission in allowed for allowed in ROLE_PERMISSIONS.values())
    ]
    sees = [
        (f"{GROUPS[group]} (`{group}`)", *(_cross(group in ROLE_FIELDS[role]) for role in Role)) for group in Fields
    ]
    others = [
        (f"`{kind}`", "; ".join(PERMISSIONS[permission] for permission in Permission if permission in given))
        for kind, given in _others()
    ]
    return (
        "\n\n".join(
            [
                "# Who may do what",
                _MADE.format(source="`apps/core/policy.py` and `opd/meanings.py`"),
                "Whatever is not crossed is refused, and the refusal is on record. Everything holds within the own"
                " hospital only; what belongs to a department, only for who works there.",
                "## What each role may do",
                _table(("", *roles), may),
                "## What each role sees of a patient",
                "What a role does not see is not shown empty: it is not there, on no page and in no answer."
                " Administrators look after accounts and see no clinical record. Whoever opens a record in an emergency"
                " sees all past visits for half an hour.",
                _table(("", *roles), sees),
                "## Who is not staff",
                "By what they show: a patient's login or a device's way back to a visit, a link, a screen; and the"
                " house itself. None of them sees anything by the table above, only what is made for them alone.",
                _table(("Shows", "May"), others),
            ]
        )
        + "\n"
    )


def _others() -> Iterable[tuple[str, frozenset[Permission]]]:
    """By what somebody who is not staff shows, all that they may do."""
    for kind, type_ in ACTOR_TYPES.items():
        if type_ is not ActorType.STAFF:
            yield kind, TYPE_PERMISSIONS[type_] | GRANTED.get(kind, frozenset())
    yield ScreenUse.KIOSK, KIOSK_GRANTED
    yield ActorType.SYSTEM, TYPE_PERMISSIONS[ActorType.SYSTEM]


def _cross(is_so: bool) -> str:
    return "✓" if is_so else ""


def catalogues() -> dict[str, dict[str, str]]:
    """What each app tells others, by the app's name. Every `events` module of an app must say so."""
    found = {}
    for config in apps.get_app_configs():
        module = f"{config.name}.events"
        if config.name.startswith("apps.") and config.label != "core" and find_spec(module):
            found[config.label] = import_module(module).CATALOGUE
    return dict(sorted(found.items()))


def out_of_step() -> list[Path]:
    """The documents whose files say something else than the code."""
    return [path for path, text in documents().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
