"""Where measurements are written down: one line each in `docs/benchmarks.md`, replaced when measured again."""

import os
import statistics
import time
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

Milliseconds at what `make run` serves with, clients and PostgreSQL on the same two cores; nothing is asserted of
them. *CPU each* is what nginx, the workers and the sockets' process spend on an answer. *Load* is what the machine did
at the end of the run, by its one-minute average: from 2 on, others were at work too, and the figure is theirs as much
as ours. *Loop* is what a million additions in a plain loop took right after, so that machines and hours compare.

| what | p50 | p95 | p99 | goal (p95) | CPU each | loop | load | measured |
|---|---|---|---|---|---|---|---|---|
"""
ETA = """
## Expected times

On recorded clinics of which the limit is known (`tests/bench/eta`). *Error* is the mean absolute error over that of an
oracle that knows every parameter of the clinic but not its dice: 1.00 is the limit. *Within 5* and the oracle's: shares
of turns within five minutes of the likely time. *P80*, *P10-P90*: how often these held; *farthest*: of the three places
where somebody can be when they are told (booking, away, here), the one whose P10-P90 is farthest from 80 %.

| what | error | within 5 | oracle's | P80 | P10-P90 | farthest | measured |
|---|---|---|---|---|---|---|---|
"""
COSTS = """
## CPU

Milliseconds of one core; *loop* as above.

| what | p50 | p99 | goal (p50) | loop | load | measured |
|---|---|---|---|---|---|---|
"""
VIEWERS = """
## Viewers

`make bench ARGS=tests/bench/viewers`: all sides in one run, in turn, each with a crowd of its own; client, servers
and PostgreSQL on the same two cores. *p95*: milliseconds from a change's request to the moment when the last viewer
of its queue has read it; *request*: until it was answered, when it is committed; *after*: from there to that last
viewer (both p95 too). The others are told by a POST what to say and have no database; ours is a doctor's *call
again*, a command with lock, audit and outbox, over HTTP through nginx and a worker, or without the request (*from the
command*). *Each*: microseconds of CPU of the sockets' process for a message. *KiB*: its memory for a socket, to be
read where the crowd was the first (*one queue*): a later one finds memory that was used before. *Connections*: how
many a second, each with its own link. The crowd comes to the sockets' process itself: through nginx ten thousand
would need 20,000 open files. With a load far above 2 these figures tell how the machine was shared, not what any side
can do; *loop* as above.

| what | p95 | request | after | delivered | each | KiB | connections | loop | load | measured |
|---|---|---|---|---|---|---|---|---|---|---|
"""
CROWD = """
## Two thousand people in one department

Milliseconds of a page or a command in one process, PostgreSQL included, with two thousand waiting for eight doctors,
and the statements it sends.

| what | p50 | p95 | goal (p50) | statements | loop | load | measured |
|---|---|---|---|---|---|---|---|
"""
HEADS = (RATIOS, TIMES, ETA, COSTS, VIEWERS, CROWD)


def note(what: str, ratio: float, goal: float, statements: int) -> None:
    """Write a ratio down and print it."""
    _write(RATIOS, what, f"{ratio:.2f}", f"≥ {goal}", str(statements))


def note_at_most(what: str, ratio: float, goal: float) -> None:
    """Write down a ratio that should be small, and print it."""
    _write(RATIOS, what, f"{ratio:.2f}", f"≤ {goal}", "-")


def note_times(what: str, seconds: list[float], cpu: float, goal: int) -> None:
    """Write down how long answers took, and print it. `goal` in milliseconds, for the 95th percentile; `cpu` in
    seconds, what the web process spent on all of them."""
    cuts = statistics.quantiles(seconds, n=100)
    shown = [f"{cuts[percent - 1] * 1000:.0f}" for percent in (50, 95, 99)]
    _write(TIMES, what, *shown, f"< {goal}", f"{cpu / len(seconds) * 1000:.1f}", *_machine())


def note_eta(clinic: str, found: dict[str, float]) -> None:
    """Write down how well turns were predicted in a clinic."""
    shares = (f"{100 * found[name]:.1f} %" for name in ("within5", "oracle5", "p80", "p10_90", "farthest"))
    _write(ETA, clinic, f"{found['ratio']:.3f}", *shares)


def note_crowd(what: str, seconds: list[float], statements: int, goal: int) -> None:
    """Write down what a page or a command takes in a full hall; `goal` in milliseconds, for the median."""
    cuts = statistics.quantiles(seconds, n=100)
    shown = [f"{cuts[percent - 1] * 1000:.0f}" for percent in (50, 95)]
    _write(CROWD, what, *shown, f"< {goal}", str(statements), *_machine())


def note_cost(what: str, spent: list[float], goal: float) -> None:
    """Write down the milliseconds of CPU that something took, each of many times."""
    cuts = statistics.quantiles(spent, n=100)
    _write(COSTS, what, f"{cuts[49]:.2f}", f"{cuts[98]:.2f}", f"< {goal}", *_machine())


def note_viewers(
    what: str, p95: tuple[float, float, float], delivered: float, each: float, kib: float, rate: float
) -> None:
    """Write down how a change reached a crowd; `p95` in milliseconds: all of it, its request, what came after."""
    shown = (*(f"{part:.0f}" for part in p95), f"{100 * delivered:.1f} %", f"{each:.1f}", f"{kib:.1f}", f"{rate:.0f}/s")
    _write(VIEWERS, what, *shown, *_machine())


def _machine() -> tuple[str, str]:
    """How fast the machine is now, by the milliseconds of a plain loop, and what it did in the last minute."""
    load = os.getloadavg()[0]
    began = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number
    return f"{1000 * (time.process_time() - began):.0f}", f"{load:.1f}"


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
