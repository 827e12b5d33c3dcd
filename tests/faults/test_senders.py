"""kill -9 of who sends messages, at the worst moment: the provider has taken them and not answered yet."""

import contextlib
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.notifications.models import Message
from apps.notifications.postman import SENDERS
from apps.notifications.rules import UNCERTAIN, Channel, Kind
from tests.bench.served import on_this_database
from tests.faults.hospital import until
from tests.notifications.conftest import say
from tests.proving import PROVE

pytestmark = [pytest.mark.timeout(1800), pytest.mark.django_db(transaction=True)]

KILLS = 20 if PROVE else 2
EACH = 6
"""Messages of each channel between two kills."""


class Provider(ThreadingHTTPServer):
    """Of text messages and of WhatsApp: takes everything, and while it `holds` answers nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: Counter[str] = Counter()
        self.held = 0
        self.answers = threading.Event()
        self.answers.set()


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        told: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken[told.get("reference") or told["biz_opaque_callback_data"]] += 1
        if not self.server.answers.is_set():
            self.server.held += 1
            self.server.answers.wait(60)
        with contextlib.suppress(OSError):  # whoever asked was killed
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.answers.set()
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def senders(provider: Provider) -> Iterator[subprocess.Popen[bytes]]:
    """A relay with its senders; killed at the end, whatever it does."""
    url = f"http://127.0.0.1:{provider.server_port}"
    settings = {
        "OPD_SMS_ADAPTER": "apps.notifications.channels.http_sms.deliver",
        "OPD_SMS_URL": url,
        "OPD_SMS_KEY": "key",
        "OPD_WHATSAPP_URL": url,
        "OPD_WHATSAPP_SENDER": "1",
        "OPD_WHATSAPP_KEY": "key",
        "OPD_MESSAGES_A_DAY": "1000",  # all of them go to one person
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        env=on_this_database() | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_what_the_dead_held() -> None:
    """Half a minute goes by, after which others may take up what dead senders had."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_message SET next_try_at = now() WHERE status = 'sending'")


def is_all_dealt_with() -> bool:
    """Whether nothing is to be sent any more."""
    return not Message.outgoing.filter(status__in=["waiting", "sending"]).exists()


def test_what_was_to_be_sent_is_sent_once_or_uncertain_and_never_lost(provider: Provider):
    told: dict[str, Channel] = {}
    for _ in range(KILLS):
        provider.answers.clear()
        provider.held = 0
        for channel in EACH * (Channel.SMS, Channel.WHATSAPP):
            told[str(say(timezone.now(), channel=channel, kind=Kind.DELAY))] = channel
        with senders(provider):
            until(lambda: provider.held >= SENDERS, "every sender waits for the provider")
        provider.answers.set()
        free_what_the_dead_held()
        with senders(provider):
            until(is_all_dealt_with, "all is sent or given up")
    by_text = {one for one, channel in told.items() if channel is Channel.SMS}
    status = {str(m.id): (m.status, m.error) for m in Message.outgoing.all()}
    uncertain = {one for one, about in status.items() if about == ("failed", UNCERTAIN)}
    repeated = {one for one, times in provider.taken.items() if times > 1}
    arrived = f"{len(set(provider.taken))} at the provider, {len(repeated)} of them twice under their id"
    print(f"{len(told)} messages, {KILLS} kills: {arrived}; {len(uncertain)} uncertain")  # noqa: T201
    assert set(status) == set(told)
    assert {about[0] for one, about in status.items() if one not in uncertain} == {"sent"}
    assert set(provider.taken) == set(told)
    assert repeated <= by_text  # who knows a repeat by its id sends it once
    assert uncertain.isdisjoint(by_text)
    assert len(repeated | uncertain) >= KILLS  # control: the kills came in the middle
