"""Starts, watches, restarts and ends the processes of a house: one thread, and nothing outlives it."""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from opd.local.accounts import Account
from opd.local.console import Console
from opd.local.ledger import Ledger
from opd.local.logfile import LogFile, last_lines

STEADY = 30.0
"""Seconds a process must live for its next fall to count as a first one."""
_PR_SET_PDEATHSIG = 1


class AskedToStop(Exception):
    """Somebody wants the house to stop: Ctrl-C, a signal, or the end of the command that started it."""


@dataclass(frozen=True, eq=False)
class Program:
    """A process and how to start and end it."""

    name: str
    command: Callable[[], Sequence[str]]
    """Called before each start; may first clear away what the last one left."""
    environment: Mapping[str, str]
    folder: Path
    account: Account | None = None
    """Whom it runs as, where that is not who started the house."""
    end_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the house's own process dies."""
    patience: float = 10.0
    """Seconds between asking it to end and making it."""
    kept_alive: bool = True
    speaks: bool = True
    """Whether its troubles are shown on the terminal and not only in its log."""
    sockets: tuple[int, ...] = ()
    """File descriptors of sockets that the house keeps open over its falls, handed to it under their own numbers."""


@dataclass(eq=False)
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    log: LogFile
    began: float = field(default_factory=time.monotonic)
    unfinished: bytes = b""


class Supervisor:
    """The processes of one house. Everything happens in `watch`, which the caller calls again and again."""

    def __init__(self, home: Path, console: Console) -> None:
        self._logs = home / "log"
        self._console = console
        self._ledger = Ledger(home / "processes.json")
        self._selector = selectors.DefaultSelector()
        self._running: dict[str, _Running] = {}
        self._due: dict[str, tuple[Program, float]] = {}
        self._falls: dict[str, int] = {}
        self._codes: dict[str, int] = {}
        self.deaths = 0
        """How often any process ended by itself."""
        self._requests = 0
        self._stopping = False
        self._parent = os.getppid()

    def listen_for_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and the end of the terminal stop the house in order."""
        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wanted, self._on_signal)

    def end_leftovers(self) -> None:
        """End what an earlier house in this home left behind because it was killed."""
        self._ledger.end_all()

    def start(self, program: Program) -> None:
        """Start a process; its output goes to its log."""
        log = LogFile(self._logs / f"{program.name}.log")
        process = _spawn(program)
        assert process.stdout is not None
        self._running[program.name] = running = _Running(program, process, process.stdout, log)
        self._ledger.add(program.name, process.pid, program.end_signal)
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, running)

    def run(self, program: Program) -> int:
        """Run a process to its end, watching the others meanwhile; returns its exit code."""
        return self.run_together([program])[program.name]

    def run_together(self, programs: Sequence[Program]) -> dict[str, int]:
        """Run processes beside each other to their ends; returns the exit code of each, by name."""
        for program in programs:
            self.start(program)
        names = {program.name for program in programs}
        while names & set(self._running):
            self.watch()
        return {name: self._codes[name] for name in names}

    def falls(self, name: str) -> int:
        """How often a process has ended by itself lately."""
        return self._falls.get(name, 0)

    def running(self) -> set[str]:
        """The names of the processes that are alive at this moment."""
        return set(self._running)

    def last_lines(self, name: str, count: int = 15) -> str:
        """The end of a process's log."""
        return last_lines(self._logs / f"{name}.log", count)

    def watch(self, seconds: float = 0.2) -> None:
        """One round: pass output on, notice what ended, restart what is due. Raises `AskedToStop`."""
        orphaned = "MAKELEVEL" in os.environ and os.getppid() != self._parent
        if (self._requests or orphaned) and not self._stopping:
            raise AskedToStop
        for key, _ in self._selector.select(seconds):
            self._read(key.data)
        for running in list(self._running.values()):
            if running.process.poll() is not None:
                self._bury(running)
        for name, (program, due) in list(self._due.items()):
            if time.monotonic() >= due and not self._stopping:
                del self._due[name]
                self.start(program)

    def stop(self, names: set[str]) -> None:
        """Ask processes to end together, and make those that do not. Nothing is restarted from here on.

        Once somebody has asked twice for the house to stop, they are made to at once.
        """
        self._stopping = True
        ending = [running for name, running in self._running.items() if name in names]
        for running in ending:
            running.process.send_signal(running.program.end_signal)
        began = time.monotonic()
        while alive := [running for running in ending if running.program.name in self._running]:
            for running in alive:
                if self._requests > 1 or time.monotonic() - began > running.program.patience:
                    running.process.kill()
            self.watch(0.05)

    def close(self) -> None:
        """Done; everything has been stopped."""
        self._selector.close()

    def _on_signal(self, number: int, frame: object) -> None:
        self._requests += 1

    def _read(self, running: _Running) -> None:
        try:
            chunk = os.read(running.output.fileno(), 65_536)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(running.output)
            return
        running.log.write(chunk)
        *lines, running.unfinished = (running.unfinished + chunk).split(b"\n")
        running.unfinished = running.unfinished[-10_000:]
        if running.program.speaks:
            for line in lines:
                self._console.pass_on(running.program.name, line.decode(errors="replace"))

    def _bury(self, running: _Running) -> None:
        program, code = running.program, running.process.returncode
        if running.output in self._selector.get_map():
            self._read(running)
        if running.output in self._selector.get_map():
            self._selector.unregister(running.output)
        running.output.close()
        running.log.close()
        del self._running[program.name]
        self._ledger.remove(program.name)
        self._codes[program.name] = code
        if program.kept_alive and not self._stopping:
            self._restart_soon(program, code, steady=time.monotonic() - running.began > STEADY)

    def _restart_soon(self, program: Program, code: int, *, steady: bool) -> None:
        self.deaths += 1
        falls = self._falls[program.name] = 1 if steady else self.falls(program.name) + 1
        pause = min(0.1 * 2**falls, 10.0)
        self._due[program.name] = (program, time.monotonic() + pause)
        self._console.say(f"[{program.name}] {_ending(code)}; starting it again in {pause:.1f} s")


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    """A process in a session of its own, so that the terminal's Ctrl-C reaches the house alone."""
    account = program.account
    return subprocess.Popen(
        program.command(),
        env=dict(program.environment),
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=program.sockets,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=leash(program.orphan_signal),
    )


def leash(orphan_signal: int) -> Callable[[], None] | None:
    """What a new process does before its program begins: ask the kernel to signal it when its parent dies.

    Linux only; elsewhere the ledger lets the next start end what was left behind.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(orphan_signal))
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), signal.SIGKILL)

    return tie
