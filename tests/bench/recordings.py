"""A folder of files whose disk stops answering: the one storage that the web processes read from while they serve.

What patients bring or take home lies in PostgreSQL, or is made when it is asked for; nothing of it is a file. Boards
fetch the clips of their voice from the folder of static files.
"""

import http.client
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

CLIP = Path("voice", "en", "token.webm")
BYTES = b"a clip"

BOARDS = 8
"""Screens that fetch a clip again and again, as when their day begins."""

GAVE_UP = 90.0
"""Seconds after which a screen stops waiting; longer than any turn."""


class Recordings:
    """A folder with one clip; while it `hangs`, whoever opens that waits."""

    def __init__(self, folder: Path) -> None:
        self._clip = folder / CLIP
        self._clip.parent.mkdir(parents=True)
        self._clip.write_bytes(BYTES)
        self._hung = threading.Event()
        self.answered = 0
        """Times that a screen got the clip."""
        self.unanswered = 0
        """Times that a screen asked while it hung."""

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """A pipe that nobody writes to lies in the clip's place: opening it takes until the end of this."""
        aside = self._clip.with_suffix(".aside")
        os.replace(self._clip, aside)
        os.mkfifo(self._clip)
        self._hung.set()
        try:
            yield
        finally:
            self._hung.clear()
            pipe = self._clip.with_suffix(".pipe")
            os.replace(self._clip, pipe)
            os.replace(aside, self._clip)
            with suppress(OSError):  # nobody waits
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            pipe.unlink()

    @contextmanager
    def fetched(self, port: int) -> Iterator[None]:
        """Boards fetch the clip, all at once and again and again, until the end of this."""
        stop = threading.Event()
        boards = [threading.Thread(target=self._board, args=(port, stop)) for _ in range(BOARDS)]
        for board in boards:
            board.start()
        with ExitStack() as stack:
            for board in boards:
                stack.callback(board.join)
            stack.callback(stop.set)
            yield

    def _board(self, port: int, stop: threading.Event) -> None:
        while not stop.wait(0.25):
            self.unanswered += self._hung.is_set()
            with suppress(OSError, http.client.HTTPException), closing(_wire(port)) as wire:
                wire.request("GET", f"/static/{CLIP}")
                self.answered += wire.getresponse().read() == BYTES


def _wire(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=GAVE_UP)
