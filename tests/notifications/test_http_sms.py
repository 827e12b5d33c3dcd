"""The gateway adapter against a real server on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import httpx
import pytest

from apps.notifications.channels import DeliveryFailed, deliver, http_sms
from apps.notifications.rules import Channel, Outgoing

TOLD = Outgoing(UUID(int=5), Channel.SMS, "+919876543210", "Your code is 123456")


class Gateway(HTTPServer):
    """Answers as `answer` says and keeps what it was asked."""

    answer: tuple[int, bytes] = (200, b'{"id": "g-1"}')
    slow: threading.Event | None = None
    drips: threading.Event | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[dict[str, str], Any]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hung up is not waited for."""


class Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((dict(self.headers), json.loads(body)))
        self.do_GET()

    def do_GET(self) -> None:
        if self.server.slow:
            self.server.slow.wait(10)
            return
        if self.server.drips:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.server.drips.wait(0.02):
                self.wfile.write(b"x")
            return
        status, text = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.SMS_URL, settings.SMS_KEY = f"http://127.0.0.1:{server.server_port}/send", "secret-key"
    settings.SMS_SENDER = "ASHADH"
    settings.CHANNEL_ADAPTERS = {"sms": "apps.notifications.channels.http_sms.deliver"}
    yield server
    for event in (server.slow, server.drips):
        if event:
            event.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_gateway_gets_the_text_and_an_id_to_know_a_repeat_by(gateway):
    assert deliver(TOLD) == "g-1"
    ((headers, body),) = gateway.asked
    assert headers["Authorization"] == "Bearer secret-key"
    assert headers["Idempotency-Key"] == str(TOLD.id)
    assert body == {
        "to": TOLD.recipient,
        "text": TOLD.text,
        "sender": "ASHADH",
        "reference": str(TOLD.id),
        "template": "",
    }


@pytest.mark.parametrize("text", [b"OK", b"[1]", b""])
def test_an_answer_without_a_reference_is_fine(gateway, text):
    gateway.answer = (200, text)
    assert deliver(TOLD) == ""


@pytest.mark.parametrize(("status", "final"), [(400, True), (401, True), (429, False), (500, False), (503, False)])
def test_a_refusal_says_whether_a_repeat_is_worth_it(gateway, status, final):
    gateway.answer = (status, b"")
    with pytest.raises(DeliveryFailed) as failed:
        deliver(TOLD)
    assert (failed.value.code, failed.value.final) == (f"http_{status}", final)


def test_a_gateway_that_hangs_is_not_waited_for(gateway, monkeypatch):
    gateway.slow = threading.Event()
    monkeypatch.setattr(http_sms, "TIMEOUT", httpx.Timeout(0.2))
    with pytest.raises(DeliveryFailed, match="timeout"):
        deliver(TOLD)


def test_a_gateway_that_answers_a_byte_at_a_time_is_not_listened_to_for_ever(gateway, monkeypatch):
    gateway.drips = threading.Event()
    monkeypatch.setattr(http_sms, "DEADLINE", 0.3)
    with pytest.raises(DeliveryFailed, match="timeout"):
        deliver(TOLD)


def test_a_gateway_that_is_not_there(settings):
    settings.SMS_URL, settings.SMS_KEY, settings.SMS_SENDER = "http://127.0.0.1:1/", "k", ""
    with pytest.raises(DeliveryFailed, match="unreachable"):
        http_sms.deliver(TOLD)
