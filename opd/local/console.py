"""What a running house says on the terminal: steps with their time, addresses, and what went wrong. Little else."""

import json
import re
import select
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_PLAIN_TROUBLE = re.compile(r"\b(ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback|^\w+(\.\w+)*(Error|Exception)\b")


class Console:
    """The terminal. It never holds the house up: a reader that does not read loses lines."""

    def __init__(self) -> None:
        self._line_is_open = False
        self._passed_on: dict[str, deque[float]] = {}

    def say(self, text: str = "") -> None:
        """One line, or several."""
        self._end_line()
        self._write(f"{text}\n")

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """Show that something longer is going on, and then how long it took."""
        began = time.monotonic()
        self._write(f"{label} … ")
        self._line_is_open = True
        try:
            yield
        except BaseException:
            self._end_line()
            raise
        took = f"{time.monotonic() - began:.1f} s\n"
        self._write(took if self._line_is_open else f"{label}: {took}")
        self._line_is_open = False

    def pass_on(self, name: str, line: str) -> None:
        """Show a process's line if it tells of trouble, at most five of one process in ten seconds."""
        if not (trouble := trouble_in(line)):
            return
        recent = self._passed_on.setdefault(name, deque(maxlen=5))
        now = time.monotonic()
        if len(recent) < 5 or now - recent[0] > 10:
            recent.append(now)
            self.say(f"[{name}] {trouble[:200]}")

    def _end_line(self) -> None:
        if self._line_is_open:
            self._write("\n")
        self._line_is_open = False

    def _write(self, text: str) -> None:
        try:
            if select.select([], [sys.stdout], [], 0)[1]:
                sys.stdout.write(text)
                sys.stdout.flush()
        except (OSError, ValueError):
            return  # the terminal has gone; the logs have everything


def trouble_in(line: str) -> str:
    """The part of a log line worth a person's attention at once; empty for ordinary lines.

    A refused request is the visitor's affair, so Django's warnings about requests stay in the log.
    """
    if not line.startswith("{"):
        return line.strip() if _PLAIN_TROUBLE.search(line) else ""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    severe = entry.get("level") in {"error", "critical"}
    warned = entry.get("level") == "warning" and not str(entry.get("logger", "")).startswith("django.")
    first_line, *_ = str(entry.get("event", "")).splitlines() or [""]
    return f"{entry['level']}: {first_line}" if severe or warned else ""
