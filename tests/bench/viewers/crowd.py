"""A crowd of viewers in one process that takes little CPU: epoll, no library, every distinct piece of bytes read once.

Told what to do by lines of JSON on its input, and answers each with one:

- `{"do": "open", "port", "host", "path", "origin", "greetings": [[wait for, then say], …], "last", "each": […]}` opens
  a socket for each of `each`, which stands for `%s` in what is said; `{"seconds", "failed"}` when all heard `last`.
- `{"do": "tally"}` what was heard since: `{"stream:sequence": [by how many, when the last of them read it]}`, the
  moment by the machine's monotonic clock.
- `{"do": "say", "text"}` says the same on every socket.
"""

import base64
import json
import os
import re
import resource
import select
import socket
import struct
import sys
import time
from typing import Any

AT_ONCE = 128
"""Sockets that are being opened at the same moment."""

OPENED_WITHIN = 120.0
KEPT = 20_000
"""Distinct pieces of bytes whose meaning is kept."""

TOLD = re.compile(rb'"stream":"([^"]+)","sequence":(\d+)')
TEXT, PING, PONG = 0x81, 0x89, 0x8A


def masked(kind: int, text: bytes) -> bytes:
    """One frame of a client. The mask is all zero, which leaves the text as it is."""
    length = len(text)
    head = struct.pack("!BB", kind, 0x80 | length) if length < 126 else struct.pack("!BBH", kind, 0x80 | 126, length)
    return head + bytes(4) + text


def frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole frames in what a server sent, and what is left over."""
    found, at = [], 0
    while len(data) - at >= 2:
        length, start = data[at + 1], at + 2
        if length == 126:
            length, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
        elif length == 127:
            length, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
        if len(data) < start + length or start > len(data):
            break
        found.append((data[at], data[start : start + length]))
        at = start + length
    return found, data[at:]


class Opening:
    """A socket until it has joined."""

    def __init__(self, wire: socket.socket, word: str, how: dict[str, Any]) -> None:
        self.wire = wire
        self.word = word
        self.steps = [(wait.encode(), say) for wait, say in how["greetings"]]
        self.last = how["last"].encode()
        self.heard = b""
        self.upgraded = False

    def take(self, data: bytes) -> bool:
        """Go on with what came; whether the socket has joined."""
        self.heard += data
        if not self.upgraded:
            head, found, rest = self.heard.partition(b"\r\n\r\n")
            if not found:
                return False
            if not head.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(head[:80].decode("latin-1"))
            self.upgraded, self.heard = True, rest
        while self.steps and self.steps[0][0] in self.heard:
            say = self.steps.pop(0)[1]
            self.wire.sendall(masked(TEXT, say.replace("%s", self.word).encode()))
        return not self.steps and self.last in self.heard


class Crowd:
    """All sockets of this process."""

    def __init__(self) -> None:
        self.poll = select.epoll()
        self.opening: dict[int, Opening] = {}
        self.open: dict[int, socket.socket] = {}
        self.partial: dict[int, bytes] = {}
        self.known: dict[bytes, tuple[str, ...]] = {}
        self.counts: dict[str, int] = {}
        self.last: dict[str, float] = {}
        self.lost = 0
        self.poll.register(sys.stdin.fileno(), select.EPOLLIN)

    def work(self) -> None:
        """Read until the other side of our input is gone."""
        while True:
            for number, _ in self.poll.poll():
                if number != sys.stdin.fileno():
                    self.read(number)
                elif line := sys.stdin.readline():
                    answer = self.obey(json.loads(line))
                    print(json.dumps(answer), flush=True)  # noqa: T201
                else:
                    return

    def obey(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["do"] == "open":
            return self.open_all(asked)
        if asked["do"] == "say":
            said = masked(TEXT, asked["text"].encode())
            for wire in self.open.values():
                wire.send(said)
            return {}
        heard = {key: [count, self.last[key]] for key, count in self.counts.items()}
        self.counts.clear()
        return {"heard": heard, "open": len(self.open), "lost": self.lost}

    # --- opening ---------------------------------------------------------------------------------------------------

    def open_all(self, how: dict[str, Any]) -> dict[str, Any]:
        words, failed = list(reversed(how["each"])), []
        began = time.monotonic()
        while words or self.opening:
            while words and len(self.opening) < AT_ONCE:
                self.begin(words.pop(), len(words), how)
            for number, happened in self.poll.poll(1):
                if number in self.opening:
                    try:
                        self.go_on(number, happened, how)
                    except OSError as error:
                        self.poll.unregister(number)
                        self.opening.pop(number).wire.close()
                        failed.append(str(error))
                elif number in self.open:
                    self.read(number)
            if time.monotonic() - began > OPENED_WITHIN:
                failed += [f"not open in time: {one.heard[:80]!r}" for one in self.opening.values()] + words
                break
        return {"seconds": time.monotonic() - began, "failed": len(failed), "why": sorted(set(failed))[:3]}

    def begin(self, word: str, number: int, how: dict[str, Any]) -> None:
        wire = socket.socket()
        wire.setblocking(False)
        # many addresses, as viewers have: one alone would run out of ports, and closing leaves none in use
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.bind((f"127.0.{1 + number // 1000}.{1 + number % 200}", 0))
        wire.connect_ex(("127.0.0.1", how["port"]))
        self.opening[wire.fileno()] = Opening(wire, word, how)
        self.poll.register(wire.fileno(), select.EPOLLOUT)

    def go_on(self, number: int, happened: int, how: dict[str, Any]) -> None:
        one = self.opening[number]
        if happened & select.EPOLLOUT:
            if error := one.wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, os.strerror(error))
            key = base64.b64encode(os.urandom(16)).decode()
            one.wire.sendall(
                f"GET {how['path']} HTTP/1.1\r\nHost: {how['host']}\r\nOrigin: {how['origin']}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            self.poll.modify(number, select.EPOLLIN)
            return
        data = one.wire.recv(65536)
        if not data:
            raise ConnectionError(f"closed: {one.heard[-200:]!r}")
        if one.take(data):
            self.open[number] = self.opening.pop(number).wire

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self, number: int) -> None:
        try:
            data = self.open[number].recv(262_144)
        except OSError:
            data = b""
        now = time.monotonic()
        if not data:
            self.poll.unregister(number)
            self.open.pop(number).close()
            self.lost += 1
            return
        if number in self.partial:
            data = self.partial.pop(number) + data
        told = self.known.get(data)
        if told is None:
            told = self.understand(number, data)
        counts, last = self.counts, self.last
        for key in told:
            counts[key] = counts.get(key, 0) + 1
            last[key] = now

    def understand(self, number: int, data: bytes) -> tuple[str, ...]:
        """The changes that some bytes tell of. Signs of life are answered."""
        told, answered = [], False
        found, rest = frames(data)
        for kind, text in found:
            if kind == PING or text == b"2":  # the second: socket.io's own
                self.open[number].send(masked(PONG, text) if kind == PING else masked(TEXT, b"3"))
                answered = True
            elif b'"queue-update"' in text and (change := TOLD.search(text)):  # not what shows the whole again
                told.append(f"{change[1].decode()}:{change[2].decode()}")
        if rest:
            self.partial[number] = rest
        elif not answered:
            if len(self.known) >= KEPT:
                self.known.clear()
            self.known[data] = tuple(told)
        return tuple(told)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Crowd().work()
