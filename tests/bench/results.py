"""Where measurements are written down: one line each in `docs/benchmarks.md`, replaced when measured again."""

from datetime import date
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
HEAD = """# Measurements

Made by `make bench`: ratios of two things in one run, the median of three rounds. Two shared cores; seconds would
say more about the neighbours than about the code.

| what | ratio | goal | statements | measured |
|---|---|---|---|---|
"""


def note(what: str, ratio: float, goal: float, statements: int) -> None:
    """Write a measurement down and print it."""
    rows = PAGE.read_text().removeprefix(HEAD).splitlines() if PAGE.exists() else []
    kept = [row for row in rows if not row.startswith(f"| {what} |")]
    line = f"| {what} | {ratio:.2f} | ≥ {goal} | {statements} | {date.today().isoformat()} |"
    PAGE.write_text(HEAD + "\n".join(sorted([*kept, line])) + "\n")
    print(line)  # noqa: T201
