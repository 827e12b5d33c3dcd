"""Somebody looks at the board of hall A the whole time."""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.faults.hospital import Hospital


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
    base = f"localhost:{hospital.port}"
    page = hospital.ask("GET", "/display/hall-a/").body
    stream = re.search(r'data-stream="([^"]+)"', page)
    assert stream, page
    board = Board()
    with connect(f"ws://{base}/ws/display-boards/", origin=Origin(f"http://{base}")) as socket:
        socket.send(json.dumps({"type": "subscribe", "stream": stream[1]}))
        reader = threading.Thread(target=board.read, args=(socket,))
        reader.start()
        yield board
    reader.join()
