"""What import-linter cannot see: the four doors of an app, and foreign keys, which name their table as a string."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOORS = {"commands", "queries", "events", "rules"}
"""The modules through which an app is entered by others."""

OPEN_TO_ALL = {"apps.core"}
"""The mechanism that every app stands on."""

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""(module, what it imports) → why it may, although it is no door."""

UPWARD_KEYS = {("core", "accounts"): "a scoped row belongs to a facility, and the mechanism for that is core's"}
"""(app, app it points up at) → why."""

RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField"}


def order() -> list[str]:
    """The apps from top to bottom, as import-linter's contract lists them; apps side by side one after the other."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    names = [part.strip(" ()") for layer in contracts[0]["layers"] for part in layer.split("|")]
    return [name.removeprefix("apps.") for name in names if name.startswith("apps.")]


def present() -> list[str]:
    """The apps that exist."""
    return sorted(path.parent.name for path in PROJECT.glob("apps/*/__init__.py"))


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of a package by its dotted name, parsed."""
    for path in sorted((PROJECT / package).rglob("*.py")):
        parts = path.relative_to(PROJECT).with_suffix("").parts
        yield ".".join(parts), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Every dotted name a module imports, at its top, inside functions and for types only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(package: str) -> Iterator[tuple[str, str, str]]:
    """(module, app, module within that app) for every import of an app from outside it."""
    for module, tree in modules(package):
        for name in imported(tree):
            root, _, rest = name.partition(".")
            app, _, inner = rest.partition(".")
            if root == "apps" and app and not module.startswith(f"apps.{app}."):
                yield module, app, inner.split(".")[0]


def keys() -> Iterator[tuple[str, str, int, ast.expr]]:
    """(app, file, line, target) of every foreign key in an app."""
    for path in sorted(PROJECT.glob("apps/*/models*/**/*.py")) + sorted(PROJECT.glob("apps/*/models.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RELATIONS:
                named = [keyword.value for keyword in node.keywords if keyword.arg == "to"]
                file = str(path.relative_to(PROJECT))
                yield path.relative_to(PROJECT / "apps").parts[0], file, node.lineno, (node.args or named)[0]


def test_every_app_has_its_place_in_the_order_and_its_layers_are_checked() -> None:
    assert set(present()) <= set(order())
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {f"apps.{app}" for app in present()} == set(contracts[1]["containers"])


def test_an_app_is_entered_through_its_four_doors() -> None:
    trespassers = [
        f"{module} imports apps.{app}.{inner}"
        for module, app, inner in foreign("apps")
        if inner not in DOORS and f"apps.{app}" not in OPEN_TO_ALL
        if (module, f"apps.{app}.{inner}") not in EXCEPTIONS
    ]
    assert trespassers == []


def test_the_project_wires_edges_together_but_reaches_for_no_apps_tables() -> None:
    trespassers = [
        f"{module} imports apps.{app}.models"
        for module, app, inner in foreign("opd")
        if inner == "models" and f"apps.{app}" not in OPEN_TO_ALL
        if (module, f"apps.{app}.models") not in EXCEPTIONS
    ]
    assert trespassers == []


def test_every_exception_is_still_needed() -> None:
    used = {(module, f"apps.{app}.{inner}") for package in ("apps", "opd") for module, app, inner in foreign(package)}
    assert set(EXCEPTIONS) <= used


@pytest.mark.parametrize(
    ("app", "file", "line", "target"), [pytest.param(*key, id=f"{key[1]}:{key[2]}") for key in keys()]
)
def test_a_foreign_key_names_its_table_as_a_string_and_points_down(
    app: str, file: str, line: int, target: ast.expr
) -> None:
    if isinstance(target, ast.Name):
        return  # a table of the same module: another app's could not have been imported
    if isinstance(target, ast.Attribute):
        assert ast.unparse(target) == "settings.AUTH_USER_MODEL"
        label = "accounts.Staff"
    else:
        assert isinstance(target, ast.Constant)
        label = str(target.value)
    pointed_at = label.split(".")[0] if "." in label else app
    if pointed_at == app or pointed_at not in order() or (app, pointed_at) in UPWARD_KEYS:
        return
    assert order().index(app) < order().index(pointed_at), f"{file}:{line} points up, at {label}"
