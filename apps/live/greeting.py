"""The server's own protocol for sockets, except that its answer to a handshake goes out with the first frame.

Each write wakes the other side's machine, and ten thousand that come at once are each told two things: that they are
let in, and by what name. Needs no Django, since servers are set up before it.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class _Kept:
    """Stands for the transport while the answer is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


class GreetingProtocol(WebSocketsSansIOProtocol):
    """Keeps the answer to the handshake until something else is sent in the same step, or the step is over."""

    unsaid = b""
    """What must go out before anything else."""

    async def send(self, message: Any) -> None:
        """Take an ASGI message."""
        if message["type"] != "websocket.accept" or self.handshake_complete or self.transport.is_closing():
            self.say()
            return await super().send(message)
        transport, self.transport = self.transport, (kept := _Kept())  # type: ignore[assignment]
        try:
            await super().send(message)  # a new connection waits for nothing: nobody else sees the other transport
        finally:
            self.transport = transport
        self.unsaid = kept.written
        self.loop.call_soon(self.say)  # a greeting that has to be looked up keeps nobody waiting
        return None

    def shutdown(self) -> None:
        """The server ends."""
        self.say()
        super().shutdown()

    def say(self) -> None:
        """Send what was kept."""
        if self.unsaid and not self.transport.is_closing():
            unsaid, self.unsaid = self.unsaid, b""
            self.transport.write(unsaid)
