"""A mail server on this machine that does what a test wants, also what no good server does."""

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

ANSWERS = {
    "": b"220 mail.test ESMTP\r\n",
    "EHLO": b"250 mail.test\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    ".": b"250 taken\r\n",
    "RSET": b"250 ok\r\n",
    "QUIT": b"221 bye\r\n",
}
"""What a good server says to each command; "" is its greeting, "." the end of a message."""

HANGS, GONE, DRIPS = b"hangs", b"gone", b"drips"
"""Instead of an answer: nothing comes, the line is cut, or a byte comes now and then, and never the last one."""


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail; `says` holds what it answers otherwise than a good server does."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.says: dict[str, bytes] = {}
        self.mails: list[EmailMessage] = []
        self.ends = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.socket.getsockname()[1])


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        try:
            going = self._say("")
            while going and (line := self.rfile.readline()):
                word = line.split()[0].decode().upper() if line.split() else ""
                going = self._say(word) and word != "QUIT"
                if going and word == "DATA" and self._is_ready():
                    going = self._take()
        except OSError:
            return

    def _is_ready(self) -> bool:
        return self.server.says.get("DATA", b"354").startswith(b"354")

    def _take(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        parsed: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.mails.append(cast(EmailMessage, parsed))
        return self._say(".")

    def _say(self, word: str) -> bool:
        answer = self.server.says.get(word, ANSWERS.get(word, b"500 what?\r\n"))
        if answer == HANGS:
            self.server.ends.wait(10)
        while answer == DRIPS and not self.server.ends.wait(0.02):
            self.wfile.write(b"2")
        if answer in (HANGS, GONE, DRIPS):
            return False
        self.wfile.write(answer)
        return True
