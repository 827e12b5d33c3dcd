"""The bare floor: nothing but uvloop, frames made once, and the same bytes written to every socket."""

import asyncio
import base64
import gc
import hashlib
import resource
import sys
from collections import defaultdict

import uvloop

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
rooms: dict[str, set["Viewer"]] = defaultdict(set)


def framed(text: bytes) -> bytes:
    """One frame of a server."""
    length = len(text)
    return (bytes([0x81, length]) if length < 126 else b"\x81\x7e" + length.to_bytes(2)) + text


class Viewer(asyncio.Protocol):
    """A websocket that sends one short text, the name of its room; or a POST of `room` newline text for all in it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.room = ""
        self.upgraded = False
        self.request = b""

    def data_received(self, data: bytes) -> None:
        if self.upgraded:
            return self.join(data)
        self.request += data
        head, found, body = self.request.partition(b"\r\n\r\n")
        if not found:
            return None
        fields = {
            name.lower(): value.strip() for name, _, value in (f.partition(b":") for f in head.split(b"\r\n")[1:])
        }
        if b"sec-websocket-key" in fields:
            self.upgraded = True
            accept = base64.b64encode(hashlib.sha1(fields[b"sec-websocket-key"] + MAGIC).digest())
            answer = b"HTTP/1.1 101 .\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            self.transport.write(answer + accept + b"\r\n\r\n" + framed(b"connected"))
        elif len(body) >= int(fields.get(b"content-length", b"0")):
            self.request = b""
            room, _, text = body.partition(b"\n")
            frame = framed(text)
            for viewer in rooms[room.decode()]:
                viewer.transport.write(frame)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return None

    def join(self, data: bytes) -> None:
        length = data[1] & 127
        if data[0] & 15 == 1 and not self.room:  # the crowd's masks are zero
            self.room = data[6 : 6 + length].decode()
            rooms[self.room].add(self)
            self.transport.write(framed(b"joined"))

    def connection_lost(self, error: Exception | None) -> None:
        rooms[self.room].discard(self)


async def serve(port: int) -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Viewer, "127.0.0.1", port, backlog=1024)
    gc.freeze()
    gc.set_threshold(100_000)
    await server.serve_forever()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(serve(int(sys.argv[1])))
