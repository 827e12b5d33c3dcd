"""The folder that a running checkout keeps everything in (`OPD_HOME`, default `.opd`), and who is using it."""

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

PROJECT = Path(__file__).resolve().parents[2]


class Trouble(Exception):
    """Ends the command; its text is what the person at the terminal needs to know."""


def home_folder(environment: Mapping[str, str]) -> Path:
    """The home that the environment names, relative to the checkout."""
    return (PROJECT / (environment.get("OPD_HOME") or ".opd")).resolve()


def make_folder(folder: Path) -> None:
    """Make the home; as root others may pass through it, because PostgreSQL runs as somebody else."""
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (folder / "log").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Trouble(f"The folder {folder} cannot be used: {error.strerror}.") from error


def write_atomically(path: Path, text: str) -> None:
    """Write a private file so that a kill at any moment leaves the old text or the new one."""
    draft = path.with_name(f"{path.name}.draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_json(path: Path) -> dict[str, object]:
    """What a small state file says; nothing where it is missing or was cut off."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Tenancy:
    """One command's hold on a home, released by the kernel however the command ends."""

    GRACE = 2.0
    """Seconds to wait for a holder that is perhaps just being killed."""
    PATIENCE = 30.0
    """Seconds to wait for a holder that says it is stopping."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """Hold the home for one command, or say who has it."""
        try:
            file = self._path.open("a")
        except PermissionError as error:
            sentence = f"{self._path.parent} belongs to another user; run as that user or set OPD_HOME."
            raise Trouble(sentence) from error
        with file:
            self._acquire(file.fileno())
            self._write(command)
            yield

    def announce_stopping(self) -> None:
        """Tell a command that comes meanwhile to wait for this one."""
        self._write("stopping")

    def is_held(self) -> bool:
        """Whether a command is running in the home."""
        try:
            with self._path.open("a") as file:
                return not _lock(file.fileno())
        except OSError:
            return False

    def _write(self, command: str) -> None:
        note = self._path.with_name("holder.json")
        write_atomically(note, json.dumps({"pid": os.getpid(), "command": command}))

    def _acquire(self, descriptor: int) -> None:
        began = time.monotonic()
        while not _lock(descriptor):
            holder = read_json(self._path.with_name("holder.json"))
            limit = self.PATIENCE if holder.get("command") == "stopping" else self.GRACE
            if time.monotonic() - began > limit:
                raise Trouble(
                    f"OPD already runs in {self._path.parent} (process {holder.get('pid')}). "
                    "Stop that one first, or give this one a home and a port of its own: "
                    "make run OPD_HOME=.opd-2 PORT=8001"
                )
            time.sleep(0.1)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remembered_ports(folder: Path) -> dict[str, int]:
    """The loopback ports that this home's servers use."""
    return {name: port for name, port in read_json(folder / "ports.json").items() if isinstance(port, int)}


def choose_port(folder: Path, name: str) -> int:
    """The port a server of this home had the last time, or a free one, which is remembered.

    Ports below the range from which the kernel takes outgoing connections, so that none of those sits on it.
    """
    ports = remembered_ports(folder)
    if name in ports and port_is_free("127.0.0.1", ports[name]):
        return ports[name]
    candidates = SystemRandom().sample(range(20_000, 32_000), 200)
    port = next(port for port in candidates if port not in ports.values() and port_is_free("127.0.0.1", port))
    write_atomically(folder / "ports.json", json.dumps(ports | {name: port}))
    return port


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises `OSError` for any reason but its being taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
