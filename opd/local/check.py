"""`make check`: everything that can be judged without running the product, two things at a time."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from opd.local.home import PROJECT
from opd.production import APPLICATION_KEYS

LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
CHECKS: dict[str, tuple[str, ...]] = {
    "types (mypy)": ("-m", "mypy"),
    "imports (import-linter)": ("-c", LINT_IMPORTS),
    "format (ruff)": ("-m", "ruff", "format", "--check", "."),
    "lint (ruff)": ("-m", "ruff", "check", "."),
    "templates (djlint)": ("-m", "djlint", "templates", "--lint", "--quiet"),
    "settings and models (Django)": ("manage.py", "check", "--fail-level", "WARNING"),
    "migrations in step": ("-W", "ignore::RuntimeWarning", "manage.py", "makemigrations", "--check", "--dry-run"),
    "API described (OpenAPI)": ("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull),
    "documents in step": ("manage.py", "docs", "--check"),
    "translations in step": ("manage.py", "catalogue", "--check"),
}
"""What runs, the longest first; each is a way to call Python."""


class Verdict(NamedTuple):
    """How one check went."""

    name: str
    passed: bool
    seconds: float
    output: str


def check(given: Mapping[str, str]) -> int:
    """Run every check, show a line for each, then what the failed ones said; returns the exit code."""
    environment = {**given, **_unused_settings()}
    with ThreadPoolExecutor(max_workers=2) as pool:
        pending = [pool.submit(_judge, name, command, environment) for name, command in CHECKS.items()]
        verdicts = [future.result() for future in pending]
    failed = [verdict for verdict in verdicts if not verdict.passed]
    for verdict in failed:
        print(f"\n── {verdict.name} ──\n{verdict.output.strip()}", flush=True)
    if failed:
        print(f"\n{len(failed)} of {len(verdicts)} checks failed: {', '.join(v.name for v in failed)}.")
    return 1 if failed else 0


def _judge(name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> Verdict:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    verdict = Verdict(name, done.returncode == 0, time.monotonic() - began, done.stdout)
    print(f"{'ok    ' if verdict.passed else 'FAILED'}  {name:<30} {verdict.seconds:5.1f} s", flush=True)
    return verdict


def _unused_settings() -> dict[str, str]:
    """Settings under which the project loads without a database: nothing listens at port 1."""
    return {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "DATABASE_OWNER_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **{name: os.urandom(32).hex() for name in APPLICATION_KEYS},
    }
