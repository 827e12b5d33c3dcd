"""Makes `.venv` and installs the pinned packages into it: `python3.11 -I opd/local/install.py run|dev`.

Runs before anything is installed, so it uses the standard library only. uv does the work, fetched with a pinned
hash; where uv cannot reach the packages, pip installs the same lock file with the same hashes.
A stamp in `.venv` says what is installed, so that a second run is over at once; an interrupted installation is
recognised by a marker and begun anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = PROJECT / "requirements"
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
MARKER = VENV / "installing"


def main(wanted: str) -> None:
    """Bring `.venv` to the lock file `wanted` ("run" or "dev", which holds "run")."""
    if installed(wanted):
        return
    with alone():
        if not installed(wanted):
            install("dev" if STAMP.exists() and STAMP.read_text().startswith("dev ") else wanted)


def installed(wanted: str) -> bool:
    """Whether `.venv` already holds what a lock file asks for."""
    if MARKER.exists() or not PYTHON.exists() or not STAMP.exists():
        return False
    return STAMP.read_text() in {stamp(wanted), stamp("dev")}


def stamp(name: str) -> str:
    """What is written once a lock file is installed: its name and the fingerprint of its text."""
    content = b"".join((LOCKS / f"{part}.lock").read_bytes() for part in ("bootstrap", name))
    return f"{name} {hashlib.sha256(content).hexdigest()}"


@contextmanager
def alone() -> Iterator[None]:
    """Let one installation work at a time; a second one waits and then finds everything there."""
    with (LOCKS / "bootstrap.lock").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another installation is under way in this folder; waiting for it …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install(name: str) -> None:
    """Make the environment where it is missing or broken, and fill it from one lock file."""
    if MARKER.exists() or not is_sound():
        make_environment()
    MARKER.touch()
    STAMP.unlink(missing_ok=True)
    lock = LOCKS / f"{name}.lock"
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line)
    step("Fetching the installer", pip_command(LOCKS / "bootstrap.lock"))
    command = [str(PYTHON), "-m", "uv", "pip", "sync", "--require-hashes", "--python", str(PYTHON), str(lock)]
    label = f"Installing {count} packages (the first time this takes a minute or two)"
    if not attempt(label, command, uv_environment()):
        step(f"Installing {count} packages with pip instead", pip_command(lock))
    STAMP.write_text(stamp(name))
    MARKER.unlink()


def is_sound() -> bool:
    """Whether `.venv` has a Python that still works, with pip."""
    test = "import pip, sys; sys.exit(sys.version_info[:2] != (3, 11))"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", test], capture_output=True).returncode == 0


def make_environment() -> None:
    """Make `.venv`, anew where an earlier attempt was cut off or its Python has gone."""
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is None or ensurepip.origin is None:
        give_up(
            "This Python 3.11 has no ensurepip, so no virtual environment can be made. "
            "On Debian and Ubuntu: apt install python3.11-venv"
        )
    if VENV.exists():
        print("The last installation did not finish, or its Python has gone; beginning anew.", flush=True)
        shutil.rmtree(VENV)
    VENV.mkdir()
    MARKER.touch()
    step("Making .venv", [sys.executable, "-m", "venv", str(VENV)])


def pip_command(lock: Path) -> list[str]:
    """Install a lock file with pip, which reads the machine's own configuration."""
    quiet = ["--quiet", "--disable-pip-version-check"]
    return [str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock)]


def uv_environment() -> dict[str, str]:
    """Tell uv, which does not read pip's configuration, where this machine's packages come from."""
    environment = dict(os.environ)
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & environment.keys():
        listing = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True)
        for line in listing.stdout.splitlines():
            key, _, value = line.partition("=")
            if key.endswith(".index-url"):
                environment["UV_DEFAULT_INDEX"] = value.strip("'\"")
    return environment


def attempt(label: str, command: Sequence[str], environment: dict[str, str]) -> bool:
    """Run one long step, showing its own progress on a terminal and only its time elsewhere."""
    print(f"{label} …", end="\n" if sys.stdout.isatty() else " ", flush=True)
    began = time.monotonic()
    output = None if sys.stdout.isatty() else subprocess.PIPE
    done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        print("failed." if done.stdout is None else f"failed:\n{done.stdout.decode(errors='replace')}", flush=True)
        return False
    print(f"{time.monotonic() - began:.1f} s", flush=True)
    return True


def step(label: str, command: Sequence[str]) -> None:
    """Run one step that nothing stands behind."""
    if not attempt(label, command, dict(os.environ)):
        give_up("The packages could not be installed; the lines above say why. Run the same command again.")


def give_up(sentence: str) -> NoReturn:
    """End with one sentence for the person at the terminal."""
    sys.exit(sentence)


if __name__ == "__main__":
    if sys.version_info[:2] != (3, 11):
        give_up(f"OPD needs Python 3.11; this is {sys.version.split()[0]}. Name another: make run PYTHON=python3.11")
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        give_up("\nStopped; the next run begins the installation anew.")
    except PermissionError as error:
        give_up(f"{error.filename} cannot be written by this user; it was probably made by another one (root?).")
