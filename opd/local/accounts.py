"""Whom PostgreSQL runs as when root starts the house, since it refuses root, and what that user can reach."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opd.local.home import Trouble


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    def can_run(self, command: Sequence[str | Path]) -> bool:
        """Whether this user can run a command to its end, tried and not guessed from permission bits."""
        try:
            tried = subprocess.run(
                command,
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                timeout=20,
            )
        except OSError:
            return False
        return tried.returncode == 0

    def can_reach(self, folder: Path) -> bool:
        """Whether this user can enter a folder."""
        return self.can_run(["/bin/sh", "-c", 'cd "$1"', "sh", folder])


def server_account() -> Account | None:
    """Nobody special for an ordinary user; for root the user `postgres` where there is one, else `nobody`."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise Trouble("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as.")


def owner_of(folder: Path) -> Account:
    """The user a folder belongs to."""
    return _account(pwd.getpwuid(folder.stat().st_uid))


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
