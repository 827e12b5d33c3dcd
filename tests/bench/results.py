"""Where measurements are written down: one line each in `docs/benchmarks.md`, replaced when measured again."""

import os
import statistics
from datetime import date
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
RATIOS = """# Measurements

Made by `make bench`: ratios of two things in one run, the median of three rounds. Two shared cores; seconds would
say more about the neighbours than about the code.

| what | ratio | goal | statements | measured |
|---|---|---|---|---|
"""
TIMES = """
## Over HTTP

Milliseconds at one web process (daphne) with its clients and PostgreSQL on the same two cores; nothing is asserted of
them. *CPU each* is what the web process itself spends on an answer. *Load* is what the machine did at the end of the
run, by its one-minute average: from 2 on, others were at work too, and the figure is theirs as much as ours.

| what | p50 | p95 | p99 | goal (p95) | CPU each | load | measured |
|---|---|---|---|---|---|---|---|
"""
HEADS = (RATIOS, TIMES)


def note(what: str, ratio: float, goal: float, statements: int) -> None:
    """Write a ratio down and print it."""
    _write(RATIOS, what, f"{ratio:.2f}", f"≥ {goal}", str(statements))


def note_times(what: str, seconds: list[float], cpu: float, goal: int) -> None:
    """Write down how long answers took, and print it. `goal` in milliseconds, for the 95th percentile; `cpu` in
    seconds, what the web process spent on all of them."""
    cuts = statistics.quantiles(seconds, n=100)
    shown = [f"{cuts[percent - 1] * 1000:.0f}" for percent in (50, 95, 99)]
    _write(TIMES, what, *shown, f"< {goal}", f"{cpu / len(seconds) * 1000:.1f}", f"{os.getloadavg()[0]:.1f}")


def _write(head: str, what: str, *cells: str) -> None:
    line = f"| {what} | {' | '.join([*cells, date.today().isoformat()])} |"
    page, rest = "", PAGE.read_text() if PAGE.exists() else ""
    for one in HEADS:
        rows, rest = _rows_of(one, rest)
        kept = [row for row in rows if one != head or not row.startswith(f"| {what} |")]
        page += one + "".join(f"{row}\n" for row in sorted([*kept, *([line] if one == head else [])]))
    PAGE.write_text(page)
    print(line)  # noqa: T201


def _rows_of(head: str, text: str) -> tuple[list[str], str]:
    """The rows under a heading, and what comes after them."""
    _, found, after = text.partition(head)
    if not found:
        return [], text
    lines = after.splitlines(keepends=True)
    count = next((at for at, line in enumerate(lines) if not line.startswith("| ")), len(lines))
    return [line.rstrip("\n") for line in lines[:count]], "".join(lines[count:])
