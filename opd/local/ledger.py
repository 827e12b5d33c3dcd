"""Which processes a home has started, written down so that the next start recognises those a kill left behind."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from opd.local.home import read_json, write_atomically


class Ledger:
    """Process ids with the moment each process began: an id that now belongs to another process is left alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, name: str, pid: int, end_signal: int) -> None:
        """Write a process down, with the signal that ends it in order."""
        try:
            began = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._save(self._entries() | {name: {"pid": pid, "began": began, "signal": int(end_signal)}})

    def remove(self, name: str) -> None:
        """Strike out a process that has ended."""
        entries = self._entries()
        if entries.pop(name, None) is not None:
            self._save(entries)

    def end_all(self) -> None:
        """End every process in the ledger that still is the one written down."""
        found = [(process, end_signal) for entry in self._entries().values() for process, end_signal in _left(entry)]
        for process, end_signal in found:
            send(process, end_signal)
        end_processes([process for process, _ in found])
        self._save({})

    def _entries(self) -> dict[str, object]:
        return read_json(self._path)

    def _save(self, entries: dict[str, object]) -> None:
        write_atomically(self._path, json.dumps(entries))


def end_processes(processes: list[psutil.Process], patience: float = 5.0) -> None:
    """Give processes that were asked to end some seconds for it, and then make them."""
    _wait(processes, patience)
    for process in processes:
        if _is_alive(process):
            send(process, signal.SIGKILL)
    _wait(processes, patience)


def _wait(processes: list[psutil.Process], patience: float) -> None:
    until = time.monotonic() + patience
    while any(map(_is_alive, processes)) and time.monotonic() < until:
        time.sleep(0.05)


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process still works; one that nobody has buried yet (a container without an init) does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def send(process: psutil.Process, number: int) -> None:
    """Signal a process that may just have ended."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _left(entry: object) -> Iterator[tuple[psutil.Process, int]]:
    """The process an entry tells of, unless it has ended. Setting the clock moves its beginning a little."""
    if isinstance(entry, dict):
        with suppress(psutil.Error, KeyError, TypeError, ValueError):
            process = psutil.Process(int(entry["pid"]))
            if abs(process.create_time() - float(entry["began"])) < 1:
                yield process, int(entry["signal"])
