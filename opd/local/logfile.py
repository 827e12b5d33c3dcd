"""A process's log, kept to a size."""

from pathlib import Path

LIMIT = 5_000_000
"""Bytes after which a log is set aside as `.log.1` (the one before that goes) and begun anew."""


class LogFile:
    """Bytes appended as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("ab", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Append; a full disk loses lines of the log and nothing else."""
        try:
            if self._file.tell() > LIMIT:
                self._file.close()
                self._path.replace(self._path.with_suffix(".log.1"))
                self._file = self._path.open("ab", buffering=0)
            self._file.write(chunk)
        except OSError:
            return

    def close(self) -> None:
        """Done with it."""
        self._file.close()


def last_lines(path: Path, count: int) -> str:
    """The end of a log as text."""
    content = path.read_bytes()[-20_000:] if path.exists() else b""
    return "\n".join(content.decode(errors="replace").splitlines()[-count:])
