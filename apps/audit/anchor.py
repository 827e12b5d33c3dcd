"""The anchor: the chain's last known position and hash, in a file that no database user can reach.

A chain that was cut or made anew no longer agrees with it. After a database was knowingly set back to an earlier
time, the file must be removed by hand; the sealer then writes it anew.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from apps.audit.rules import Anchor


def read() -> Anchor | None:
    """The anchor, or None where none was written yet. Raises `ValueError` for a file that is none."""
    try:
        text = _path().read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    found = json.loads(text)
    return Anchor(int(found["position"]), str(found["hash"]))


def write(anchor: Anchor) -> None:
    """Replace the anchor so that a kill or a power failure leaves the old one or the new one."""
    path = _path()
    draft = path.with_name(f"{path.name}.draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        json.dump({"position": anchor.position, "hash": anchor.hash}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def held() -> Iterator[None]:
    """Keep other sealers of this machine away, so that the anchor only ever moves forward."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _path() -> Path:
    return Path(settings.AUDIT_ANCHOR)
