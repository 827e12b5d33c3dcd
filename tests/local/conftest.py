"""A house of its own for each test: a home with a space in its name, and nothing left running afterwards."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opd.local.console import Console
from opd.local.home import make_folder
from opd.local.keys import load_secrets
from opd.local.processes import Supervisor
from opd.local.servers import House, close_house


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that PostgreSQL's user can reach when root runs the tests."""
    parent = Path(tempfile.mkdtemp(prefix="opd-house-"))
    parent.chmod(0o711)
    folder = parent / "a house"
    make_folder(folder)
    yield folder
    shutil.rmtree(parent)


@pytest.fixture
def house(home: Path) -> Iterator[House]:
    """The house in that home; what a test starts in it is stopped at the end."""
    found = _house(home)
    yield found
    close_house(found)


@pytest.fixture
def next_house(house: House) -> Iterator[House]:
    """The house that comes after one that was killed: the same home, nothing else in common."""
    found = _house(house.home)
    yield found
    close_house(found)


def _house(home: Path) -> House:
    console = Console()
    return House(home, {"PATH": "/usr/local/bin:/usr/bin:/bin"}, load_secrets(home), Supervisor(home, console), console)


@pytest.fixture
def eventually() -> Callable[[Supervisor, Callable[[], bool]], None]:
    """Let a supervisor work until something holds, for at most 20 seconds."""

    def wait(supervisor: Supervisor, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < until, "it did not happen within 20 seconds"
            supervisor.watch(0.02)

    return wait
