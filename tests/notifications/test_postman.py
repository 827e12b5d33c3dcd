"""Messages go out as soon as they are committed, with PostgreSQL alone."""

import threading
import time

import pytest
from django.utils import timezone

from apps.notifications import postman
from apps.notifications.postman import Postman
from tests.notifications.conftest import message, say


@pytest.mark.django_db(transaction=True)
def test_a_committed_message_wakes_a_sender(provider, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(postman, "SWEEP", 30.0)  # only a notice can be as fast as this test asks
    sent, stop, listening = threading.Event(), threading.Event(), threading.Event()
    provider.before = sent.set
    wait = Postman._wait

    def waiting(sender: Postman) -> None:
        listening.set()
        wait(sender)

    monkeypatch.setattr(Postman, "_wait", waiting)
    thread = threading.Thread(target=Postman().run, args=(stop,))
    thread.start()
    try:
        assert listening.wait(10)
        began = time.monotonic()
        told = say(timezone.now())
        assert sent.wait(5)
        assert time.monotonic() - began < 5
    finally:
        stop.set()
        say(timezone.now())  # one more notice ends the wait
        thread.join(20)
    assert not thread.is_alive()
    assert message(told).status == "sent"
