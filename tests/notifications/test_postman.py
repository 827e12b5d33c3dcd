"""Messages go out as soon as they are committed, with PostgreSQL alone."""

import threading

import pytest
from django.utils import timezone

from apps.notifications import postman
from apps.notifications.postman import Postman
from tests.notifications.conftest import message, say


@pytest.mark.django_db(transaction=True)
def test_a_committed_message_wakes_a_sender(provider, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(postman, "SWEEP", 3_600.0)  # nothing but a notice wakes it
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
        assert listening.wait(60)
        told = say(timezone.now())
        assert sent.wait(60)
    finally:
        stop.set()
        say(timezone.now())  # one more notice ends the wait
        thread.join(60)
    assert not thread.is_alive()
    assert message(told).status == "sent"
