"""A supervisor keeps its processes alive, ends them when asked, and leaves strangers alone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from opd.local.console import Console
from opd.local.home import PROJECT
from opd.local.ledger import Ledger
from opd.local.logfile import LIMIT, LogFile
from opd.local.processes import AskedToStop, Program, Supervisor
from opd.local.servers import House

Eventually = Callable[[Supervisor, Callable[[], bool]], None]

KILLED_RUNNER = """
import os, sys
from pathlib import Path
from opd.local.console import Console
from opd.local.processes import Program, Supervisor
home = Path(sys.argv[1])
supervisor = Supervisor(home, Console())
supervisor.start(Program("child", lambda: ["sleep", "600"], os.environ, home))
print((home / "processes.json").read_text(), flush=True)
os.kill(os.getpid(), 9)
"""


def program(home: Path, *command: str, kept_alive: bool = True, patience: float = 10.0) -> Program:
    """A process named "child" that runs a command."""
    environment = {"PATH": os.defpath}
    return Program("child", lambda: command, environment, home, patience=patience, kept_alive=kept_alive)


def pid_of(home: Path) -> int:
    """The id of the process named "child"; 0 while it has none."""
    entry = json.loads((home / "processes.json").read_text()).get("child")
    return int(entry["pid"]) if entry else 0


def test_a_killed_process_is_started_again_and_said_so(
    house: House, eventually: Eventually, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor = house.supervisor
    supervisor.start(program(house.home, "sleep", "600"))
    first = pid_of(house.home)
    os.kill(first, signal.SIGKILL)
    eventually(supervisor, lambda: supervisor.falls("child") == 1 and supervisor.running() == {"child"})
    assert pid_of(house.home) != first
    assert "[child] was ended by signal 9; starting it again in 0.2 s" in capfd.readouterr().out


def test_a_process_that_falls_at_once_is_given_longer_and_longer_pauses(house: House, eventually: Eventually) -> None:
    house.supervisor.start(program(house.home, "false"))
    began = time.monotonic()
    eventually(house.supervisor, lambda: house.supervisor.falls("child") == 4)
    assert time.monotonic() - began > 0.2 + 0.4 + 0.8


def test_a_process_run_to_its_end_gives_its_code_and_its_words(house: House) -> None:
    code = house.supervisor.run(program(house.home, "sh", "-c", "echo hello; echo world >&2; exit 3", kept_alive=False))
    assert code == 3
    assert house.supervisor.last_lines("child") == "hello\nworld"


def test_processes_run_beside_each_other_give_the_code_of_each(house: House) -> None:
    """Each waits for a sign of the other: one after the other they would not end."""
    meet = "touch $0; i=0; while [ ! -e $1 ]; do i=$((i+1)); [ $i -gt 400 ] && exit 9; sleep 0.05; done; exit $2"
    one, two = str(house.home / "one"), str(house.home / "two")
    programs = [
        replace(program(house.home, "sh", "-c", meet, one, two, "0", kept_alive=False), name="first"),
        replace(program(house.home, "sh", "-c", meet, two, one, "4", kept_alive=False), name="second"),
    ]
    assert house.supervisor.run_together(programs) == {"first": 0, "second": 4}


def test_a_process_that_does_not_end_when_asked_is_made_to(house: House, eventually: Eventually) -> None:
    stubborn = program(house.home, "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done", patience=0.3)
    house.supervisor.start(stubborn)
    eventually(house.supervisor, lambda: "ready" in house.supervisor.last_lines("child"))
    house.supervisor.stop({"child"})
    assert house.supervisor.running() == set()


def test_a_stopped_process_is_not_started_again(house: House) -> None:
    house.supervisor.start(program(house.home, "sleep", "600"))
    house.supervisor.stop({"child"})
    for _ in range(20):
        house.supervisor.watch(0.02)
    assert house.supervisor.running() == set()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel ties processes together on Linux only")
def test_when_the_supervisor_is_killed_its_processes_end_too(home: Path) -> None:
    command = [sys.executable, "-c", KILLED_RUNNER, str(home)]
    killed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert killed.returncode == -9
    _, alive = psutil.wait_procs(_processes([json.loads(killed.stdout)["child"]["pid"]]), timeout=60)
    assert not alive


def _processes(pids: list[int]) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]


def test_what_a_killed_house_left_behind_is_ended_by_the_next_one(home: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as left:
        Ledger(home / "processes.json").add("child", left.pid, signal.SIGTERM)
        Supervisor(home, Console()).end_leftovers()
        assert left.wait(timeout=60) == -signal.SIGTERM


def test_an_id_that_now_belongs_to_a_stranger_is_left_alone(home: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        path = home / "processes.json"
        Ledger(path).add("child", stranger.pid, signal.SIGKILL)
        entry = json.loads(path.read_text())["child"]
        path.write_text(json.dumps({"child": entry | {"began": entry["began"] - 60}}))
        Supervisor(home, Console()).end_leftovers()
        assert stranger.poll() is None
        stranger.kill()


def test_a_request_to_stop_reaches_whoever_is_watching(home: Path) -> None:
    supervisor = Supervisor(home, Console())
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        supervisor.listen_for_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(AskedToStop):
            supervisor.watch()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        supervisor.close()


def test_a_log_is_kept_to_a_size(home: Path) -> None:
    log = LogFile(home / "log" / "web.log")
    for _ in range(3):
        log.write(b"x" * (LIMIT - 10) + b"\nend\n")
        log.write(b"more and more\n")
    log.close()
    sizes = [path.stat().st_size for path in (home / "log").glob("web.log*")]
    assert len(sizes) == 2
    assert max(sizes) < 2 * LIMIT
