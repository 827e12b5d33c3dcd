"""Somebody looks at the board of hall A the whole time, or comes back to it each time it is lost."""

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.faults.hospital import PATIENCE, Hospital, until


class Board:
    """What came over a socket like the board page's, by kind of frame."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.is_open = True

    def read(self, socket: ClientConnection) -> None:
        """Look until the socket is closed."""
        with suppress(ConnectionClosed):
            for frame in socket:
                self.heard[json.loads(frame)["type"]] += 1
        self.is_open = False


@contextmanager
def watched_board(hospital: Hospital) -> Iterator[Board]:
    """The board of hall A, with somebody in front of it."""
    board = Board()
    with open_board(hospital) as socket:
        socket.send(json.dumps({"type": "subscribe", "stream": stream_of_hall(hospital)}))
        reader = threading.Thread(target=board.read, args=(socket,))
        reader.start()
        yield board
    reader.join()


def stream_of_hall(hospital: Hospital) -> str:
    """What the board of hall A follows."""
    page = hospital.ask("GET", "/display/hall-a/").body
    stream = re.search(r'data-stream="([^"]+)"', page)
    assert stream, page
    return stream[1]


def open_board(hospital: Hospital) -> ClientConnection:
    """A socket like the board page's, through the door."""
    base = f"localhost:{hospital.port}"
    return connect(f"ws://{base}/ws/display-boards/", origin=Origin(f"http://{base}"), open_timeout=PATIENCE)


class Screen:
    """A page that comes back by itself with what it has, as `live.js` does: soon, and not all in the same moment."""

    def __init__(self, hospital: Hospital, stream: str) -> None:
        self.hospital, self.stream = hospital, stream
        self.sequence = 0
        self.came = 0
        """How often it was told that it is there."""
        self._over = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def _live(self) -> None:
        while not self._over.wait(random.uniform(0.15, 0.85)):
            with suppress(OSError, WebSocketException), open_board(self.hospital) as self._socket:
                has = {"lastReceivedEventId": f"{self.stream}:{self.sequence}"} if self.sequence else {}
                self._socket.send(json.dumps({"type": "subscribe", "stream": self.stream} | has))
                for text in self._socket:
                    self._hear(json.loads(text))

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "queue-joined":
            self.came += 1
        if frame["type"] in ("resync", "queue-update"):
            shown = frame["data"] if frame["type"] == "resync" else frame
            assert shown["sequence"] >= self.sequence
            self.sequence = shown["sequence"]

    def close(self) -> None:
        """Switch it off."""
        self._over.set()
        if self._socket:
            self._socket.close()
        self._thread.join()


@contextmanager
def screens_of_hall(hospital: Hospital, count: int) -> Iterator[list[Screen]]:
    """So many screens in front of hall A, all of them showing it."""
    stream = stream_of_hall(hospital)
    with ExitStack() as stack:
        screens = [Screen(hospital, stream) for _ in range(count)]
        for screen in screens:
            stack.callback(screen.close)
        until(lambda: all(screen.sequence for screen in screens), "every screen shows the hall")
        yield screens
