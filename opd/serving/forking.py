"""A process that has everything loaded and serves nothing: it forks the one that serves, and another when that falls.

A new Python takes seconds to load Django, on a machine at work; a fork takes none (ADR 53).
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

PATIENCE = 8.0
"""Seconds between asking the serving process to end and making it; less than whoever started us has for us."""

SHORTEST_LIFE = 1.0
"""Seconds. Who falls sooner is replaced only then: whatever ends it may end the next one too."""


class Forking:
    """Keeps one serving process alive until it is told to end."""

    def __init__(self, serve: Callable[[], int], buried: Callable[[int], None]) -> None:
        """`serve` is run in each new process, which ends with its exit code; `buried` gets the id of each that has
        ended."""
        self._serve = serve
        self._buried = buried
        self._child = 0
        self._ending = False

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT, or in a new process for one lifetime; the exit code."""
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, self._end)
        signal.signal(signal.SIGALRM, self._make_end)
        while not self._is_over():
            began = time.monotonic()
            self._child = os.fork()
            if not self._child:
                return self._serve_as_child()
            if self._is_over():  # since before the fork
                self._ask_to_end()
            code = os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])
            gone, self._child = self._child, 0
            self._buried(gone)
            if not self._is_over():
                print(f"the serving process ended ({code}); another one takes over", flush=True)  # noqa: T201
                time.sleep(max(0.0, began + SHORTEST_LIFE - time.monotonic()))
        return 0

    def _serve_as_child(self) -> int:
        for own in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(own, signal.SIG_DFL)
        return 0 if self._is_over() else self._serve()

    def _is_over(self) -> bool:
        return self._ending

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending = True
        self._ask_to_end()

    def _ask_to_end(self) -> None:
        if self._child:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(self._child, signal.SIGTERM)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def _make_end(self, number: int, frame: FrameType | None) -> None:
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
